// SPDX-License-Identifier: Apache-2.0
import type { llm } from '@livekit/agents';
import { addUsage, costOf, nothingUsed, type SessionUsage } from '../models/cost.js';
import type { Settings } from '../options.js';
import type { WireUsage } from '../protocol/frames.js';
import { countTokens } from '../protocol/tokens.js';
import type { Effect } from '../turn/effects.js';
import type { HealthLog } from './health.js';
import { realtimeMetrics } from './metrics.js';
import { answersIn } from './rules.js';
import type { Teller } from './teller.js';

/** `gemini_usage`: the service has reported what a turn used. */
export interface UsageEvent {
  /** As the wire tells it. */
  usageMetadata: WireUsage;
  /** `responseId` of the generation; undefined where a turn brought none. */
  generationId: string | undefined;
  /** What this report costs, in US dollars; `null` where the model's row has no prices. */
  costUsd: number | null;
  /** The session so far, this report included. */
  session: SessionUsage;
}

/** Counts what a session uses, and tells LiveKit and the app. */
export class Meter {
  readonly #settings: Settings;
  readonly #model: llm.RealtimeModel;
  readonly #health: HealthLog;
  readonly #tell: Teller;
  #usage: SessionUsage | undefined;
  #newest: string | undefined;

  constructor(settings: Settings, model: llm.RealtimeModel, health: HealthLog, tell: Teller) {
    this.#settings = settings;
    this.#model = model;
    this.#health = health;
    this.#tell = tell;
  }

  get usage(): SessionUsage {
    return (this.#usage ??= nothingUsed(this.#settings.capabilities.prices));
  }

  read({ usage, generation, at }: Extract<Effect, { type: 'reportUsage' }>): void {
    const count = countTokens(usage, answersIn(this.#settings));
    const costUsd = costOf(count, this.#settings.capabilities.prices);
    const generationId = generation?.id;
    const isNew = generationId === undefined || generationId !== this.#newest;
    this.#newest = generationId;
    this.#usage = addUsage(this.usage, count, costUsd, isNew);
    const acquireMs = this.#health.takeAcquireMs();
    const labels = {
      label: this.#model.label(),
      provider: this.#model.provider,
      model: this.#model.model,
    };
    this.#tell.emit('metrics_collected', realtimeMetrics(count, generation, at, labels, acquireMs));
    const event: UsageEvent = { usageMetadata: usage, generationId, costUsd, session: this.usage };
    this.#tell.emit('gemini_usage', event);
  }
}
