// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import type { Capabilities } from '../models/capabilities.js';
import type { Recording } from '../recording/parse.js';
import type { WireUsage } from '../protocol/frames.js';
import type { JsonObject } from './json.js';
import type { LiveConnection } from './live_connection.js';
import type { Scenario } from './scenario.js';

export interface LiveServerOptions {
  /**
   * Send JSON as text frames instead of binary ones. The service sends binary frames most of the
   * time; a client must read both.
   * @default false
   */
  textFrames?: boolean;
  /**
   * The only keys, tokens and bearer tokens that are accepted; others are refused with HTTP 401.
   * Absent: any that is not empty.
   */
  keys?: readonly string[];
  /**
   * How many times faster than reality the server's own time runs: speech, playback, pauses. It does
   * not change how much caller audio makes a pause, because that is counted in audio.
   * @default 1
   */
  speed?: number;
  /**
   * Where the server's time comes from, if a test owns it: then nothing happens until that clock goes
   * on. `waitFor` and `nextConnection` give up by the system's time all the same.
   * @default the system's
   */
  clock?: Clock;
  /**
   * Wait for the assumed end of playback before `turnComplete`, as the service does? With `false` a
   * whole turn is sent at once.
   * @default true
   */
  playbackDelay?: boolean;
  /**
   * Real time between setup and `setupComplete`, in ms. At 0 a client that does not wait for
   * `setupComplete` may go undetected.
   * @default 10
   */
  setupDelayMs?: number;
  /** Length of one piece of model audio, in ms. @default 40 */
  chunkMs?: number;
  /**
   * How long the server still holds a session after its connection was lost without a close frame,
   * in ms of real time; until then every resume is refused with 1011. The service was seen to hold
   * it for up to a second after a drop, and for minutes after a silent loss.
   * @default 0
   */
  holdAfterLossMs?: number;
  /** Merged over the row of every model, to emulate a model of your own or of another time. */
  capabilities?: Partial<Capabilities>;
  /** Accept models that the table does not name, with the row of their nearest relative? @default false */
  anyModel?: boolean;
  /**
   * Plays the server's side of a recording, the n-th recorded connection to the n-th dial, and compares
   * the client's frames with the recorded ones: see `assertComplete`. `speed` scales the recorded times.
   * Capabilities that the recording overrides are overridden here, too, and every model is accepted.
   */
  replay?: Recording | ReplayOfServer;
  /** Holds the conversation by itself. Absent: you script each connection by hand. */
  scenario?: Scenario;
}

/** How a recording is played to a client. */
export interface ReplayOfServer {
  recording: Recording;
  /**
   * `exact`: frames of the client have to say what the recorded ones say, but for media, handles, and
   * words that the recording left out. Pictures and `audioStreamEnd` are not compared, caller audio by its
   * length. `kind`: only what they are has to be the same.
   * @default exact for a recording of ours, else kind
   */
  match?: 'exact' | 'kind';
  /**
   * How long a frame of the client is waited for after its recorded time, in ms of real time; then it
   * counts as missing, and the replay goes on. @default 5000
   */
  waitMs?: number;
  /** So much caller audio of a connection may be missing, or come on top, in ms. @default 500 */
  audioToleranceMs?: number;
}

/** Options with their defaults. */
export type Settings = Required<Omit<LiveServerOptions, 'keys' | 'scenario' | 'clock' | 'replay'>>;

export function settingsOf(options: LiveServerOptions): Settings {
  const recording = options.replay && recordingOf(options.replay).recording;
  return {
    textFrames: options.textFrames ?? false,
    speed: options.speed ?? 1,
    playbackDelay: options.playbackDelay ?? true,
    setupDelayMs: options.setupDelayMs ?? 10,
    chunkMs: options.chunkMs ?? 40,
    holdAfterLossMs: options.holdAfterLossMs ?? 0,
    capabilities: { ...recording?.head.capabilities, ...options.capabilities },
    anyModel: options.anyModel ?? recording !== undefined,
  };
}

export function recordingOf(replay: Recording | ReplayOfServer): ReplayOfServer {
  return 'recording' in replay ? replay : { recording: replay };
}

/** How the next attempts to connect go wrong. */
export interface Refusal {
  /** HTTP status at the upgrade, e.g. 429. */
  status?: number;
  /** Accept the socket, then close it with this code once setup has arrived. @default 1011 */
  closeCode?: number;
  /** Reason of that close. @default '' */
  reason?: string;
  /** Accept the socket and never answer setup. @default false */
  silent?: boolean;
  /** How many attempts. @default 1 */
  times?: number;
}

/** One rule that a client broke. */
export interface Violation {
  /** The name of the rule: what a correct client does. */
  readonly rule: string;
  /** The public document, report or measurement behind it. */
  readonly source: string;
  /** The code the connection was closed with; null where the service would only ignore the frame. */
  readonly code: number | null;
  readonly reason: string;
  /** The frame, with field names in camel case; the raw text where it was no JSON object. */
  readonly frame: JsonObject | string;
  readonly connection: LiveConnection;
}

export interface SpeechOptions {
  /** Length of the generated voice, in ms. @default 60 per character of the text */
  ms?: number;
  /** Samples at 24 kHz instead of the generated voice. */
  pcm?: Int16Array;
}

export interface TurnOptions extends SpeechOptions {
  /** What the model says. Absent: an empty turn, which the service sends now and then. */
  say?: string;
  /** A thought before it. */
  thought?: string;
  /** Token counts to report; true: plausible ones, false: none. @default true */
  usage?: boolean | WireUsage;
  /** `turnCompleteReason`, e.g. `RESPONSE_REJECTED`. */
  reason?: string;
  /** `interactionStatus`. @default IDLE on models that report it */
  status?: 'IN_PROGRESS' | 'IDLE';
  /** Audio ms sent per ms of server time; Infinity: all at once. @default Infinity */
  rate?: number;
  /** False: only the content; the turn stays open. @default true */
  complete?: boolean;
}
