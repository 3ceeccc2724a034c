// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectCall } from '../../src/inspect/inspect.js';
import { parseRecording } from '../../src/recording/parse.js';
import { CallMaker } from '../support/made_up_call.js';
import { launch, open, OUT, writePage, type Opened } from './browser.js';
import { HOSTILE, realCall } from './real_call.js';

let browser: Browser;
let path: string;

beforeAll(async () => {
  browser = await launch();
  path = await writePage('call', { ...new CallMaker(7).make(240_000), title: 'call.jsonl' });
});
afterAll(async () => browser?.close());

const dataOf = (page: Page): Promise<Record<string, string>> =>
  page.locator('#timeline').evaluate(({ dataset }) => ({ ...dataset }) as Record<string, string>);

/** The visible window, when it is drawn. */
async function windowOf(page: Page): Promise<{ from: number; to: number; ms: number }> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  const { from, to } = await dataOf(page);
  return { from: Number(from), to: Number(to), ms: Number(to) - Number(from) };
}

const shot = (page: Page, name: string) => page.screenshot({ path: join(OUT, `${name}.png`) });

/** Colours of the picture of the time line, as a sum: enough to tell that something is drawn. */
const inkOf = (page: Page, y: number, height: number): Promise<number> =>
  page.locator('#timeline').evaluate(
    (canvas, [top, high]) => {
      const pen = (canvas as HTMLCanvasElement).getContext('2d');
      const { data } = pen!.getImageData(104, top!, 1100, high!);
      const colors = new Set<number>();
      for (let at = 0; at < data.length; at += 4) {
        colors.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!);
      }
      return colors.size;
    },
    [y, height],
  );

function expectQuiet({ complaints, requests }: Opened): void {
  expect(complaints).toEqual([]);
  expect(requests).toEqual([]);
}

describe('the page of a call', () => {
  it('draws every lane, in dark and light, and asks the network for nothing', async () => {
    const colors: number[][] = [];
    const pages: string[] = [];
    for (const colorScheme of ['dark', 'light'] as const) {
      const opened = await open(browser, path, { colorScheme });
      const { page } = opened;
      await windowOf(page);
      await shot(page, colorScheme);
      expectQuiet(opened);
      // Axis, connection, caller, its words, agent, its words, tools, frames.
      const lanes = [
        [4, 16],
        [33, 16],
        [58, 50],
        [116, 18],
        [142, 50],
        [200, 18],
        [226, 16],
        [286, 28],
      ] as const;
      colors.push(await Promise.all(lanes.map(([y, height]) => inkOf(page, y, height))));
      pages.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await page.context().close();
    }
    for (const ink of colors.flat()) expect(ink).toBeGreaterThan(2);
    expect(pages[0]).not.toBe(pages[1]);
  });

  it('changes between dark and light by its button', async () => {
    const { page } = await open(browser, path, { colorScheme: 'light' });
    const before = await page.screenshot();
    await page.getByRole('button', { name: 'Dark or light' }).click();
    await windowOf(page);
    expect(await page.screenshot()).not.toEqual(before);
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    await page.context().close();
  });

  it('shows the JSON of a frame that is clicked', async () => {
    const { page } = await open(browser, path);
    // The first frame that went out is setup, at the left edge of the second row of frames.
    const box = (await page.locator('#timeline').boundingBox())!;
    await page.locator('#timeline').click({ position: { x: 106, y: box.height - 21 } });
    await page.getByRole('heading', { name: '→ setup.model' }).waitFor();
    const text = (await page.locator('#details pre').textContent()) ?? '';
    expect(JSON.parse(text)).toEqual({ setup: { model: 'models/a-made-up-model' } });
    await page.context().close();
  });

  it('tells the latency of an answer where the pointer is', async () => {
    const { page } = await open(browser, path);
    await page.getByRole('option', { name: 'Agent, after' }).first().click();
    for (let at = 0; at < 8; at++) await page.keyboard.press('+');
    await windowOf(page);
    const { width } = (await page.locator('#timeline').boundingBox())!;
    let text = '';
    for (let x = 110; x < width && !text.includes('first audio after'); x += 20) {
      await page.locator('#timeline').hover({ position: { x, y: 208 } });
      text = (await page.locator('#tooltip').textContent()) ?? '';
    }
    expect(text).toMatch(/first audio after(\d+ ms|[\d.]+ s)/);
    await shot(page, 'hover');
    await page.context().close();
  });

  it('zooms where the pointer is, pans by dragging, and shows the whole call again', async () => {
    const { page } = await open(browser, path);
    const whole = await windowOf(page);
    await page.locator('#timeline').hover({ position: { x: 690, y: 60 } });
    for (let at = 0; at < 5; at++) await page.mouse.wheel(0, -300);
    const near = await windowOf(page);
    expect(near.ms).toBeLessThan(whole.ms / 4);
    const pointed = whole.ms * ((690 - 104) / (1280 - 104));
    expect(near.from + near.ms * ((690 - 104) / (1280 - 104))).toBeCloseTo(pointed, -2);
    const { y } = (await page.locator('#timeline').boundingBox())!;
    await page.mouse.down();
    await page.mouse.move(890, y + 60, { steps: 4 });
    await page.mouse.up();
    const moved = await windowOf(page);
    expect(moved.ms).toBeCloseTo(near.ms, 0);
    expect(near.from - moved.from).toBeCloseTo((near.ms * 200) / (1280 - 104), -2);
    await shot(page, 'zoomed');
    await page.getByRole('button', { name: 'Fit' }).click();
    expect(await windowOf(page)).toEqual(whole);
    await page.context().close();
  });

  it('jumps to a verdict that is chosen', async () => {
    const { report, recording } = new CallMaker(3).make(1_200_000);
    const [verdict] = report.verdicts;
    const file = await writePage('verdicts', { report, recording, title: 'verdicts' });
    const { page } = await open(browser, file);
    await page.keyboard.press('+');
    for (let at = 0; at < 6; at++) await page.keyboard.press('+');
    await page.getByRole('navigation', { name: 'Verdicts' }).getByRole('button').first().click();
    const { from, to } = await windowOf(page);
    expect(verdict!.at).toBeGreaterThan(from);
    expect(verdict!.at).toBeLessThan(to);
    expect(await page.locator('#details').textContent()).toContain(verdict!.hint);
    await shot(page, 'verdict');
    await page.context().close();
  });

  it('finds words and frames, and goes from one to the next', async () => {
    const opened = await open(browser, path);
    const { page } = opened;
    await page.keyboard.press('Control+f');
    await page.keyboard.type('THURSDAY');
    await page.waitForFunction(() =>
      /events?, \d+ frames?$/.test(document.getElementById('found')?.textContent ?? ''),
    );
    const marks = page.getByRole('option').locator('mark');
    expect(new Set(await marks.allTextContents())).toEqual(new Set(['Thursday']));
    const at: (string | null)[] = [];
    for (const key of ['Enter', 'Enter', 'Shift+Enter']) {
      await page.keyboard.press(key);
      at.push(await page.locator('#list').getAttribute('aria-activedescendant'));
      await windowOf(page);
      at[at.length - 1] = await page
        .locator('[role=option][aria-selected=true]')
        .getAttribute('id');
    }
    expect(at[0]).not.toBe(at[1]);
    expect(at[2]).toBe(at[0]);
    await shot(page, 'search');
    await page.keyboard.press('Escape');
    expect(await page.locator('#search').inputValue()).toBe('');
    await page.locator('#search').fill('toolCall');
    await page.getByRole('option', { name: 'toolCall' }).first().waitFor();
    expectQuiet(opened);
    await page.context().close();
  });

  it('works without a mouse', async () => {
    const { page } = await open(browser, path);
    const whole = await windowOf(page);
    await page.locator('#timeline').focus();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    const near = await windowOf(page);
    expect(near.ms).toBeCloseTo(whole.ms * 0.36, -1);
    await page.keyboard.press('Home');
    expect((await windowOf(page)).from).toBe(0);
    await page.keyboard.press('ArrowRight');
    expect((await windowOf(page)).from).toBeCloseTo(near.ms * 0.2, -1);
    await page.keyboard.press('End');
    expect((await windowOf(page)).to).toBe(whole.to);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('details-body');
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('timeline');
    await page.locator('#list').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('details-body');
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('list');
    await page.keyboard.press('?');
    expect(await page.locator('#help').isVisible()).toBe(true);
    await shot(page, 'help');
    await page.keyboard.press('Escape');
    expect(await page.locator('#help').isVisible()).toBe(false);
    await page.context().close();
  });

  it('is reached by Tab, part by part, and each part has a name', async () => {
    const { page } = await open(browser, path);
    const names: string[] = [];
    for (let at = 0; at < 30 && names.at(-1) !== 'What is selected'; at++) {
      await page.keyboard.press('Tab');
      names.push(
        await page.evaluate(() => {
          const active = document.activeElement as HTMLElement;
          return active.ariaLabel ?? active.textContent?.trim() ?? '';
        }),
      );
    }
    expect(names.filter((name) => name === '')).toEqual([]);
    const order = [
      'Dark or light',
      'Search the call',
      'Zoom in',
      'Time line of the call',
      'Events',
      'What is selected',
    ];
    expect(names.filter((name) => order.includes(name))).toEqual(order);
    await page.context().close();
  });

  it('fits a telephone, where details come up from below', async () => {
    const { page } = await open(browser, path, { viewport: { width: 390, height: 844 } });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await shot(page, 'narrow');
    await page.getByRole('option', { name: 'Agent, after' }).first().click();
    expect(await page.locator('#details').isVisible()).toBe(true);
    await shot(page, 'narrow-details');
    await page.getByRole('button', { name: 'Close the details' }).click();
    expect(await page.locator('#details').isVisible()).toBe(false);
    await page.context().close();
  });
});

describe('recordings of sessions', () => {
  it('a real session is drawn, and what was said stays text', async () => {
    const { given } = await realCall();
    const opened = await open(browser, await writePage('real', given));
    const { page } = opened;
    const said = page.locator('.row.caller').last();
    await said.click();
    const text = (await page.locator('#details .said').textContent()) ?? '';
    expect(text).toContain('</script><script>window.hacked=1</script>');
    expect(text).toContain('<img src=x onerror="window.hacked=2"> <!--');
    expect(text.length).toBe(HOSTILE.length);
    expect(await page.title()).toBe('real </title> call');
    await page.getByRole('tab', { name: 'Frames' }).click();
    await page.locator('#search').fill('onerror');
    await page.locator('#next').click();
    await page.locator('#details pre').waitFor();
    await windowOf(page);
    await shot(page, 'hostile');
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(await page.locator('img').count()).toBe(0);
    expectQuiet(opened);
    await page.context().close();
  });

  it('all recordings of this repository open', async () => {
    const folder = 'test/recordings';
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const files = names.filter((name) => name.endsWith('.jsonl'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const recording = parseRecording(readFileSync(join(folder, file), 'utf8'));
      const given = { recording, report: inspectCall(recording), title: file };
      const opened = await open(browser, await writePage('recording', given));
      // The list is filled once the data are unpacked.
      await opened.page.getByRole('option').first().waitFor({ timeout: 10_000 });
      if (/barge_in|resume/.test(file)) await shot(opened.page, basename(file, '.jsonl'));
      expectQuiet(opened);
      await opened.page.context().close();
    }
  });
});
