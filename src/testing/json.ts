// SPDX-License-Identifier: Apache-2.0

/** A JSON object whose members nobody has checked yet. */
export type JsonObject = { [name: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined where the path breaks off. */
export function dig(value: unknown, ...path: (string | number)[]): unknown {
  let at = value;
  for (const step of path) {
    if (Array.isArray(at) && typeof step === 'number') at = at[step];
    else if (isObject(at)) at = at[step];
    else return undefined;
  }
  return at;
}

/** The value as a list of objects; anything else is left out. */
export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `turnComplete` → `turn_complete`, as the service spells names in its refusals. */
export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(name: string): string {
  return name.replace(/([a-z0-9])_([a-z])/g, (_, before: string, letter: string) => {
    return before + letter.toUpperCase();
  });
}

/** Members whose content belongs to the app: names in there are data, not fields. */
const OPAQUE = new Set([
  'args',
  'labels',
  'response',
  'responseJsonSchema',
  'parametersJsonSchema',
  'example',
  'default',
]);

/**
 * Field names in lower camel case. Both spellings are legal in proto3 JSON, and Google's Python SDK
 * mixes them within one frame.
 */
export function camelized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelized);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    const name = camel(key);
    if (OPAQUE.has(name)) return [name, inner];
    if (name === 'properties' && isObject(inner)) {
      const fields = Object.entries(inner).map(([field, schema]) => [field, camelized(schema)]);
      return [name, Object.fromEntries(fields)];
    }
    return [name, camelized(inner)];
  });
  return Object.fromEntries<unknown>(entries);
}

/** A close reason holds 123 bytes at most (RFC 6455, 5.5); the service's own are cut there. */
export function cutReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= 123) return reason;
  let end = 123;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}

/** One line for a message to a human: long base64 is cut. */
export function brief(value: unknown, limit = 300): string {
  const line = JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' && inner.length > 80 ? `${inner.slice(0, 40)}…` : inner,
  );
  if (line === undefined) return 'undefined';
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
