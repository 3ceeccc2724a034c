// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';

const cwd = fileURLToPath(new URL('..', import.meta.url));

// The snippets belong to files that do not exist, so the rules that need types are left out here.
const untyped = new ESLint({
  cwd,
  overrideConfig: [
    tseslint.configs.disableTypeChecked,
    { rules: { '@typescript-eslint/no-unused-vars': 'off' } },
  ],
});

const lint = async (eslint: ESLint, filePath: string, code: string): Promise<string[]> => {
  const results = await eslint.lintText(code, { filePath });
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message }) => ruleId ?? message),
  );
};
const rulesBroken = (file: string, code: string) => lint(untyped, file, code);

const IMPORTS = '@typescript-eslint/no-restricted-imports';
const SYNTAX = 'no-restricted-syntax';
const from = (source: string) => `import { x } from '${source}';`;
const types = (source: string) => `import type { X } from '${source}';`;
const lines = (count: number) => 'f();\n'.repeat(count);
const head = (code: string) => code.replaceAll(/\s+/g, ' ').slice(0, 70);

const CLOSED: readonly [file: string, code: string, rule: string][] = [
  // The arrows.
  ['src/models/a.ts', from('../errors.js'), IMPORTS],
  ['src/audio/a.ts', from('../protocol/encode.js'), IMPORTS],
  ['src/turn/a.ts', from('../audio/resampler.js'), IMPORTS],
  ['src/models/a.ts', types('../protocol/frames.js'), IMPORTS],
  ['src/protocol/a.ts', from('../turn/step.js'), IMPORTS],
  ['src/protocol/a.ts', types('../options.js'), IMPORTS],
  ['src/turn/a.ts', from('../send_queue/send_queue.js'), IMPORTS],
  ['src/turn/deep/a.ts', from('../../send_queue/send_queue.js'), IMPORTS],
  ['src/turn/a.ts', from('./../send_queue/send_queue.js'), IMPORTS],
  ['src/turn/a.ts', from('../../package.json'), IMPORTS],
  ['src/turn/a.ts', types('../connection/socket.js'), IMPORTS],
  ['src/turn/a.ts', from('../clock.js'), IMPORTS],
  ['src/turn/a.ts', `export * from '../livekit/session.js';`, IMPORTS],
  ['src/turn/a.ts', `await import('../connection/dial.js');`, SYNTAX],
  ['src/turn/a.ts', `type X = import('../connection/dial.js').X;`, SYNTAX],
  ['src/send_queue/a.ts', from('../turn/state.js'), IMPORTS],
  ['src/send_queue/a.ts', from('../connection/policy.js'), IMPORTS],
  ['src/connection/a.ts', from('../turn/step.js'), IMPORTS],
  ['src/connection/a.ts', from('../send_queue/survival.js'), IMPORTS],
  ['src/connection/a.ts', from('../livekit/session.js'), IMPORTS],
  ['src/livekit/a.ts', from('../index.js'), IMPORTS],
  ['src/livekit/a.ts', from('../testing/live_server.js'), IMPORTS],
  ['src/testing/a.ts', from('../connection/socket.js'), IMPORTS],
  ['src/testing/a.ts', from('../livekit/session.js'), IMPORTS],
  ['src/recording/a.ts', from('../turn/step.js'), IMPORTS],
  ['src/recording/a.ts', from('../options.js'), IMPORTS],
  ['src/options.ts', types('./realtime.js'), IMPORTS],
  ['src/index.ts', from('./testing/index.js'), IMPORTS],
  // Guarded packages.
  ['src/protocol/a.ts', from('@livekit/agents'), IMPORTS],
  ['src/protocol/history.ts', from('@livekit/agents'), IMPORTS],
  ['src/options.ts', from('@livekit/agents'), IMPORTS],
  ['src/turn/a.ts', types('@livekit/rtc-node'), IMPORTS],
  ['src/livekit/a.ts', from('ws'), IMPORTS],
  ['src/connection/dial.ts', from('ws'), IMPORTS],
  ['src/connection/dial.ts', `await import('ws');`, SYNTAX],
  ['src/livekit/a.ts', from('google-auth-library'), IMPORTS],
  // Time and chance.
  ['src/turn/a.ts', 'Date.now();', 'no-restricted-properties'],
  ['src/turn/a.ts', 'new Date();', SYNTAX],
  ['src/livekit/a.ts', 'performance.now();', 'no-restricted-globals'],
  ['src/livekit/a.ts', 'setTimeout(f, 1);', 'no-restricted-globals'],
  ['src/livekit/a.ts', 'setInterval(f, 1);', 'no-restricted-globals'],
  ['src/connection/a.ts', 'globalThis.setTimeout(f, 1);', 'no-restricted-properties'],
  ['src/connection/a.ts', from('node:timers/promises'), IMPORTS],
  ['src/connection/a.ts', 'AbortSignal.timeout(1);', 'no-restricted-properties'],
  ['src/connection/a.ts', 'Math.random();', 'no-restricted-properties'],
  // Names, size, noise.
  ['src/livekit/a.ts', `f('gemini-9.9-live');`, SYNTAX],
  ['src/testing/a.ts', 'f(`models/gemini-9.9-live`);', SYNTAX],
  ['src/cli/a.ts', `f('gemini-live-9.9-flash');`, SYNTAX],
  ['src/inspect/a.ts', from('../livekit/session.js'), IMPORTS],
  ['src/inspect/a.ts', from('@livekit/agents'), IMPORTS],
  ['src/turn/a.ts', `f('3.1');`, SYNTAX],
  ['src/turn/a.ts', lines(301), 'max-lines'],
  ['src/models/table.ts', lines(401), 'max-lines'],
  ['src/turn/a.ts', `function g() {\n${lines(50)}}`, 'max-lines-per-function'],
  ['src/livekit/a.ts', `console.log('hello');`, 'no-console'],
  ['src/turn/a.ts', 'f(1 as any);', '@typescript-eslint/no-explicit-any'],
];

const OPEN: readonly [file: string, code: string][] = [
  ['src/models/a.ts', from('./capabilities.js') + types('@google/genai')],
  ['src/protocol/history.ts', types('@livekit/agents')],
  ['src/turn/a.ts', from('../protocol/facts.js') + types('../errors.js') + from('./state.js')],
  ['src/turn/deep/a.ts', from('../../protocol/facts.js') + from('../state.js')],
  ['src/send_queue/a.ts', from('../protocol/encode.js') + from('../models/capabilities.js')],
  ['src/connection/a.ts', from('../protocol/close_codes.js') + from('../clock.js')],
  ['src/connection/a.ts', from('google-auth-library') + from('./dial.js')],
  ['src/connection/socket.ts', from('ws')],
  ['src/livekit/a.ts', from('../turn/step.js') + from('../connection/connection.js')],
  ['src/livekit/a.ts', from('../audio/resampler.js')],
  ['src/livekit/a.ts', from('@livekit/agents') + from('../send_queue/send_queue.js')],
  ['src/testing/a.ts', from('../protocol/frames.js') + from('ws') + 'setTimeout(f, 1);'],
  ['src/clock.ts', 'Date.now(); performance.now(); setTimeout(f, 1);'],
  ['src/options.ts', types('@livekit/agents') + types('./models/capabilities.js')],
  ['src/index.ts', from('./livekit/model.js') + from('@livekit/agents') + from('./errors.js')],
  ['src/index.ts', from('./realtime.js') + types('./turn/effects.js')],
  ['src/index.ts', `f('livekit-agents-plugin-gemini-live');`],
  ['src/cli/a.ts', `f('gemini-live inspect');` + from('../inspect/inspect.js')],
  ['src/models/table.ts', `f('gemini-9.9-live');\n` + lines(350)],
  ['src/turn/a.ts', `function g() {\n${'// why\n'.repeat(40)}${lines(40)}}`],
  ['src/turn/a.ts', 'new Date(0);'],
  ['test/a.test.ts', from('../src/turn/step.js') + 'Date.now(); setTimeout(f, 1);'],
];

describe('the rules of the house', { timeout: 60_000 }, () => {
  for (const [file, code, rule] of CLOSED) {
    it(`${file} may not: ${head(code)}`, async () => {
      expect(await rulesBroken(file, code)).toEqual([rule]);
    });
  }

  for (const [file, code] of OPEN) {
    it(`${file} may: ${head(code)}`, async () => {
      expect(await rulesBroken(file, code)).toEqual([]);
    });
  }

  it('a promise may not float in src', async () => {
    const eslint = new ESLint({ cwd });
    const code = 'async function f(): Promise<void> {}\nf();\n';
    expect(await lint(eslint, 'src/errors.ts', code)).toEqual([
      '@typescript-eslint/no-floating-promises',
    ]);
  });
});
