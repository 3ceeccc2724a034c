// SPDX-License-Identifier: Apache-2.0
import type { Failure } from '../errors.js';
import type { Settings } from '../options.js';
import type { Command } from '../protocol/encode.js';
import { blamed, REFUSABLE, type Downgrade, type Refusable } from '../protocol/refusals.js';

/** A refusal follows its frame at once; what comes later has another cause. */
const BLAME_MS = 2_000;

/** What services have refused although the table says yes; lives as long as the process. */
export class Refusals {
  readonly #learned = new Map<string, Downgrade>();

  of(settings: Settings): Downgrade | undefined {
    return this.#learned.get(key(settings));
  }

  learn(settings: Settings, downgrade: Downgrade): void {
    this.#learned.set(key(settings), { ...this.of(settings), ...downgrade });
  }
}

/** Another model, service, version or address may well accept it. */
function key({ model, endpoint: { backend, apiVersion, baseUrl } }: Settings): string {
  return [backend, apiVersion, baseUrl ?? '', model].join(' ');
}

/** Sees what one session writes, and tells which capability a close has disproved. */
export class RefusalWatch {
  readonly #settings: Settings;
  readonly #memory: Refusals;
  #written: { what: Refusable; at: number }[] = [];

  constructor(settings: Settings, memory: Refusals) {
    this.#settings = settings;
    this.#memory = memory;
    this.apply();
  }

  /** Takes over what was learned, also by other sessions. */
  apply(): void {
    const learned = this.#memory.of(this.#settings);
    if (!learned) return;
    this.#settings.capabilities = { ...this.#settings.capabilities, ...learned };
  }

  wrote(command: Command, now: number): void {
    const row = this.#settings.capabilities;
    const found = REFUSABLE.filter((each) => each.restsOnIt(command, row));
    if (found.length === 0) return;
    const recent = this.#written.filter(({ at }) => now - at <= BLAME_MS);
    this.#written = [...recent, ...found.map((what) => ({ what, at: now }))];
  }

  /** The capability that this end of a connection disproved, if any; it is learned. */
  lost({ kind, phase, reason }: Failure, now: number): Refusable['capability'] | undefined {
    const suspects = this.#written.flatMap(({ what, at }) => (now - at <= BLAME_MS ? what : []));
    this.#written = [];
    if (kind !== 'setup' || phase !== 'session') return undefined;
    const found = blamed(suspects, reason ?? '');
    if (!found) return undefined;
    this.#memory.learn(this.#settings, found.fallback(this.#settings.capabilities));
    this.apply();
    return found.capability;
  }
}
