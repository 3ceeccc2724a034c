// SPDX-License-Identifier: Apache-2.0
import type { Backend, Capabilities, Claims, ModelEntry } from './capabilities.js';
import type { AllClaims } from './table.js';
import { DEFAULT_MODEL, DEFAULTS, TABLE, VERTEX_DEFAULTS } from './table.js';

export interface Resolved {
  /** As given, without a leading `models/` or `publishers/…/models/`. */
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Does the table name it? */
  readonly known: boolean;
  /** One sentence for the log, where the row used is a guess. */
  readonly warning?: string;
}

/** Facts about one name, which a model that merely resembles it does not share. */
const OF_THE_NAME = [
  'backends',
  'status',
  'retiresOn',
  'replacement',
  'openToNewUsers',
  'prices',
] as const satisfies readonly (keyof Capabilities)[];

type Registry = ReadonlyMap<string, ModelEntry>;

const registry = new Map(TABLE.map((entry) => [entry.name, entry]));

/** Everything the library knows about a model: the row, its backend's overlay, the app's override. */
export function resolve(
  name: string,
  backend: Backend,
  override: Partial<Capabilities> = {},
): Resolved {
  const bare = bareName(name);
  const capabilities = { ...values(claimsOf(bare, backend)), ...defined(override) };
  if (find(bare)) return { name: bare, capabilities, known: true };
  const warning =
    `Model "${bare}" is not in the table of models; it is treated like ` +
    `"${nearest(bare, backend).name}". Where that is wrong, say so in the "capabilities" option, ` +
    `or describe the model once with registerModel().`;
  return { name: bare, capabilities, known: false, warning };
}

/** The same with the evidence for each field. */
export function claimsOf(name: string, backend: Backend): AllClaims {
  const bare = bareName(name);
  const entry = find(bare);
  if (entry) return layered(backend, chainOf(entry, registry));
  const family = layered(backend, chainOf(nearest(bare, backend), registry));
  const unnamed = layered(backend, []);
  const own = Object.fromEntries(OF_THE_NAME.map((field) => [field, unnamed[field]]));
  return { ...family, ...own };
}

/** Adds a model, or replaces one; for models newer than this release. */
export function registerModel(entry: ModelEntry): void {
  const next = new Map(registry).set(entry.name, entry);
  // A replaced entry may be what others are like, so the whole table is checked.
  for (const each of next.values()) chainOf(each, next);
  for (const alias of entry.aliases ?? []) {
    const owner = find(alias);
    if (owner && owner.name !== entry.name) {
      throw new Error(`Model "${entry.name}": alias "${alias}" already means "${owner.name}".`);
    }
  }
  registry.set(entry.name, entry);
}

/** Every name in the table, without aliases. */
export function modelNames(): string[] {
  return [...registry.keys()];
}

/** What to recommend to somebody whose model is gone. */
export function suggestModel(backend: Backend): string {
  return DEFAULT_MODEL[backend];
}

function bareName(name: string): string {
  return name.trim().replace(/^.*\//, '');
}

function find(bare: string): ModelEntry | undefined {
  return (
    registry.get(bare) ?? [...registry.values()].find((entry) => entry.aliases?.includes(bare))
  );
}

/** The entry and what it is like, the base first. */
function chainOf(entry: ModelEntry, models: Registry): ModelEntry[] {
  const chain = [entry];
  for (let base = entry.like; base !== undefined; base = chain[0]?.like) {
    const next = models.get(base);
    if (!next) throw new Error(`Model "${chain[0]?.name}" is like "${base}", which is no model.`);
    if (chain.includes(next)) {
      throw new Error(`Model "${entry.name}": "like" goes in a circle through "${base}".`);
    }
    chain.unshift(next);
  }
  return chain;
}

function layered(backend: Backend, chain: readonly ModelEntry[]): AllClaims {
  const vertex = backend === 'vertex';
  const layers: Claims[] = vertex ? [VERTEX_DEFAULTS] : [];
  for (const entry of chain) {
    layers.push(entry.claims);
    if (vertex && entry.vertex) layers.push(entry.vertex);
  }
  return Object.assign({}, DEFAULTS, ...layers) as AllClaims;
}

function values(claims: AllClaims): Capabilities {
  const pairs = Object.entries(claims).map(([field, claim]) => [field, claim.value]);
  return Object.fromEntries(pairs) as Capabilities;
}

/** A field that is present but undefined must not erase what the table says. */
function defined(override: Partial<Capabilities>): Partial<Capabilities> {
  return Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined));
}

/**
 * The row whose name resembles most. Words are weighed by how rare they are ("translate" says more
 * than "live"), and words that only the row has count against it. Without a common word there is no
 * family, and the default model's row stands.
 */
function nearest(bare: string, backend: Backend): ModelEntry {
  const rows = families(bare, backend);
  const wanted = words(bare);
  const weight = (word: string) => 1 / rows.filter((row) => words(row.name).includes(word)).length;
  let best = registry.get(DEFAULT_MODEL[backend]) as ModelEntry;
  let bestScore = -Infinity;
  for (const row of rows) {
    const shared = words(row.name).filter((word) => wanted.includes(word));
    if (shared.length === 0) continue;
    const foreign = words(row.name).filter((word) => !wanted.includes(word));
    const score = sum(shared.map(weight)) - sum(foreign.map(weight));
    if (score > bestScore) [best, bestScore] = [row, score];
  }
  return best;
}

/** An outgoing model is an example for its own generation only, a retired one for none. */
function families(bare: string, backend: Backend): ModelEntry[] {
  return [...registry.values()].filter((entry) => {
    const row = values(layered(backend, chainOf(entry, registry)));
    if (row.status === 'retired' || !row.backends.includes(backend)) return false;
    const lasting = row.status !== 'legacy' && row.openToNewUsers && row.retiresOn === null;
    return lasting || (generation(bare) && generation(bare) === generation(entry.name));
  });
}

/** The first word that is a version number. */
function generation(name: string): string | undefined {
  return words(name).find((word) => /^\d+(\.\d+)?$/.test(word));
}

function words(name: string): string[] {
  return [...new Set(name.toLowerCase().split('-'))];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
