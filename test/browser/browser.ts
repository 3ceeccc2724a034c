// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { renderPage, type PageInput } from '../../src/inspect/page.js';
import { pageAssets } from '../support/page_assets.js';

const BINARY = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
export const OUT = 'out/browser';

export async function launch(): Promise<Browser> {
  if (!existsSync(BINARY)) {
    throw new Error(
      `There is no browser at ${BINARY}. Install one (Debian: apt-get install chromium), or name one ` +
        'with CHROMIUM=/path/to/chromium.',
    );
  }
  mkdirSync(OUT, { recursive: true });
  return chromium.launch({
    executablePath: BINARY,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}

/** A page as a file, as the command line writes it. */
export async function writePage(name: string, given: Omit<PageInput, 'assets'>): Promise<string> {
  const path = join(OUT, `${name}.html`);
  writeFileSync(path, renderPage({ ...given, assets: await pageAssets() }));
  return path;
}

export interface Opened {
  page: Page;
  /** What the browser complained about. */
  complaints: string[];
  /** Addresses that were asked for, besides the file itself. */
  requests: string[];
  /** Lengths of the tasks that held up the page, in ms. */
  longTasks: () => Promise<number[]>;
}

/** Opens a page, and waits until all of it is there. */
export async function open(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const isOurs = request.url() === url || request.url().startsWith('data:');
    if (!isOurs) requests.push(request.url());
  });
  await page.addInitScript(() => {
    const tasks: number[] = [];
    Object.assign(window, { longTasks: tasks });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(Math.round(duration));
    }).observe({ type: 'longtask', buffered: true });
  });
  await page.goto(url);
  await page.waitForFunction(() => document.documentElement.dataset['state'] === 'ready');
  const longTasks = (): Promise<number[]> =>
    page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
  return { page, complaints, requests, longTasks };
}
