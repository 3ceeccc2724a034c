// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Output {
  inputs: Record<string, unknown>;
  imports: { path: string; kind: string; external?: boolean }[];
}
const outDir = join(tmpdir(), `import-${process.pid}`);
let output: Output;
let code: string;

beforeAll(async () => {
  const entry = [fileURLToPath(new URL('../src/index.ts', import.meta.url))];
  const options = { entry, outDir, format: 'esm', target: 'node20', platform: 'node' } as const;
  await build({ ...options, config: false, silent: true, metafile: true });
  const metafile = JSON.parse(readFileSync(join(outDir, 'metafile-esm.json'), 'utf8')) as {
    outputs: Record<string, Output>;
  };
  output = Object.entries(metafile.outputs).find(([path]) => basename(path) === 'index.js')![1];
  code = readFileSync(join(outDir, 'index.js'), 'utf8');
});
afterAll(() => rmSync(outDir, { recursive: true, force: true }));

const packages = (kind: string): string[] =>
  [...new Set(output.imports.filter((one) => one.kind === kind).map(({ path }) => path))].sort();

describe('an import of the package', () => {
  it('loads what the framework has loaded already, and nothing else', () => {
    const ofNode = ['buffer', 'crypto', 'fs', 'path', 'stream', 'stream/web', 'util'];
    const expected = ['@livekit/agents', '@livekit/rtc-node', ...ofNode, 'ws'];
    expect(packages('import-statement')).toEqual(expected);
  });

  it('reads only rooms that a call can need', () => {
    const rooms = Object.keys(output.inputs).map((path) => /^src\/(\w+)\//.exec(path)?.[1] ?? path);
    const known = [
      'audio',
      'connection',
      'livekit',
      'models',
      'protocol',
      'recording',
      'send_queue',
    ];
    const others = rooms.filter((room) => ![...known, 'turn'].includes(room));
    expect(others.filter((path) => !/^src\/\w+\.ts$/.test(path))).toEqual([]);
  });

  it('leaves to the first use what not every call needs', () => {
    const expected = ['@google/genai', 'google-auth-library', 'sharp'];
    expect(packages('dynamic-import')).toEqual(expected);
  });

  // One character beyond it makes V8 keep the whole file with two bytes for each character. In a
  // string or template the bundler escapes it, in a regular expression and in some comments it cannot.
  it('is in ASCII', () => {
    expect(code.split('\n').filter((line) => /[^\0-\x7f]/.test(line))).toEqual([]);
  });
});
