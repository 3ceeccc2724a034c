// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, isObject, snake } from '../json.js';
import { type Rule, type Verdict, invalid, invalidValue, path, unknownName } from './rule.js';
import { CLIENT_FRAME, type Field } from './shapes.js';

const MEMBERS = Object.keys(CLIENT_FRAME);

/** Rules about frames as such: who may come when, and which names exist. */
export const ENVELOPE_RULES: readonly Rule[] = [
  {
    name: 'use only names that exist',
    source: 'Live API reference, messages; refusals quoted in google/adk-python PR#5076',
    check: (frame) => {
      const stranger = Object.keys(frame).find((name) => !MEMBERS.includes(name));
      if (stranger !== undefined) return unknownName(stranger, '');
      return misfit({ kind: 'message', fields: CLIENT_FRAME }, frame, []);
    },
  },
  {
    name: 'send exactly one message per frame',
    source: 'Vertex AI multimodal-live reference, BidiGenerateContentClientMessage: a union field',
    check: (frame) => {
      const members = Object.keys(frame);
      if (members.length === 1) return undefined;
      if (members.length === 0) return invalid();
      const names = members.map(snake).join(', ');
      return invalid(`Invalid value (oneof), oneof field 'message_type' is already set: ${names}`);
    },
  },
  {
    name: 'send setup first',
    source: 'Live API reference, BidiGenerateContentSetup: the first and only first message',
    check: (frame, { phase }) =>
      phase === 'new' && !('setup' in frame)
        ? invalid('setup must be the first message and only the first.')
        : undefined,
  },
  {
    name: 'send setup once',
    source: 'Live API reference, BidiGenerateContentSetup: the first and only first message',
    check: (frame, { phase }) =>
      phase !== 'new' && 'setup' in frame
        ? invalid('setup must be the first message and only the first.')
        : undefined,
  },
  {
    name: 'wait for setupComplete',
    source: 'Live API reference: wait for BidiGenerateContentSetupComplete before anything else',
    check: (frame, { phase }) =>
      phase === 'settingUp' && !('setup' in frame) ? invalid() : undefined,
  },
];

/** The first value that does not fit its field, in the words of the service. */
function misfit(field: Field, value: unknown, at: (string | number)[]): Verdict | undefined {
  // In proto3 JSON null means absent; where that is known to be refused a rule of its own says so.
  if (value === undefined || value === null) return undefined;
  switch (field.kind) {
    case 'any':
      return undefined;
    case 'message':
      return misfitMessage(field.fields, value, at);
    case 'object':
      return isObject(value) ? undefined : invalidValue(path(...at), 'TYPE_MESSAGE', value);
    case 'map':
      if (!isObject(value)) return invalidValue(path(...at), 'TYPE_MESSAGE', value);
      return first(Object.entries(value), ([key, inner]) => misfit(field.of, inner, [...at, key]));
    case 'list':
      if (!Array.isArray(value)) return invalidValue(path(...at), 'TYPE_MESSAGE', value);
      return first([...value.entries()], ([i, inner]) => misfit(field.of, inner, [...at, i]));
    case 'enum': {
      if (Array.isArray(value)) return notRepeating(at);
      const name =
        field.anyCase && value === text(value).toLowerCase() ? text(value).toUpperCase() : value;
      if (field.values.includes(name as string)) return undefined;
      return invalidValue(path(...at), 'TYPE_ENUM', value);
    }
    default:
      if (Array.isArray(value)) return notRepeating(at);
      return fits(field.kind, value)
        ? undefined
        : invalidValue(path(...at), `TYPE_${field.kind.toUpperCase()}`, shortened(value));
  }
}

/** brightwave-inc/tidebreak#1516, patlux/pi-commandcode-provider: `type` as a list. */
function notRepeating(at: (string | number)[]): Verdict {
  const name = String(at.at(-1));
  return unknownName(
    name,
    path(...at.slice(0, -1)),
    'Proto field is not repeating, cannot start list.',
  );
}

function misfitMessage(
  fields: Record<string, Field>,
  value: unknown,
  at: (string | number)[],
): Verdict | undefined {
  if (!isObject(value)) return invalidValue(path(...at), 'TYPE_MESSAGE', value);
  return first(Object.entries(value), ([name, inner]) => {
    const field = fields[name];
    return field ? misfit(field, inner, [...at, name]) : unknownName(name, path(...at));
  });
}

function fits(kind: string, value: unknown): boolean {
  switch (kind) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'integer':
      return Number.isInteger(value);
    case 'int64':
      return Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
    case 'bytes':
      return typeof value === 'string' && isBase64(value);
    default:
      return typeof value === kind;
  }
}

function isBase64(value: string): boolean {
  return value.length % 4 !== 1 && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value);
}

function shortened(value: unknown): unknown {
  return typeof value === 'string' && value.length > 40 ? `${value.slice(0, 40)}…` : value;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function first<T, R>(values: readonly T[], find: (value: T) => R | undefined): R | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** For rules that look into one message only. */
export function member(frame: JsonObject, name: keyof typeof CLIENT_FRAME): JsonObject | undefined {
  const value = frame[name];
  return isObject(value) ? value : undefined;
}
