// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../clock.js';
import { dialTarget } from '../connection/endpoint.js';
import type { OpenSocket } from '../connection/socket.js';
import type { Capabilities } from '../models/capabilities.js';
import type { Endpoint, Settings } from '../options.js';
import type { Setup } from '../protocol/frames.js';
import { setupFrame } from '../protocol/setup.js';
import { Recorder } from '../recording/recorder.js';
import { Line } from './line.js';

/** What a question found. */
export interface Finding {
  /** One sentence. */
  answer: string;
  /** What it says about cells of the model's row. */
  cells?: Partial<Capabilities>;
}

export interface LabOptions {
  settings: Settings;
  clock: Clock;
  openSocket: OpenSocket;
  /** Where recordings go: `<folder>/<question>.jsonl`. */
  folder: string;
  /** Says what went wrong beside the question. */
  warn: (text: string) => void;
}

/** Opens raw connections for one question, and records them. */
export class Lab {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly #openSocket: OpenSocket;
  readonly #recorder: Recorder;
  readonly #lines: Line[] = [];
  #failure: string | undefined;

  constructor({ settings, clock, openSocket, folder }: LabOptions, question: string) {
    const { model, endpoint } = settings;
    this.settings = settings;
    this.clock = clock;
    this.#openSocket = openSocket;
    this.#recorder = new Recorder(
      { to: `${folder}/${question}.jsonl` },
      {
        head: { format: 1, model, backend: endpoint.backend, question },
        rules: () => ({}),
        clock,
        unique: String(clock.now()),
        secrets: [endpoint.apiKey, ...Object.values(endpoint.headers)].filter(
          (secret): secret is string => secret !== undefined && secret.length >= 8,
        ),
        failed: ({ message }) => (this.#failure ??= message),
      },
    );
  }

  /** Why the question is not recorded; undefined: it is. */
  get failure(): string | undefined {
    return this.#failure;
  }

  get row(): Capabilities {
    return this.settings.capabilities;
  }

  /** @param more goes into the setup as it is */
  async dial(more: Partial<Setup> = {}, where: Partial<Endpoint> = {}): Promise<Line> {
    const state = { instructions: '', tools: [], seeds: false };
    const { setup } = setupFrame(this.settings, state);
    const target = await dialTarget({ ...this.settings.endpoint, ...where });
    const whole = { ...(setup as Setup), ...more };
    const line = new Line(this.#openSocket, target, whole, this.clock, this.#recorder);
    this.#lines.push(line);
    return line;
  }

  /** Nothing that was opened stays open. */
  async close(): Promise<void> {
    for (const line of this.#lines) {
      if (!line.ending) await line.close(1000);
    }
    await this.#recorder.close();
  }
}
