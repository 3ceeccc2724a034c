// SPDX-License-Identifier: Apache-2.0

/**
 * Why something that the server sent is of no use. `missing`: a member without which the one around it
 * means nothing. `unusable`: it was read, and what had to be done about it (`member`) failed here.
 */
export type ProtocolErrorKind =
  'not_json' | 'not_an_object' | 'wrong_type' | 'missing' | 'too_deep' | 'too_many' | 'unusable';

/** What the server sent and the protocol does not allow; the rest of its message is read. */
export interface ProtocolError {
  why: ProtocolErrorKind;
  /** Where in the frame, such as `serverContent.modelTurn.parts`; absent: all of it. */
  member?: string;
  /** What stood there. */
  value: unknown;
}

/** Nothing of protobuf is nested deeper, and recursion of our own (JSON, comparisons) has an end. */
const MOST_DEPTH = 100;
/** Whoever sends nothing but garbage is not listed item by item. */
const MOST_ERRORS = 20;

/** What is wrong in one frame. */
export class Faults {
  readonly errors: ProtocolError[] = [];

  add(why: ProtocolErrorKind, member: string, value: unknown): false {
    if (this.errors.length < MOST_ERRORS) this.errors.push({ why, member, value });
    return false;
  }
}

/** Takes out of `value`, in place, what is not of its type. False: nothing of it can be used. */
export type Shape = (value: unknown, at: string, faults: Faults) => boolean;

export type Members = Readonly<Record<string, Shape>>;

const is =
  (type: 'string' | 'number' | 'boolean'): Shape =>
  (value, at, faults) =>
    typeof value === type || faults.add('wrong_type', at, value);

export const string = is('string');
export const number = is('number');
export const boolean = is('boolean');

/** Anything whose depth can be borne. */
export const any: Shape = (value, at, faults) =>
  isWithin(value, MOST_DEPTH) || faults.add('too_deep', at, value);

/** Any object. */
export const someObject: Shape = (value, at, faults) =>
  isObject(value) ? any(value, at, faults) : faults.add('wrong_type', at, value);

/** Either of two. */
export const either =
  (one: Shape, other: Shape): Shape =>
  (value, at, faults) =>
    one(value, at, new Faults()) || other(value, at, faults);

/**
 * @param needs without these it means nothing
 * @param whole what is wrong with one member takes all of it away
 */
export function object(members: Members, { needs = [] as string[], whole = false } = {}): Shape {
  return (value, at, faults) => {
    if (!isObject(value)) return faults.add('wrong_type', at, value);
    let fits = true;
    for (const name of Object.keys(value)) {
      const shape = Object.hasOwn(members, name) ? members[name] : undefined;
      // In protobuf's JSON null is a member that is not there.
      const isAbsent = shape !== undefined && value[name] === null;
      const where = at === '' ? name : `${at}.${name}`;
      if (!isAbsent && (shape ?? any)(value[name], where, faults)) continue;
      delete value[name];
      if (!isAbsent && (whole || needs.includes(name))) fits = false;
    }
    if (!fits) return false;
    const missing = needs.find((name) => !Object.hasOwn(value, name));
    return missing === undefined || faults.add('missing', `${at}.${missing}`, value);
  };
}

/** @param most so many of it are read */
export function list(of: Shape, most = Infinity): Shape {
  return (value, at, faults) => {
    if (!Array.isArray(value)) return faults.add('wrong_type', at, value);
    const all: unknown[] = value;
    if (all.length > most) faults.add('too_many', at, all.length);
    let kept = 0;
    for (const one of all.slice(0, most)) if (of(one, at, faults)) all[kept++] = one;
    all.length = kept;
    return true;
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((one) => isWithin(one, depth - 1));
}
