// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { expect } from 'vitest';

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../golden/${name}`, import.meta.url));

/**
 * Compares a value, as JSON writes it, with the file of that name under test/golden. UPDATE_GOLDEN=1
 * writes the file instead: read what changed before you keep it.
 */
export async function expectGolden(name: string, value: unknown): Promise<void> {
  const path = pathOf(name);
  const text = JSON.stringify(value);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(path), { recursive: true });
    const config = await resolveConfig(path);
    writeFileSync(path, await format(text, { ...config, filepath: path }));
  }
  if (!existsSync(path)) throw new Error(`${path} does not exist: run with UPDATE_GOLDEN=1.`);
  expect(JSON.parse(text), name).toEqual(JSON.parse(readFileSync(path, 'utf8')));
}

/** Names of the files in a folder of test/golden. */
export function goldenFiles(folder: string): string[] {
  const path = pathOf(folder);
  return existsSync(path) ? readdirSync(path).sort() : [];
}
