// SPDX-License-Identifier: Apache-2.0
import type { ConnectionLine, RecordingLine } from '../recording/format.js';
import { audioOf, isObject, type Audio } from './media.js';
import type { ConnectionSpan, Gap, LevelPoint, QueuePoint, Request } from './report.js';
import type { Told } from './talk.js';

/** The result of a call as it went out. */
export interface Answered {
  at: number;
  id: string | undefined;
  name: string;
  response: unknown;
}

/** A time without a connection, and what was said about it. */
export interface Outage extends Gap {
  /** The failures in it, the first one first. */
  failures: readonly Failed[];
  /** Why a working connection was given up; undefined: it was lost. */
  exchanged: string | undefined;
  /** The connection before it had been told that it would end. */
  goAway: boolean;
  /** There was one before it. */
  wasUp: boolean;
  /** It ended with a connection. */
  isOver: boolean;
}

/** A `lost` or `failed` event. */
export interface Failed {
  at: number;
  kind: string;
  message: string;
  hint: string | undefined;
  isFinal: boolean;
}

const WHY: Record<string, string> = {
  goAway: 'exchanged before the service ended it (goAway)',
  age: 'exchanged before it grew too old',
  update: 'exchanged to bring new instructions, tools or history',
  restart: 'exchanged because the app asked for a restart',
  memory: 'exchanged because the model had forgotten the conversation',
  stall: 'exchanged because an answer did not come',
};
/** Exchanges that nothing had gone wrong before. */
const IN_ORDER = new Set(['goAway', 'age', 'update', 'restart']);

/** What crossed the wire, and what became of the connections, as the lines tell it. */
export class Wire {
  readonly connections: ConnectionSpan[] = [];
  readonly outages: Outage[] = [];
  readonly levels: { caller: LevelPoint[]; agent: LevelPoint[] } = { caller: [], agent: [] };
  readonly queue: QueuePoint[] = [];
  readonly answered: Answered[] = [];
  readonly requests: Request[] = [];
  readonly reports: Told[] = [];
  readonly dropped: { at: number; lines: number }[] = [];
  /** Its last line says that it was closed, or that it failed for good. */
  isEnded = false;
  /** The recorder noted events of the session, not frames alone. */
  isOurs = false;
  readonly #isTimed: boolean;
  /** Alike frames are one object. */
  readonly #audio = new WeakMap<object, readonly Audio[]>();
  #outage: (Outage & { failures: Failed[] }) | undefined;
  #goAway = false;

  constructor(isTimed: boolean) {
    this.#isTimed = isTimed;
  }

  take(line: RecordingLine, t: number): void {
    switch (line.dir) {
      case 'in':
        this.#in(line.frame, this.#span(line, t), t);
        break;
      case 'out':
        this.#out(line.frame, this.#span(line, t), t);
        break;
      case 'connection':
        this.isOurs = true;
        this.#event(line.event, this.#span(line, t), t);
        break;
      case 'call':
        this.isOurs = true;
        this.#call(line.call, line.args, t);
        break;
      case 'local':
        this.isOurs = true;
        this.#local(line.input, t);
        break;
      case 'queue':
        this.queue.push({ t, commands: line.commands, audioMs: line.audioMs });
        break;
      case 'report':
        this.reports.push({ at: t, what: line.what, detail: line.detail });
        break;
      case 'note': {
        const { dropped } = line.note;
        if (typeof dropped === 'number') this.dropped.push({ at: t, lines: dropped });
      }
    }
  }

  /** @param t when the recording ends */
  end(t: number): void {
    if (this.#outage) this.#over(t, false);
  }

  #span({ connection }: RecordingLine, t: number): ConnectionSpan {
    const last = this.connections.at(-1);
    if (last && last.connection >= connection) return last;
    const span: ConnectionSpan = {
      ...{ connection, from: t, to: undefined, readyAt: undefined, restored: false },
      ...{ ended: undefined, isPlanned: false },
    };
    this.connections.push(span);
    this.#goAway = false;
    return span;
  }

  #audioOf(frame: object, dir: 'in' | 'out'): readonly Audio[] {
    const known = this.#audio.get(frame);
    if (known) return known;
    const audio = audioOf(frame, dir);
    this.#audio.set(frame, audio);
    return audio;
  }

  #in(frame: unknown, span: ConnectionSpan, t: number): void {
    if (!isObject(frame)) return;
    if (frame['setupComplete'] !== undefined) span.readyAt ??= t;
    if (frame['goAway'] !== undefined) this.#goAway = true;
    for (const { ms, db } of this.#audioOf(frame, 'in')) this.levels.agent.push({ t, ms, db });
  }

  #out(frame: unknown, span: ConnectionSpan, t: number): void {
    if (!isObject(frame)) return;
    for (const { ms, db } of this.#audioOf(frame, 'out')) this.levels.caller.push({ t, ms, db });
    const { setup, toolResponse, clientContent, realtimeInput } = frame;
    if (isObject(setup)) {
      const resumption = setup['sessionResumption'];
      span.restored ||= isObject(resumption) && typeof resumption['handle'] === 'string';
    }
    if (isObject(toolResponse)) this.#results(toolResponse['functionResponses'], t);
    if (this.isOurs) return;
    // Another client does not say what it was asked for: its words do.
    if (isObject(clientContent)) this.#content(clientContent, t);
    const text = isObject(realtimeInput) ? realtimeInput['text'] : undefined;
    if (typeof text === 'string') this.requests.push({ at: t, what: 'text', text });
  }

  #results(responses: unknown, t: number): void {
    for (const one of Array.isArray(responses) ? (responses as unknown[]) : []) {
      if (!isObject(one)) continue;
      const id = typeof one['id'] === 'string' ? one['id'] : undefined;
      this.answered.push({ at: t, id, name: String(one['name']), response: one['response'] });
    }
  }

  #content({ turns, turnComplete }: Record<string, unknown>, t: number): void {
    const all = Array.isArray(turns) ? turns.filter(isObject) : [];
    const parts = all.filter(({ role }) => role !== 'model').flatMap(({ parts: one }) => one);
    const text = parts.flatMap((part) => (isObject(part) ? [part['text']] : [])).join(' ');
    if (text.trim() !== '') this.requests.push({ at: t, what: 'text', text });
    else if (turnComplete === true) this.requests.push({ at: t, what: 'reply', text: '' });
  }

  /** LiveKit interrupts whenever the caller speaks; what it does by itself is no request. */
  #local({ type, reaction }: Record<string, unknown>, t: number): void {
    if (type !== 'interruptRequested' || reaction === true) return;
    this.requests.push({ at: t, what: 'interrupt', text: '' });
  }

  #call(call: string, args: Record<string, unknown>, t: number): void {
    const { instructions, items } = args;
    const text = typeof instructions === 'string' ? instructions : '';
    if (call === 'generateReply') this.requests.push({ at: t, what: 'reply', text });
    if (call !== 'updateChatCtx' || !Array.isArray(items)) return;
    for (const item of items.filter(isObject)) {
      if (item['type'] !== 'function_call_output') continue;
      const { output, isError, callId, name } = item;
      const response = { [isError === true ? 'error' : 'output']: output };
      this.answered.push({ at: t, id: String(callId), name: String(name), response });
    }
  }

  #event(event: ConnectionLine['event'], span: ConnectionSpan, t: number): void {
    const { is } = event;
    if (is === 'connected') {
      span.readyAt ??= t;
      span.restored = event['restored'] === true;
      const { acquireMs } = event;
      if (typeof acquireMs === 'number' && this.#isTimed) span.from = Math.max(0, t - acquireMs);
      if (this.#outage) this.#over(t, true);
      return;
    }
    this.isEnded = is === 'closed' || is === 'failed';
    if (is === 'closed' && span.ended !== undefined) return;
    span.to = t;
    if (is === 'closed') {
      span.ended = 'closed by the app';
      span.isPlanned = true;
      return;
    }
    const why = String(event['why']);
    span.ended = is === 'exchange' ? (WHY[why] ?? `exchanged (${why})`) : String(event['message']);
    span.isPlanned = is === 'exchange' && IN_ORDER.has(why);
    this.#down(event, span, t);
  }

  #down(event: ConnectionLine['event'], { readyAt }: ConnectionSpan, t: number): void {
    const { is, why, message, hint, kind } = event;
    this.#outage ??= {
      ...{ from: t, to: t, kind: 'down', failures: [], isOver: false },
      ...{ exchanged: is === 'exchange' ? String(why) : undefined },
      ...{ goAway: this.#goAway, wasUp: readyAt !== undefined },
    };
    if (is === 'exchange') return;
    this.#outage.failures.push({
      ...{ at: t, kind: String(kind), message: String(message), isFinal: is === 'failed' },
      hint: typeof hint === 'string' ? hint : undefined,
    });
  }

  #over(t: number, isOver: boolean): void {
    if (!this.#outage) return;
    this.outages.push({ ...this.#outage, to: t, isOver });
    this.#outage = undefined;
  }
}
