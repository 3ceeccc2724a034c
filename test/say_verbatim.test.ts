// SPDX-License-Identifier: Apache-2.0
import { voice } from '@livekit/agents';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { sayVerbatim } from '../src/index.js';
import { deviation } from '../src/livekit/say_verbatim.js';
import { startAgent } from './support/agent.js';

describe('the deviation of what was said', () => {
  it.each<[string, string, number]>([
    ['Your code is 4 7 1.', 'your code is: 4, 7, 1', 0],
    ['Your code is 4 7 1.', 'Your code is 4 7 2.', 1 / 6],
    ['One two three four.', 'One two four.', 1 / 4],
    ['One two.', 'Well, one two.', 1 / 3],
    ['One two.', '', 1],
    ['', '', 0],
    ['これはテストです', 'これはテストです。', 0],
    ['Ça va très bien', 'ça va TRÈS bien', 0],
  ])('%j, said %j: %d', (text, spoken, expected) => {
    expect(deviation(text, spoken)).toBeCloseTo(expected);
  });

  it('is none for a text itself, never above one, and the same both ways', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(deviation(one, one)).toBe(0);
        expect(deviation(one, other)).toBeLessThanOrEqual(1);
        expect(deviation(one, other)).toBe(deviation(other, one));
      }),
    );
  });
});

test('a text is asked for word for word, and the deviation is told', async () => {
  const { server, session } = await startAgent(new voice.Agent({ instructions: 'A bot.' }));
  const exact = sayVerbatim(session, 'Your code is 4 7 1.');
  const connection = await server.connection(0);
  const frame = await connection.waitFor('clientContent');
  expect(JSON.stringify(frame)).toContain('Your code is 4 7 1.');
  void connection.turn({ say: 'Your code is 4 7 1.' });
  expect(await exact).toEqual({
    spoken: 'Your code is 4 7 1.',
    deviation: 0,
    interrupted: false,
  });

  const other = sayVerbatim(session, 'Goodbye and thank you.');
  await connection.waitFor((f) => JSON.stringify(f).includes('Goodbye'));
  void connection.turn({ say: 'Goodbye and many thanks.' });
  expect((await other).deviation).toBe(0.5);
  server.assertClean();
});

test('an interrupted one says so', async () => {
  const { server, session, until } = await startAgent(new voice.Agent({ instructions: 'A bot.' }));
  const saying = sayVerbatim(session, 'One two three four five six.');
  const connection = await server.connection(0);
  await connection.waitFor('clientContent');
  void connection.turn({ say: 'One two three', ms: 60_000, complete: false });
  await until((told) => told.includes('agent is speaking'));
  connection.interrupted();
  expect(await saying).toMatchObject({ interrupted: true });
});
