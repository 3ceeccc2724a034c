// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { launch, open, OUT } from './browser.js';
import { realCall } from './real_call.js';

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(async () => browser?.close());

it('the built command makes a page that opens', async () => {
  const dist = resolve(OUT, 'dist');
  execFileSync('npx', ['tsup', '--no-dts', '--out-dir', dist], { stdio: 'ignore' });
  const { jsonl } = await realCall();
  const recording = join(OUT, 'real.jsonl');
  const html = join(OUT, 'cli.html');
  writeFileSync(recording, jsonl);
  execFileSync(process.execPath, [join(dist, 'cli.js'), 'inspect', recording, '--html', html]);
  const { page, complaints, requests } = await open(browser, html);
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('real.jsonl');
  await page.getByRole('option', { name: 'It is sunny' }).waitFor();
  expect([...complaints, ...requests]).toEqual([]);
  await page.context().close();
});
