// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { scrub } from '../protocol/scrub.js';
import type { Recording } from '../recording/parse.js';
import { CELLS_PER_CHUNK, CHUNK_TYPE, chunkId, type PageMeta } from './page_data.js';
import { asHeard, levelCells, stepFor } from './page_levels.js';
import { MARKUP } from './page_markup.js';
import { foldRows, type Row } from './page_rows.js';
import type { CallReport, QueuePoint } from './report.js';

export interface PageInput {
  recording: Recording;
  report: CallReport;
  /** Stands above the call: the name of the file. */
  title: string;
  /** The page's script and style sheet, as `dist/cli/page.js` and `dist/cli/page.css` hold them. */
  assets: { script: string; style: string };
}

/** Characters of rows in one chunk: small enough to be read when it is looked at. */
const BLOCK_CHARS = 2 ** 18;

/** A recording as one HTML file that needs no network and may use none. */
export function renderPage({ recording, report, title, assets }: PageInput): string {
  const { levels, queue, ...rest } = report;
  const rows = foldRows(recording);
  const durationMs = longest(rest.durationMs, rows.at(-1)?.t);
  const stepMs = stepFor(durationMs);
  const cuts = rest.interruptions.map(({ at }) => at);
  const caller = levelCells(levels.caller, durationMs, stepMs);
  const agent = levelCells(asHeard(levels.agent, cuts), durationMs, stepMs);
  const blocks = blocksOf(rows);
  const meta: PageMeta = {
    title,
    report: { ...rest, durationMs },
    levels: { stepMs, caller: caller.length, agent: agent.length },
    blocks: blocks.map(({ length }) => length),
  };
  const chunks = [
    chunk(chunkId('meta'), Buffer.from(JSON.stringify(meta, scrubbed))),
    chunk(chunkId('times'), bytesOf(Uint32Array.from(rows, ({ t }) => t))),
    chunk(
      chunkId('kinds'),
      Uint8Array.from(rows, ({ kind }) => kind),
    ),
    chunk(chunkId('queue'), queueBytes(queue)),
    ...cellChunks('caller', caller),
    ...cellChunks('agent', agent),
    ...blocks.map((block, index) =>
      chunk(chunkId('rows', index), Buffer.from(block.map(({ json }) => json).join('\n'))),
    ),
  ];
  return documentOf(title, assets, chunks);
}

/** Without time there is nothing to draw on: an empty recording lasts a second. */
const longest = (...times: (number | undefined)[]): number =>
  Math.min(2 ** 32 - 1, Math.max(1000, ...times.filter((ms) => Number.isFinite(ms)).map(Number)));

function documentOf(title: string, assets: PageInput['assets'], chunks: readonly string[]): string {
  // An end tag in a string of the script would end it.
  const script = assets.script.replaceAll('</script', '<\\/script');
  const { style } = assets;
  // Nothing can be fetched, sent or framed, and no text can become markup or a script.
  const policy =
    `default-src 'none'; script-src '${hash(script)}'; style-src '${hash(style)}'; ` +
    `img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<link rel="icon" href="${ICON}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    MARKUP,
    ...chunks,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

const hash = (text: string): string =>
  `sha256-${createHash('sha256').update(text).digest('base64')}`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? '').replaceAll(/\p{C}/gu, ' ');

const scrubbed = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? scrub(value) : value;

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M2 6v4M5 3v10M8 6v4M11 1v14M14 5v6" ' +
    'stroke="#6c8cff" stroke-width="2" stroke-linecap="round"/></svg>',
)}`;

function chunk(id: string, bytes: Uint8Array): string {
  const text = deflateRawSync(bytes).toString('base64');
  return `<script type="${CHUNK_TYPE}" id="${id}">${text}</script>`;
}

function cellChunks(name: string, cells: Uint8Array): string[] {
  const count = Math.ceil(cells.length / CELLS_PER_CHUNK);
  return Array.from({ length: count }, (_, index) =>
    chunk(
      chunkId(name, index),
      cells.subarray(index * CELLS_PER_CHUNK, (index + 1) * CELLS_PER_CHUNK),
    ),
  );
}

const bytesOf = (numbers: Uint32Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

function queueBytes(points: readonly QueuePoint[]): Uint8Array {
  const numbers = new Uint32Array(points.length * 3);
  points.forEach(({ t, commands, audioMs }, index) =>
    numbers.set([t, commands, audioMs], index * 3),
  );
  return bytesOf(numbers);
}

function blocksOf(rows: readonly Row[]): Row[][] {
  const blocks: Row[][] = [];
  let chars = Infinity;
  for (const row of rows) {
    if (chars >= BLOCK_CHARS) {
      blocks.push([]);
      chars = 0;
    }
    blocks.at(-1)?.push(row);
    chars += row.json.length;
  }
  return blocks;
}
