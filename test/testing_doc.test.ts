// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LiveConnection, LiveServer } from '../src/testing/index.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

/** The example as its readers would write it: with the package's names, and without indentation. */
const EXAMPLE = ['restaurant.ts', 'call.ts', 'restaurant.test.ts']
  .map((name) => read(`examples/testing/${name}`))
  .join('\n')
  .replaceAll('../../src/testing/index.js', 'livekit-agents-plugin-gemini-live/testing')
  .replaceAll('../../src/index.js', 'livekit-agents-plugin-gemini-live');

const flat = (code: string): string => code.replaceAll(/^\s+/gm, '').trim();

const BLOCKS = [...read('docs/testing.md').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code]) => code!,
);

test('the guide has code', () => {
  expect(BLOCKS.length).toBeGreaterThan(5);
});

/** The names of an import, each with where it comes from. */
const imported = (code: string): string[] =>
  [...code.matchAll(/^import (?:type )?{([^}]*)} from '(.*)';$/gm)].flatMap(([, names, source]) =>
    names!.split(',').flatMap((name) => {
      const bare = name.replace('type ', '').trim();
      return bare === '' ? [] : [`${bare} from ${source}`];
    }),
  );

test.each(BLOCKS)('an excerpt of the example: %s', (block) => {
  expect(imported(EXAMPLE)).toEqual(expect.arrayContaining(imported(block)));
  const body = flat(block.replaceAll(/^import .*$/gm, ''));
  expect(flat(EXAMPLE).includes(body), 'the example has these lines').toBe(true);
});

const MEMBERS = [...read('docs/testing.md').matchAll(/`(connection|server)\.(\w+)/g)].map(
  ([, owner, member]) => ({ owner, member: member as string }),
);
const LISTS = ['violations', 'dials', 'connections'];

test.each(MEMBERS)('$owner.$member exists', ({ owner, member }) => {
  const { prototype } = owner === 'server' ? LiveServer : LiveConnection;
  expect(member in prototype || LISTS.includes(member)).toBe(true);
});
