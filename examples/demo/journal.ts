// SPDX-License-Identifier: Apache-2.0
import { voice } from '@livekit/agents';
import type { Loudspeaker, Microphone, Stretch } from './headless.js';
import type { Stopwatch } from './tape.js';

/** Something that happened in the call. Times are ms since it began. */
export type Entry =
  | ({ is: 'line'; who: 'caller' | 'agent'; text: string; interrupted: boolean } & Stretch)
  | { is: 'tool'; atMs: number; name: string; args: unknown; output: string }
  | { is: 'connected'; atMs: number; socket: number; remembered: boolean }
  | { is: 'lost'; atMs: number; why: string }
  | { is: 'error'; atMs: number; message: string; recoverable: boolean }
  | { is: 'note'; atMs: number; text: string }
  | { is: 'closed'; atMs: number; reason: string };

type Of<Kind extends Entry['is']> = Extract<Entry, { is: Kind }>;

/** Where the times of the lines come from. */
export interface Ends {
  microphone: Microphone;
  loudspeaker: Loudspeaker;
}

/** Writes down what happens, and prints it as it happens. */
export class Journal {
  readonly entries: Entry[] = [];
  readonly #clock: Stopwatch;
  readonly #print: (line: string) => void;

  constructor(clock: Stopwatch, print: (line: string) => void) {
    this.#clock = clock;
    this.#print = print;
  }

  all<Kind extends Entry['is']>(kind: Kind): Of<Kind>[] {
    return this.entries.filter((entry): entry is Of<Kind> => entry.is === kind);
  }

  note(text: string): void {
    this.#add({ is: 'note', atMs: this.#clock(), text });
  }

  /** Everything comes from the session's public events. */
  follow(session: voice.AgentSession, { microphone, loudspeaker }: Ends): void {
    const { AgentSessionEventTypes: On } = voice;
    session.on(On.ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message' || (item.role !== 'user' && item.role !== 'assistant')) return;
      const who = item.role === 'user' ? 'caller' : 'agent';
      const spoken = who === 'caller' ? microphone.utterances : loudspeaker.playbacks;
      const { startMs, endMs } = spoken.at(-1) ?? { startMs: this.#clock(), endMs: this.#clock() };
      const { interrupted, textContent: text = '' } = item;
      this.#add({ is: 'line', who, text, interrupted, startMs, endMs });
    });
    session.on(On.FunctionToolsExecuted, ({ functionCalls, functionCallOutputs }) => {
      for (const [i, { name, args }] of functionCalls.entries()) {
        const output = functionCallOutputs[i]?.output ?? '';
        this.#add({ is: 'tool', atMs: this.#clock(), name, args: JSON.parse(args), output });
      }
    });
    session.on(On.Error, ({ error }) => {
      const { recoverable = false, error: cause = error } = error as Partial<LiveKitError>;
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#add({ is: 'error', atMs: this.#clock(), message, recoverable });
    });
    session.on(On.Close, ({ reason }) => {
      this.#add({ is: 'closed', atMs: this.#clock(), reason });
    });
  }

  /** The model's recording also tells about its connections. */
  frame(line: string): void {
    if (!line.includes('"dir":"connection"')) return;
    const { event } = JSON.parse(line) as { event: ConnectionEvent };
    const atMs = this.#clock();
    if (event.is === 'connected') {
      const { connection, restored } = event;
      this.#add({ is: 'connected', atMs, socket: connection, remembered: restored });
    }
    if (event.is === 'lost') this.#add({ is: 'lost', atMs, why: event.message });
  }

  #add(entry: Entry): void {
    this.entries.push(entry);
    // A connection that was lost is also reported as an error, with more to say.
    if (entry.is === 'lost') return;
    const [from, to, who, text] = row(entry);
    this.#print(`${from.padStart(7)} ${to.padStart(7)}  ${who.padEnd(7)} ${text}`);
  }
}

/** What LiveKit's error events carry beside their type. */
interface LiveKitError {
  recoverable: boolean;
  error: unknown;
}

type ConnectionEvent =
  | { is: 'connected'; connection: number; restored: boolean }
  | { is: 'lost'; message: string }
  | { is: 'exchange' | 'failed' | 'closed' };

function row(entry: Entry): [from: string, to: string, who: string, text: string] {
  if (entry.is === 'line') {
    const { startMs, endMs, who, text, interrupted } = entry;
    return [time(startMs), time(endMs), who, interrupted ? `${text} -- (interrupted)` : text];
  }
  const [who, text] = event(entry);
  return [time(entry.atMs), '', who, text];
}

function event(entry: Exclude<Entry, { is: 'line' }>): [who: string, text: string] {
  switch (entry.is) {
    case 'tool':
      return ['tool', `${entry.name}(${JSON.stringify(entry.args)}) -> ${entry.output}`];
    case 'connected':
      return [
        'network',
        entry.socket === 1
          ? 'connected'
          : `connected again, the model ${entry.remembered ? 'remembers' : 'has forgotten'} the call`,
      ];
    case 'lost':
      return ['network', entry.why];
    case 'error':
      return [entry.recoverable ? 'network' : 'ERROR', entry.message];
    case 'note':
      return ['call', entry.text];
    case 'closed':
      return ['call', `session closed (${entry.reason})`];
  }
}

/** 62345 → "1:02.3" */
export function time(ms: number): string {
  const tenths = Math.round(ms / 100);
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  return `${Math.floor(tenths / 600)}:${seconds}`;
}
