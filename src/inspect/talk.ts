// SPDX-License-Identifier: Apache-2.0
import { addUsage, costOf, nothingUsed, type SessionUsage } from '../models/cost.js';
import type { Capabilities } from '../models/capabilities.js';
import { countTokens } from '../protocol/tokens.js';
import type { ReplayStep } from '../replay/replay.js';
import type { Effect } from '../turn/effects.js';
import { audioMs } from './media.js';
import type { AnswerSpan, Gap, Interruption, ToolSpan, UtteranceSpan } from './report.js';
import { Tools } from './tools.js';

/** An answer, and until when what came of it is played. */
interface Answer extends AnswerSpan {
  playedUntil: number | undefined;
}

/** Something that was reported, or would have been. */
export interface Told {
  at: number;
  what: string;
  detail: unknown;
}

/** Shorter breaks within an answer are bridged by whoever plays it, in ms. */
const BREAK_MS = 500;

export interface TalkOptions {
  isTimed: boolean;
  /** What times in effects count from. */
  start: number;
  capabilities: Capabilities;
}

/** The conversation, as the steps of a replay tell it. */
export class Talk {
  readonly answers: Answer[] = [];
  readonly utterances: UtteranceSpan[] = [];
  readonly interruptions: Interruption[] = [];
  /** Answers that broke off and went on, or never did. */
  readonly breaks: Gap[] = [];
  readonly reports: Told[] = [];
  /** When the model was asked something. */
  readonly questions: number[] = [];
  readonly #tools: Tools;
  readonly #options: TalkOptions;
  readonly #generations = new Map<string, Answer>();
  readonly #messages = new Map<string, Answer>();
  readonly #lines = new Map<string, UtteranceSpan>();
  #usage: SessionUsage;
  #counted: string | undefined;

  constructor(options: TalkOptions) {
    this.#options = options;
    this.#tools = new Tools(options.isTimed);
    this.#usage = nothingUsed(options.capabilities.prices);
  }

  get tools(): ToolSpan[] {
    return this.#tools.spans;
  }

  /** Ids under which the server knows a call. */
  get wireIds(): ReadonlyMap<ToolSpan, readonly (string | undefined)[]> {
    return this.#tools.wireIds;
  }

  get usage(): SessionUsage {
    return this.#usage;
  }

  take(step: ReplayStep, t: number): void {
    const { input } = step;
    const isAsked = input.type === 'turnCommitted' || input.type === 'replyWritten';
    if (isAsked || input.type === 'toolSettled') this.questions.push(t);
    if (input.type === 'toolSettled') this.#tools.settled(input.callId, t);
    const by = INTERRUPTS[input.type];
    const isReaction = input.type === 'interruptRequested' && input.reaction === true;
    const who = isReaction ? 'caller' : (by ?? 'caller');
    const closed = step.effects.some(({ type }) => type === 'closeGeneration');
    if (by && !closed) this.#cutWhilePlaying(who, t);
    for (const effect of step.effects) this.#effect(effect, step, t, who);
  }

  #effect(effect: Effect, step: ReplayStep, t: number, who: Interruption['by']): void {
    this.#tools.effect(effect, t);
    switch (effect.type) {
      case 'openGeneration':
      case 'resumeSpeech':
        this.#open(effect, step, t);
        break;
      case 'openMessage':
        this.#message(effect);
        break;
      case 'playAudio':
        this.#audio(effect, t);
        break;
      case 'writeText':
      case 'amend':
        this.#write(effect.messageId, effect.text);
        break;
      case 'remember':
        if (effect.late) this.#write(effect.message.id, effect.late.text);
        break;
      case 'transcribe':
        this.#transcribe(effect, t);
        break;
      case 'closeGeneration':
        this.#close(effect, t, who);
        break;
      case 'reportUsage':
        this.#count(effect);
        break;
      default:
        this.#report(effect, t);
    }
  }

  /** What the app would be told. */
  #report(effect: Effect, t: number): void {
    const told = (what: string, detail: unknown): void => {
      this.reports.push({ at: t, what, detail });
    };
    if (effect.type === 'report') told(effect.what, effect.detail);
    else if (effect.type === 'answerCall') {
      const { callId, phase } = effect;
      told('tool_call_overdue', { callId, phase, name: this.#tools.nameOf(callId) });
    } else if (effect.type === 'repeatCall') {
      told('tool_call_repeated', { callId: effect.callId });
    } else if (effect.type === 'failReply' && !IN_ORDER.has(effect.why)) {
      told('reply_failed', { why: effect.why });
    }
  }

  #open(
    effect: Extract<Effect, { type: 'openGeneration' | 'resumeSpeech' }>,
    { state }: ReplayStep,
    t: number,
  ): void {
    const { generationId } = effect;
    const { isTimed, start } = this.#options;
    const open = state.turn.is === 'open' ? state.turn.generation : state.last;
    const askedAt = open?.id === generationId ? open.askedAt : undefined;
    const answer: Answer = {
      generationId,
      replyId: effect.type === 'openGeneration' ? effect.replyId : undefined,
      from: t,
      to: undefined,
      askedAt: askedAt !== undefined && isTimed ? askedAt - start : undefined,
      ...{ firstAudioAt: undefined, latencyMs: undefined, audioMs: 0, text: '', end: undefined },
      playedUntil: undefined,
    };
    this.answers.push(answer);
    this.#generations.set(generationId, answer);
  }

  #message({ generationId, messageId, waitedMs }: Extract<Effect, { type: 'openMessage' }>): void {
    const answer = this.#generations.get(generationId);
    if (!answer) return;
    this.#messages.set(messageId, answer);
    if (this.#options.isTimed) answer.latencyMs ??= waitedMs;
  }

  #audio({ generationId, data, rate }: Extract<Effect, { type: 'playAudio' }>, t: number): void {
    const answer = this.#generations.get(generationId);
    if (!answer) return;
    const ms = audioMs(data, rate);
    const { playedUntil = t } = answer;
    if (this.#options.isTimed && t > playedUntil + BREAK_MS) {
      this.breaks.push({ from: playedUntil, to: t, kind: 'stall' });
    }
    answer.firstAudioAt ??= t;
    answer.audioMs += ms;
    answer.playedUntil = Math.max(playedUntil, t) + ms;
  }

  #write(messageId: string, text: string): void {
    const answer = this.#messages.get(messageId);
    if (answer) answer.text += text;
  }

  #transcribe(
    { itemId, text, startedAt, isFinal }: Extract<Effect, { type: 'transcribe' }>,
    t: number,
  ): void {
    const { isTimed, start } = this.#options;
    let line = this.#lines.get(itemId);
    if (!line) {
      line = { itemId, text, from: isTimed ? Math.max(0, startedAt - start) : t, to: t };
      this.#lines.set(itemId, line);
      this.utterances.push(line);
    }
    line.text = text;
    // A final line says when nothing more was expected of it, not when the caller fell silent.
    if (isFinal) return;
    line.to = t;
    this.questions.push(t);
  }

  #close(
    { generationId, end }: Extract<Effect, { type: 'closeGeneration' }>,
    t: number,
    by: Interruption['by'],
  ): void {
    const answer = this.#generations.get(generationId);
    if (!answer) return;
    answer.to = t;
    // Without times nobody knows whether it paused.
    if (end === 'stalled' && !this.#options.isTimed) return;
    answer.end = end;
    if (end === 'interrupted') this.#interrupted(answer, by, t);
    if (end === 'stalled')
      this.breaks.push({ from: answer.playedUntil ?? t, to: t, kind: 'stall' });
  }

  /** The model had finished, its audio had not: it comes faster than it is played. */
  #cutWhilePlaying(by: Interruption['by'], t: number): void {
    const answer = this.answers.at(-1);
    if (!this.#options.isTimed || answer?.end !== 'complete') return;
    const last = this.interruptions.at(-1);
    if (t >= (answer.playedUntil ?? 0) || last?.generationId === answer.generationId) return;
    this.#interrupted(answer, by, t);
  }

  #interrupted(answer: Answer, by: Interruption['by'], at: number): void {
    const { generationId, firstAudioAt, audioMs: received } = answer;
    const elapsed = this.#options.isTimed ? at - (firstAudioAt ?? at) : received;
    const spokenMs = Math.round(Math.min(received, elapsed));
    this.interruptions.push({ at, by, generationId, spokenMs });
  }

  #count({ usage, generation }: Extract<Effect, { type: 'reportUsage' }>): void {
    const { outputModalities, prices } = this.#options.capabilities;
    const count = countTokens(usage, `${outputModalities[0]}` === 'TEXT' ? 'text' : 'audio');
    const isNew = generation === undefined || generation.id !== this.#counted;
    this.#counted = generation?.id;
    this.#usage = addUsage(this.#usage, count, costOf(count, prices), isNew);
  }
}

/** The app itself gave the reply up. */
const IN_ORDER = new Set(['aborted', 'closed']);

/** Inputs that cut an answer off, and who is behind them. */
const INTERRUPTS: Partial<Record<ReplayStep['input']['type'], Interruption['by']>> = {
  interrupted: 'caller',
  interruptRequested: 'app',
  replyRequested: 'reply',
};
