// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import type { Effect, GenerationEnd, ToolCall } from '../turn/effects.js';
import type { CallPhase } from '../turn/state.js';
import type { Rooms } from './rooms.js';
import { watched, type Ended, type ToolWatcher } from './tool_watch.js';

/** What may be called now. */
export interface CallRules {
  toolChoice: llm.ToolChoice | null;
  /** The server may call it, though nobody here can answer now. */
  isHidden?: boolean;
}

/** Why this call must not run; LiveKit would drop it in silence, and the server wait for ever. */
export function refusal({ name }: { name: string }, rules: CallRules): string | undefined {
  if (rules.toolChoice === 'none') {
    return 'Tools are not available for this reply. Answer in speech, without calling one.';
  }
  if (rules.isHidden) {
    return `The function ${name} is not available for this reply. Answer in speech, without it.`;
  }
  return undefined;
}

/** A choice that the wire has no word for, in words; undefined where there is nothing to say. */
function directive(choice: llm.ToolChoice | null, names: readonly string[]): string | undefined {
  if (choice === 'required' && names.length > 0) {
    return `Before you say anything, call one of these functions: ${names.join(', ')}.`;
  }
  if (typeof choice !== 'object' || choice === null) return undefined;
  const { name } = choice.function;
  return names.includes(name) ? `Before you say anything, call the function ${name}.` : undefined;
}

/** So many refusals in a row are answered in plain words; more would be a loop. */
const MOST_REFUSALS = 3;

const OVERDUE: Record<CallPhase, string> = {
  waiting:
    'Not run: the conversation went on before the function began. Call it again if it is needed.',
  running: 'Not finished in time. It goes on; its result follows when there is one. Say so.',
  returned: 'Not finished in time.',
  aborted: 'Interrupted before it was finished. Its outcome is not known.',
};

/** Carries calls to LiveKit and sees to it that each one is answered, whatever LiveKit does. */
export class ToolCalls implements ToolWatcher {
  readonly #rooms: Rooms;
  // Made when there is a call: empty maps of all sessions add up.
  #aborts: Map<string, AbortController> | undefined;
  #ended: Map<string, Ended> | undefined;
  #choice: llm.ToolChoice | null = null;
  #refusals = 0;
  /** Refused calls that get no answer before tools are allowed again. */
  #parked: ToolCall[] = [];
  /** Replies that were told to call a function, and have not, by reply, then by generation. */
  #urged: Map<string, llm.ToolChoice> | undefined;
  #watched: { of: llm.ToolContext; tools: llm.ToolContext } | undefined;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** The tools as LiveKit shall run them. */
  get tools(): llm.ToolContext {
    const of = this.#rooms.sync.news.tools;
    if (this.#watched?.of !== of) this.#watched = { of, tools: watched(of, this) };
    return this.#watched.tools;
  }

  set choice(choice: llm.ToolChoice | null) {
    this.#choice = choice;
    this.#refusals = 0;
    if (choice === 'none') return;
    for (const call of this.#parked.splice(0)) {
      this.#answer(call, { output: 'Not run. Call again if it is still needed.', isError: true });
    }
  }

  /** The instructions of a reply, with the choice of tools in them. */
  directed(replyId: string, instructions: string | undefined): string | undefined {
    const choice = this.#choice;
    if (choice === null || choice === 'auto' || choice === 'none') return instructions;
    const said = directive(choice, Object.keys(this.#rooms.sync.news.tools.functionTools));
    const what = said === undefined ? 'tool_choice_ignored' : 'tool_choice_emulated';
    this.#rooms.tell.report(what, { toolChoice: choice });
    if (said === undefined) return instructions;
    (this.#urged ??= new Map()).set(replyId, choice);
    return instructions ? `${instructions}\n${said}` : said;
  }

  /** What the state machine wants done about calls, or that bears on them. */
  perform(effect: Effect): void {
    const { sync } = this.#rooms;
    const { conversation } = sync;
    switch (effect.type) {
      case 'callTool':
        this.#call(effect.generationId, effect.call, effect.at);
        break;
      case 'repeatCall':
        conversation.repeated(effect.callId, effect.wireId);
        this.#rooms.tell.report('tool_call_repeated', { callId: effect.callId });
        break;
      case 'unaskCall':
        conversation.calls.unasked(effect.callId, effect.wireIds);
        sync.changed(conversation.released());
        break;
      case 'forgetCalls':
        conversation.calls.forgotten(effect.callIds);
        sync.changed(conversation.released());
        break;
      case 'cancelCalls':
        for (const id of effect.callIds) this.#cancel(id);
        break;
      case 'answerCall':
        this.#overdue(effect.callId, effect.phase);
        break;
      case 'openGeneration':
        this.#follow(effect.replyId, effect.generationId);
        break;
      case 'closeGeneration':
        this.#judge(effect.generationId, effect.end);
        break;
      case 'failReply':
        this.#urged?.delete(effect.replyId);
        break;
      case 'openMessage':
        this.#refusals = 0;
        break;
    }
  }

  began(callId: string, given: AbortSignal | undefined): AbortSignal {
    const controller = new AbortController();
    (this.#aborts ??= new Map()).set(callId, controller);
    this.#is(callId, 'running');
    const abort = (): void => {
      controller.abort(given?.reason);
      if (!this.#ended?.has(callId)) this.#is(callId, 'aborted');
    };
    if (given?.aborted) abort();
    else given?.addEventListener('abort', abort, { once: true });
    return controller.signal;
  }

  ended(callId: string, ended: Ended | undefined): void {
    const { calls } = this.#rooms.sync.conversation;
    const aborted = this.#aborts?.get(callId)?.signal.aborted === true;
    this.#aborts?.delete(callId);
    const call = { callId, name: calls.nameOf(callId) ?? '' };
    const goesOn = calls.goesOn(callId);
    if (goesOn && ended) {
      // LiveKit hands the last result over, but neither a failure nor the mere end.
      const final = { ...call, callId: `${callId}_final` };
      const isNews = ended.isError || (ended.output === '' && goesOn.waits);
      if (isNews) this.#answer(final, { ...ended, quiet: !ended.isError });
    } else if (!calls.isUnsettled(callId)) {
      return;
    } else if (aborted) {
      this.#answer(
        call,
        ended && !ended.isError ? ended : { output: OVERDUE.aborted, isError: true },
      );
    } else if (ended?.isWithheld) {
      this.#answer(call, ended);
    } else if (ended) {
      (this.#ended ??= new Map()).set(callId, ended);
      this.#is(callId, 'returned');
    }
  }

  #call(generationId: string, call: ToolCall, at: number): void {
    const { sync, output } = this.#rooms;
    const item = sync.conversation.called(call, at);
    const why = refusal(call, {
      toolChoice: this.#choice,
      isHidden: sync.news.isHidden(call.name),
    });
    if (why !== undefined) {
      this.#refuse(call, why);
      return;
    }
    const urged = this.#urged?.get(generationId);
    const wanted = typeof urged === 'object' ? urged.function.name : call.name;
    if (wanted === call.name) this.#urged?.delete(generationId);
    for (const id of this.#ended?.keys() ?? []) {
      if (!sync.conversation.calls.isUnsettled(id)) this.#ended?.delete(id);
    }
    output.generation(generationId)?.callTool(item);
  }

  /** A model may take a refusal as a reason to call again: the cap ends that. */
  #refuse(call: ToolCall, output: string): void {
    this.#refusals += 1;
    if (this.#refusals > MOST_REFUSALS) this.#parked.push(call);
    else this.#answer(call, { output, isError: true });
  }

  #cancel(callId: string): void {
    const { sync } = this.#rooms;
    const name = sync.conversation.calls.nameOf(callId) ?? '';
    sync.changed(sync.conversation.cancelled(this.#output({ callId, name }, 'cancelled', true)));
    this.#parked = this.#parked.filter((call) => call.callId !== callId);
    this.#aborts?.get(callId)?.abort(new Error('The model cancelled the call.'));
  }

  #overdue(callId: string, phase: CallPhase): void {
    const { sync, tell } = this.#rooms;
    const name = sync.conversation.calls.nameOf(callId) ?? '';
    const ended = this.#ended?.get(callId);
    tell.report('tool_call_overdue', { callId, name, phase });
    this.#parked = this.#parked.filter((call) => call.callId !== callId);
    if (ended) this.#answer({ callId, name }, ended);
    else this.#answer({ callId, name }, { output: OVERDUE[phase], isError: true }, true);
  }

  #answer(
    call: Pick<ToolCall, 'callId' | 'name'>,
    { output, isError, quiet }: Pick<Ended, 'output' | 'isError'> & { quiet?: boolean },
    provisional = false,
  ): void {
    const item = this.#output(call, output, isError);
    this.#rooms.sync.answerCall({ item, quiet, provisional });
  }

  #output(
    { callId, name }: Pick<ToolCall, 'callId' | 'name'>,
    output: string,
    isError: boolean,
  ): llm.FunctionCallOutput {
    const createdAt = this.#rooms.clock.now();
    return llm.FunctionCallOutput.create({ callId, name, output, isError, createdAt });
  }

  #judge(generationId: string, end: GenerationEnd): void {
    const toolChoice = this.#urged?.get(generationId);
    this.#urged?.delete(generationId);
    if (toolChoice === undefined || end === 'interrupted') return;
    this.#rooms.tell.report('tool_choice_ignored', { toolChoice });
  }

  /** The reply that was told to call a function has begun. */
  #follow(replyId: string | undefined, generationId: string): void {
    const choice = replyId === undefined ? undefined : this.#urged?.get(replyId);
    if (replyId === undefined || choice === undefined) return;
    this.#urged?.delete(replyId);
    (this.#urged ??= new Map()).set(generationId, choice);
  }

  #is(callId: string, phase: CallPhase): void {
    this.#rooms.machine.input({ type: 'toolIs', callId, phase });
  }
}
