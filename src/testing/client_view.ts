// SPDX-License-Identifier: Apache-2.0
import type { Content } from '@google/genai';
import type { Backend, Capabilities } from '../models/capabilities.js';
import type { ClientFrame, Setup } from '../protocol/frames.js';
import { ClientState, textOf } from './client_state.js';
import type { Dial } from './dial.js';
import { cutReason } from './json.js';
import { type FrameMatch, Inbox, type ReceivedFrame } from './inbox.js';
import type { LiveConnection } from './live_connection.js';
import type { Refusal, Settings, Violation } from './options.js';
import type { ReplayPlayer } from './replay_player.js';
import type { HistoryEntry, PendingCall, Session, SessionStore } from './session_store.js';
import type { Timers } from './timers.js';

/** What is used of the `ws` socket; its own types are not ours to publish. */
export interface ClientSocket {
  readonly readyState: number;
  readonly isPaused: boolean;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'message', listener: (data: Buffer) => void): unknown;
  send(data: string | Buffer): void;
  close(code: number, reason: string): void;
  terminate(): void;
  pause(): void;
}

/** What a connection needs of its server. */
export interface Host {
  readonly settings: Settings;
  readonly timers: Timers;
  readonly sessions: SessionStore;
  readonly violations: Violation[];
  /** What the server says is recorded: nothing is said by itself. */
  readonly replay: ReplayPlayer | undefined;
  /** Setup is complete. */
  ready(connection: LiveConnection): void;
  /** A frame that broke no rule, after the server has taken it in. */
  received(connection: LiveConnection, frame: ClientFrame): void;
  ended(connection: LiveConnection): void;
}

/** How a connection ended. `by`: who began it; `network`: it was lost without a close frame. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
  readonly by: 'client' | 'server' | 'network';
}

/** What a server knows of one client: all that it received. */
export abstract class ClientView {
  /** The attempt to connect that this connection came of. */
  readonly dial: Dial;
  /** How the connection ended; pending until then. */
  readonly closed: Promise<Closed>;
  /** The conversation. It is the same object again after a resume. Undefined before setup. */
  session: Session | undefined;
  /** Did setup resume a session? */
  resumed = false;
  /** The newest handle this connection was given, or resumed with. */
  handle: string | undefined;

  /** @internal */
  readonly host: Host;
  /** @internal */
  readonly refusal: Refusal | undefined;
  /** @internal */
  readonly inbox: Inbox;
  /** @internal */
  readonly state: ClientState;
  protected readonly ws: ClientSocket;
  /** The server has begun to close: whatever still arrives is not heard. */
  protected closing = false;

  /** @internal Made by the server. */
  constructor(ws: ClientSocket, dial: Dial, host: Host, refusal: Refusal | undefined) {
    this.ws = ws;
    this.dial = dial;
    this.host = host;
    this.refusal = refusal;
    this.inbox = new Inbox(host.timers);
    this.state = new ClientState(dial, host.settings.capabilities, host.settings.anyModel);
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, reason) => resolve(this.#onClose(code, reason.toString())));
    });
    // An error is followed by 'close', which says all that matters here.
    ws.on('error', () => {});
  }

  /** The service that the client dialled. */
  get backend(): Backend {
    return this.dial.backend;
  }

  /** The model that setup named, without its path. */
  get model(): string {
    return this.state.modelId;
  }

  /** The row by which this connection is judged. */
  get capabilities(): Capabilities {
    return this.state.row;
  }

  /** The setup message. Its model is empty before it has arrived. */
  get setup(): Setup {
    return this.state.setup;
  }

  /** Instructions in force: of setup, or of the latest contextUpdate. */
  get instructions(): string {
    return this.state.instructions;
  }

  /** Names of the functions in force: of setup, or of the latest contextUpdate. */
  get functions(): string[] {
    return this.state.functions;
  }

  /** Every frame of the client, in order, setup first. */
  get frames(): readonly ReceivedFrame[] {
    return this.inbox.frames;
  }

  /** Caller audio received, in ms. */
  get audioMs(): number {
    return this.state.audioMs;
  }

  /** Turns of all clientContent, in order. */
  get contents(): readonly Content[] {
    return this.state.contents;
  }

  /** The server's own view of the conversation, also of earlier connections of a resumed session. */
  get history(): readonly HistoryEntry[] {
    return this.session?.history ?? [];
  }

  /** Calls without an answer. */
  get pendingCalls(): readonly PendingCall[] {
    return [...(this.session?.calls.values() ?? [])];
  }

  /** Setup complete and socket open? */
  get isOpen(): boolean {
    return this.state.phase === 'open' && this.ws.readyState === 1 && !this.closing;
  }

  /** @internal Does the client still have this socket, as far as anybody can know? */
  get reachable(): boolean {
    return !this.closing && this.ws.readyState === 1 && !this.ws.isPaused;
  }

  /** @internal Does activity of the caller interrupt the model? */
  get interruptible(): boolean {
    return this.setup.realtimeInputConfig?.activityHandling?.toString() !== 'NO_INTERRUPTION';
  }

  /** @internal The newest models report their own activity detection unasked (measured 2026-09). */
  get reportsActivity(): boolean {
    return this.capabilities.handle === 'fixed';
  }

  /**
   * The next frame that matches: a message by its name, or what a function recognises. Frames that
   * have already arrived count; each frame answers one call only. Rejects after `timeoutMs` of real
   * time (default 5000) or when the connection ends, and then lists the last frames.
   */
  waitFor(match: FrameMatch, options: { timeoutMs?: number } = {}): Promise<ClientFrame> {
    return this.inbox.waitFor(match, options.timeoutMs ?? 5000);
  }

  /**
   * The next request for a reply, whichever way this model is asked (LiveKit's `generateReply`).
   * Resolves with all text of the frame. Rejects as `waitFor` does.
   */
  async replyRequest(options: { timeoutMs?: number } = {}): Promise<string> {
    const { clientContent, realtimeInput } = await this.waitFor(isReplyRequest, options);
    return realtimeInput?.text ?? (clientContent?.turns ?? []).map(textOf).join('\n');
  }

  /** Destroys the TCP connection: the client sees 1006. */
  drop(): void {
    this.closing = true;
    this.ws.terminate();
  }

  /** Closes the socket with a code; the reason is cut to 123 bytes. 1005 and 1006 cannot be sent. */
  close(code = 1000, reason = ''): void {
    this.closing = true;
    this.ws.close(code, cutReason(reason));
  }

  protected abstract onEnd(): void;

  #onClose(code: number, reason: string): Closed {
    const by = this.closing ? 'server' : code === 1006 ? 'network' : 'client';
    this.closing = true;
    this.inbox.end(`the connection was closed with ${code} ${reason}`.trimEnd());
    const { session } = this;
    const release = () => {
      if (session?.holder === this) session.holder = undefined;
    };
    const { holdAfterLossMs } = this.host.settings;
    if (code === 1006 && holdAfterLossMs > 0) this.host.timers.afterReal(holdAfterLossMs, release);
    else release();
    this.onEnd();
    return { code, reason, by };
  }
}

function isReplyRequest({ clientContent, realtimeInput }: ClientFrame): boolean {
  return clientContent?.turnComplete === true || realtimeInput?.text !== undefined;
}
