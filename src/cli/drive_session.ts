// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { atMost, sleep, type Clock } from '../clock.js';
import type { RealtimeSession } from '../livekit/session.js';
import type { CallLine, RecordingLine } from '../recording/format.js';
import type { Recording } from '../recording/parse.js';
import { withMedia } from '../recording/sound.js';
import { isObject } from '../replay/members.js';
import { RecordedContexts, recordedTools } from './recorded_context.js';

export interface DriveOptions {
  /** The session's own clock. */
  clock: Clock;
  /** For a frame of the server beyond its recorded time, in ms of that clock. */
  waitMs: number;
}

/** A frame of a turn's length at most has come by then, in ms. */
const CONFIGURED_MS = 100;
const CONFIGURES = ['updateInstructions', 'updateChatCtx', 'updateTools'];

/**
 * Does to a session what the recording says was done to it: the calls of framework and app, and the
 * caller's audio, at their times, but never before the frames of the server that came before them.
 * @returns what could not be done, in words; never rejects
 */
export async function driveSession(
  recording: Recording,
  session: RealtimeSession,
  options: DriveOptions,
): Promise<string[]> {
  const driver = new Driver(recording, session, options);
  await driver.run();
  return driver.notDriven;
}

class Driver {
  readonly #recording: Recording;
  readonly #session: RealtimeSession;
  readonly #options: DriveOptions;
  readonly #contexts = new RecordedContexts();
  readonly #problems = new Map<string, number>();
  readonly #replies: AbortController[] = [];
  /** Interruptions that answer the announcement of speech: they belong into its event. */
  readonly #reactions: number[];
  readonly #done = new Set<number>();
  #received = 0;
  #arrived = (): void => {};
  #isDeaf = false;

  constructor(recording: Recording, session: RealtimeSession, options: DriveOptions) {
    this.#recording = recording;
    this.#session = session;
    this.#options = options;
    this.#reactions = reactionsOf(recording.lines);
    session.on('gemini_server_event', () => {
      this.#received += 1;
      this.#arrived();
    });
    session.on('input_speech_started', () => this.#react());
  }

  get notDriven(): string[] {
    const { leftOut } = this.#contexts;
    if (leftOut > 0) this.#problem('pictures or sounds in the chat context: not recorded', leftOut);
    return [...this.#problems].map(([what, count]) =>
      count > 1 ? `${what} (${count} times)` : what,
    );
  }

  async run(): Promise<void> {
    const { clock } = this.#options;
    const { lines } = this.#recording;
    let anchor = clock.now();
    // At once: a session that nobody configures dials by itself.
    let t = lines.find(isDriven)?.t ?? 0;
    let frames = 0;
    for (const [index, line] of lines.entries()) {
      if (line.dir === 'in' && isObject(line.frame)) frames += 1;
      if (!isDriven(line) || this.#done.has(index)) continue;
      const due = anchor + line.t - t;
      t = line.t;
      if (line.dir === 'in') {
        await this.#heard(frames, due, index);
        anchor = Math.max(due, clock.now());
        continue;
      }
      if (due > clock.now()) await sleep(clock, due - clock.now(), NEVER);
      anchor = due;
      if (!this.#done.has(index)) await this.#perform(line, index);
    }
  }

  /** So many frames of the server have come. */
  async #heard(count: number, due: number, index: number): Promise<void> {
    if (this.#isDeaf) return;
    const { clock, waitMs } = this.#options;
    const come = new Promise<void>((resolve) => {
      this.#arrived = () => {
        if (this.#received >= count) resolve();
      };
    });
    this.#arrived();
    await atMost(clock, Math.max(0, due - clock.now()) + waitMs, come);
    if (this.#received >= count) return;
    this.#isDeaf = true;
    const line = this.#recording.numbers[index];
    this.#problem(
      `the server's frame of line ${line} did not come: what follows is done by time alone`,
    );
  }

  async #perform(line: RecordingLine, index: number): Promise<void> {
    try {
      if (line.dir === 'out') this.#speak(line.frame);
      else if (line.dir === 'local') this.#abort(line.input);
      else if (line.dir === 'call') await this.#call(line, index);
    } catch (error) {
      const what = line.dir === 'call' ? line.call : line.dir;
      this.#problem(`${what} of line ${this.#recording.numbers[index]}: ${String(error)}`);
    }
  }

  #speak(frame: unknown): void {
    const { realtimeInput } = frame as { realtimeInput: { audio?: unknown; video?: unknown } };
    if (!realtimeInput.audio) {
      this.#problem('pictures of the caller: not recorded as they came');
      return;
    }
    const { data, mimeType } = withMedia(realtimeInput.audio) as { data: string; mimeType: string };
    const bytes = Buffer.from(data, 'base64');
    const samples = new Int16Array(Math.floor(bytes.length / 2));
    for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(i * 2);
    const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? 16_000);
    this.#session.pushAudio(new AudioFrame(samples, rate, 1, samples.length));
  }

  #abort(input: Record<string, unknown>): void {
    this.#replies[Number(String(input['replyId']).slice(1)) - 1]?.abort();
  }

  async #call(line: CallLine, index: number): Promise<void> {
    const session = this.#session;
    const { call, args } = line;
    if (CONFIGURES.includes(call)) return this.#configure(line, index);
    switch (call) {
      case 'generateReply': {
        const abort = new AbortController();
        this.#replies.push(abort);
        const { instructions } = args as { instructions?: string };
        // What becomes of it is seen on the wire.
        session.generateReply(instructions, { signal: abort.signal }).catch(() => {});
        return;
      }
      case 'updateOptions':
        return session.updateOptions(args['options'] as never);
      case 'restart':
        return session.restart(args as { keepContext: boolean });
      case 'truncate':
        return session.truncate(args as { messageId: string });
      case 'interrupt':
      case 'startUserActivity':
      case 'commitAudio':
      case 'clearAudio':
      case 'close':
        return session[call]();
      default:
        this.#problem(`${call}: this version knows no such call`);
    }
  }

  /** The framework's configuration is one call that makes up to three, in this order. */
  async #configure(line: CallLine, index: number): Promise<void> {
    const group = [index];
    let last = CONFIGURES.indexOf(line.call);
    for (let at = index + 1; at < this.#recording.lines.length; at++) {
      const next = this.#recording.lines[at] as RecordingLine;
      if (next.dir === 'report') continue;
      if (next.dir !== 'call' || next.t > line.t + CONFIGURED_MS) break;
      const place = CONFIGURES.indexOf(next.call);
      if (place <= last) break;
      last = place;
      group.push(at);
    }
    const parts = Object.fromEntries(group.map((at) => this.#part(at))) as {
      updateInstructions?: string;
      updateChatCtx?: llm.ChatContext;
      updateTools?: llm.ToolContext;
    };
    for (const at of group) this.#done.add(at);
    const { updateInstructions: words, updateChatCtx: context, updateTools: tools } = parts;
    if (group.length > 1 || line.connection === 0) {
      await this.#session._updateSession(words, context, tools);
    } else if (context) await this.#session.updateChatCtx(context);
    else if (tools) await this.#session.updateTools(tools);
    else await this.#session.updateInstructions(words ?? '');
  }

  #part(at: number): [string, unknown] {
    const { call, args } = this.#recording.lines[at] as CallLine;
    if (call === 'updateInstructions') return [call, args['instructions']];
    if (call === 'updateChatCtx') {
      return [call, this.#contexts.context(args, this.#session.chatCtx.items)];
    }
    const { tools, missing } = recordedTools(this.#recording, args['tools'], at);
    if (missing.length > 0) this.#problem(`tools that no frame declares: ${missing.join(', ')}`);
    return [call, tools];
  }

  #react(): void {
    const index = this.#reactions.shift();
    if (index === undefined) return;
    this.#done.add(index);
    void this.#session.interrupt();
  }

  #problem(what: string, count = 1): void {
    this.#problems.set(what, (this.#problems.get(what) ?? 0) + count);
  }
}

/** Nobody gives up waiting. */
const NEVER = new AbortController().signal;

function isDriven(line: RecordingLine): boolean {
  if (line.dir === 'in') return isObject(line.frame);
  if (line.dir === 'local') return line.input.type === 'replyAborted';
  if (line.dir !== 'out') return line.dir === 'call';
  const input = isObject(line.frame) ? line.frame['realtimeInput'] : undefined;
  return isObject(input) && ('audio' in input || 'video' in input);
}

/** Calls of `interrupt` whose input of the machine is a reaction. */
function reactionsOf(lines: readonly RecordingLine[]): number[] {
  const calls: number[] = [];
  let last: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (line.dir === 'call') last = line.call === 'interrupt' ? index : undefined;
    if (line.dir !== 'local' || line.input.type !== 'interruptRequested') continue;
    if (line.input['reaction'] === true && last !== undefined) calls.push(last);
    last = undefined;
  }
  return calls;
}
