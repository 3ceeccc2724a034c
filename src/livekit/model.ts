// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { systemClock, systemRandom } from '../clock.js';
import { openSocket } from '../connection/socket.js';
import type { RealtimeModelOptions, Settings } from '../options.js';
import { applyUpdate, validate } from '../validate.js';
import type { Environment } from './environment.js';
import { startRecording } from './record.js';
import { Refusals } from './refusals.js';
import { livekitCapabilities } from './rules.js';
import { RealtimeSession } from './session.js';
import type { SessionUpdate } from './session_update.js';

/** What a session starts with; a copy, so that sessions never share state. */
interface Beginning {
  settings: Settings;
  env: Environment;
  warnings: readonly string[];
  forget: () => void;
}

type World = Omit<Environment, 'prefix' | 'recorder'> & Partial<Environment>;

const SYSTEM: World = {
  clock: systemClock,
  random: systemRandom,
  openSocket,
  refusals: new Refusals(),
};

/**
 * A Gemini Live model behind a LiveKit agent: `new voice.AgentSession({ llm: new RealtimeModel() })`.
 * @throws GeminiLiveError (kind `options`) at construction for options that cannot be honoured
 */
export class RealtimeModel extends llm.RealtimeModel {
  readonly #settings: Settings;
  readonly #env: World;
  readonly #sessions = new Set<RealtimeSession>();
  #warnings: readonly string[];

  constructor(options: RealtimeModelOptions = {}, env: Partial<Environment> = {}) {
    const world = { ...SYSTEM, ...env };
    const today = new Date(world.clock.now()).toISOString().slice(0, 10);
    const { settings, warnings } = validate(options, process.env, today);
    super(livekitCapabilities(settings));
    this.#settings = settings;
    this.#env = world;
    this.#warnings = warnings;
  }

  override get model(): string {
    return this.#settings.model;
  }

  override get provider(): string {
    return this.#settings.endpoint.backend === 'vertex' ? 'Vertex AI' : 'Gemini';
  }

  override label(): string {
    return 'google.RealtimeModel';
  }

  override session(): RealtimeSession {
    return new RealtimeSession(this);
  }

  /** Changes this model's future sessions and its live ones. */
  updateOptions(options: Omit<SessionUpdate, 'toolChoice'>): void {
    this.#warnings = [...this.#warnings, ...applyUpdate(this.#settings, options)];
    for (const session of this.#sessions) session.updateOptions(options);
  }

  /** Closes every live session of this model. */
  override async close(): Promise<void> {
    await Promise.allSettled([...this.#sessions].map((session) => session.close()));
  }

  /** @internal */
  _begin(session: RealtimeSession): Beginning {
    const settings = { ...this.#settings };
    const warnings = this.#warnings;
    const { clock, random, openSocket, refusals } = this.#env;
    const prefix = this.#env.prefix ?? `${crypto.randomUUID().slice(0, 8)}_`;
    const recorder = startRecording(settings, clock, prefix);
    this.#warnings = [];
    this.#sessions.add(session);
    return {
      settings,
      env: { clock, random, openSocket, refusals, prefix, recorder },
      warnings,
      forget: () => this.#sessions.delete(session),
    };
  }
}
