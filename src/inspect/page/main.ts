// SPDX-License-Identifier: Apache-2.0
import { chunkId } from '../page_data.js';
import { App } from './app.js';
import { pause, readCells, readChunk, readMeta, readNumbers, Rows } from './data.js';
import { modelOf } from './model.js';
import { Pyramid } from './pyramid.js';
import './page.css';

/** What is small is shown first; what is large comes in slices, and is drawn as it comes. */
async function start(): Promise<void> {
  const { dataset } = document.documentElement;
  dataset['theme'] = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const begun = performance.now();
  const meta = await readMeta();
  const model = modelOf(meta);
  const app = new App(model, new Rows(meta.blocks));
  dataset['state'] = 'begun';
  dataset['shownMs'] = (performance.now() - begun).toFixed(0);
  model.times = await readNumbers('times');
  model.kinds = await readChunk(chunkId('kinds'));
  model.queue = await readNumbers('queue');
  app.redraw();
  const { stepMs, caller, agent } = meta.levels;
  for (const [name, count] of [
    ['caller', caller],
    ['agent', agent],
  ] as const) {
    const cells = await readCells(name, count);
    await pause();
    model[name] = new Pyramid(cells, stepMs);
    app.redraw();
  }
  dataset['state'] = 'ready';
  dataset['readyMs'] = (performance.now() - begun).toFixed(0);
}

start().catch((error: unknown) => {
  document.documentElement.dataset['state'] = 'failed';
  const text = `This page could not be shown: ${String(error)}. It needs a browser of 2023 or newer.`;
  document.body.prepend(Object.assign(document.createElement('p'), { textContent: text }));
});
