// SPDX-License-Identifier: Apache-2.0
import { noise, type Json } from './corpus.js';

/** A seeded source of chance (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }
}

/** One message as it goes over the wire. */
export type Message = string | Buffer;

export const nested = (depth: number): string => '[{"a":'.repeat(depth) + '1' + '}]'.repeat(depth);

/** Values that have no business where they are put. */
export const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, -1e308, 2 ** 53, 1e-320],
  ...['', ' ', '0', 'NaN', '-1', '1e999', 'Infinity', 'true', '\u0000', '\ud800', '😀'.repeat(50)],
  ...['-5s', '1e9s', '99999999999999999999s', '0s', 's', 'ACTIVITY_LATER', 'IN_PROGRESS'],
  ...['audio/pcm;rate=1', 'audio/pcm;rate=191999', 'audio/pcm;rate=-8000', 'audio/opus'],
  ...['!!! no base64 !!!', 'AAA', '=', 'A', noise(3), noise(200_000)],
  ...['<think '.repeat(5_000), '<think>', '. '.repeat(2_000), '['.repeat(500)],
  ...[[], {}, [null], [[]], [1, 'a', {}], { toString: 1, valueOf: 1, toJSON: 1 }, { length: 5 }],
  ...[JSON.parse(nested(40)), JSON.parse(nested(150)), JSON.parse('{"__proto__":{"polluted":1}}')],
];

const NAMES = [
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'length', '', '0'],
  ...['serverContent', 'parts', 'text', 'name', 'somethingNew', 'newHandle', 'handle'],
];

interface Place {
  holder: Json | unknown[];
  key: string;
}

/** Every member of a frame, at any depth. */
export function places(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [
    { holder: value as Json, key },
    ...places(one),
  ]);
}

/** A copy of the value, as `JSON.parse` would: also a member called `__proto__`. */
export function put({ holder, key }: Place, value: unknown): void {
  Object.defineProperty(holder, key, {
    value: copyOf(value),
    ...{ enumerable: true, configurable: true, writable: true },
  });
}

const DEEP = '@deep@';

type Mutate = (frame: Json, chance: Chance) => Message;

const inside =
  (change: (place: Place, chance: Chance) => void): Mutate =>
  (frame, chance) => {
    const all = places(frame);
    if (all.length > 0) change(chance.pick(all), chance);
    return JSON.stringify(frame);
  };

/** What may befall one message. */
export const MUTATIONS: Readonly<Record<string, Mutate>> = {
  nothing: (frame) => JSON.stringify(frame),
  binary: (frame) => Buffer.from(JSON.stringify(frame)),
  oddValue: inside((place, chance) => put(place, chance.pick(ODD))),
  twoOddValues: (frame, chance) => {
    for (let i = 0; i < 2; i++) {
      const all = places(frame);
      if (all.length > 0) put(chance.pick(all), chance.pick(ODD));
    }
    return JSON.stringify(frame);
  },
  dropMember: inside(({ holder, key }) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  }),
  addMember: inside(({ holder }, chance) => {
    if (Array.isArray(holder)) holder.splice(chance.below(holder.length + 1), 0, chance.pick(ODD));
    else put({ holder, key: chance.pick(NAMES) }, chance.pick(ODD));
  }),
  atTheTop: (frame, chance) => {
    put({ holder: frame, key: chance.pick(NAMES) }, chance.pick(ODD));
    return JSON.stringify(frame);
  },
  tooDeep: (frame, chance) => {
    const holders = [frame, ...places(frame).map(({ holder }) => holder)];
    const holder = chance.pick(holders.filter((one): one is Json => !Array.isArray(one)));
    put({ holder, key: chance.pick(NAMES) }, DEEP);
    // Some of it is deeper than `JSON.stringify` can go.
    return JSON.stringify(frame).replace(`"${DEEP}"`, nested(chance.pick([60, 500, 3_000])));
  },
  repeatInside: inside(({ holder, key }, chance) => {
    if (Array.isArray(holder)) holder.push(...Array(chance.below(40)).fill(holder[Number(key)]));
  }),
  moveMember: inside(({ holder, key }, chance) => {
    if (!Array.isArray(holder)) put({ holder, key: chance.pick(NAMES) }, holder[key]);
  }),
  truncate: (frame, chance) => {
    const text = JSON.stringify(frame);
    return text.slice(0, chance.below(text.length));
  },
  flipBytes: (frame, chance) => {
    const bytes = Buffer.from(JSON.stringify(frame));
    for (let i = 0; i < 3; i++) bytes[chance.below(bytes.length)] = chance.below(256);
    return bytes;
  },
  garbage: (_frame, chance) =>
    Buffer.from(Array.from({ length: chance.below(200) }, () => chance.below(256))),
  noObject: (frame, chance) =>
    chance.pick(['null', '7', '"text"', '[]', '', ' ', '{', JSON.stringify([frame]), nested(500)]),
  twice: (frame) => JSON.stringify(frame).repeat(2),
};

/** A stream as a bad network or a bad server would deliver it: each message is mutated once. */
export function mutated(frames: readonly Json[], chance: Chance): Message[] {
  const kinds = Object.values(MUTATIONS);
  return disordered(frames, chance).map((frame) => chance.pick(kinds)(copyOf(frame), chance));
}

/** Whole frames lost, doubled, swapped, bundled and unbundled. */
function disordered(frames: readonly Json[], chance: Chance): Json[] {
  const all: Json[] = [];
  for (const frame of frames) {
    const before = all.at(-1);
    if (chance.happens(0.08)) continue;
    else if (before && chance.happens(0.08)) all.splice(-1, 0, frame);
    else if (before && chance.happens(0.08)) all[all.length - 1] = bundled(before, frame);
    else if (chance.happens(0.1)) all.push(...split(frame));
    else all.push(frame);
    if (chance.happens(0.08)) all.push(frame);
  }
  return all;
}

function bundled(one: Json, other: Json): Json {
  const content = { ...(one['serverContent'] as Json), ...(other['serverContent'] as Json) };
  const isContent = 'serverContent' in one || 'serverContent' in other;
  return { ...one, ...other, ...(isContent && { serverContent: content }) };
}

/** Each member in a frame of its own. */
export function split(frame: Json): Json[] {
  return Object.entries(frame).flatMap(([name, value]) =>
    name === 'serverContent'
      ? Object.entries(value as Json).map(([key, one]) => ({ serverContent: { [key]: one } }))
      : [{ [name]: value }],
  );
}

export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
