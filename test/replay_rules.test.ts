// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { turnRules } from '../src/livekit/rules.js';
import type { Backend } from '../src/models/capabilities.js';
import { modelNames, resolve } from '../src/models/resolve.js';
import { parseRecording } from '../src/recording/parse.js';
import { replay } from '../src/replay/replay.js';
import { rulesOf } from '../src/replay/rules.js';
import { validate } from '../src/validate.js';

const rows = modelNames().flatMap((model) =>
  resolve(model, 'gemini').capabilities.backends.map((backend) => [model, backend] as const),
);

describe('a recording that does not say what the machine was told', () => {
  const told = (model: string | undefined, backend: Backend): unknown => {
    const where = backend === 'vertex' ? { project: 'p' } : { apiKey: 'k' };
    const capabilities = { status: 'legacy' } as const;
    const options = { vertexai: backend === 'vertex', capabilities, ...where };
    const given = { ...options, ...(model !== undefined && { model }) };
    return turnRules(validate(given, {}, '1970-01-01').settings);
  };

  it.each(rows)('has what %s on %s is told by default', (model, backend) => {
    expect({ ...rulesOf({ format: 1, model, backend }) }).toEqual({
      ...(told(model, backend) as object),
    });
  });

  it('and no model has the default one', () => {
    expect({ ...rulesOf({ format: 1 }) }).toEqual({ ...(told(undefined, 'gemini') as object) });
    expect({ ...rulesOf({ format: 1, backend: 'vertex' }) }).toEqual({
      ...(told(undefined, 'vertex') as object),
    });
  });
});

describe('a later file of a session', () => {
  const line = (rest: object): string => JSON.stringify({ t: 0, connection: 3, ...rest });
  const data = 'AAECAAECAAECAAECAAEC';
  const parts = [{ inlineData: { data, mimeType: 'audio/pcm;rate=24000' } }];
  const spoken = line({ dir: 'in', frame: { serverContent: { modelTurn: { parts } } } });
  const tick = line({ dir: 'local', input: { type: 'tick' } });
  const inputs = (...lines: string[]): string[] =>
    replay(parseRecording(lines.join('\n'))).map(({ input }) => input.type);

  it('begins on a connection that is up', () => {
    expect(inputs(spoken, tick)).toEqual(['audio', 'tick']);
  });

  it('unless its setup is there', () => {
    const setup = line({ dir: 'out', frame: { setup: { model: 'm' } } });
    expect(inputs(setup, spoken, tick)).toEqual(['tick']);
  });
});
