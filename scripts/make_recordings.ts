// SPDX-License-Identifier: Apache-2.0
/**
 * Writes test/recordings/<model>/<scenario>.jsonl and its golden trace: a session of this package
 * against the strict server, for each scenario and each row of the table that makes its frames different.
 *
 *   npm run fixtures [-- part of a path]
 *
 * Two runs write the same. Recordings that are not synthetic are left alone.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initializeLogger } from '@livekit/agents';
import { parseRecording, traceOf } from '../src/testing/index.js';
import { Stage } from './recordings/stage.js';
import { wantedRecordings, type Wanted } from './recordings/wanted.js';

const WORKERS = 6;
const FOLDER = fileURLToPath(new URL('../test/recordings/', import.meta.url));

async function record({ path, scenario, row }: Wanted): Promise<string> {
  const stage = await Stage.open(row, scenario.given?.(row.capabilities) ?? {});
  try {
    await scenario.play(stage);
  } catch (error) {
    const last = stage.lines.slice(-12).join('\n');
    throw new Error(`${path} fails after:\n${last}`, { cause: error });
  }
  const lines = await stage.close();
  const { format, ...head } = JSON.parse(lines[0] as string).note;
  const note = { format, synthetic: true, witness: scenario.witness(row), ...head };
  const first = { t: 0, connection: 0, dir: 'note', note };
  return stable([JSON.stringify(first), ...lines.slice(1), ''].join('\n'));
}

/** Ids that the server and LiveKit draw by lot are counted instead. */
function stable(text: string): string {
  const ids = new Map<string, string>();
  const counted = (id: string): string => {
    const count = String(ids.size + 1);
    const isItem = id.startsWith('item_');
    const name = isItem ? `item_lk${count}` : `00000000-0000-4000-8000-${count.padStart(12, '0')}`;
    ids.set(id, ids.get(id) ?? name);
    return ids.get(id) as string;
  };
  return text
    .replace(/item_[0-9a-f]{8}-[0-9a-f]{3}/g, counted)
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, counted);
}

function recordings(): string[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.jsonl'),
  );
}

const isSynthetic = (path: string): boolean =>
  parseRecording(readFileSync(FOLDER + path, 'utf8')).head.synthetic === true;

const goldenOf = (path: string): string => path.replace(/jsonl$/, 'golden.txt');

function remove(path: string): void {
  rmSync(FOLDER + path);
  rmSync(FOLDER + goldenOf(path), { force: true });
}

const [only = ''] = process.argv.slice(2);
initializeLogger({ pretty: false, level: 'silent' });
if (only === '') for (const path of recordings()) if (isSynthetic(path)) remove(path);
const wanted = wantedRecordings().filter(({ path }) => path.includes(only));
let bytes = 0;
const waiting = [...wanted];
/** They wait for their sockets most of the time. */
async function worker(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const text = await record(next);
    mkdirSync(dirname(FOLDER + next.path), { recursive: true });
    writeFileSync(FOLDER + next.path, text);
    writeFileSync(FOLDER + goldenOf(next.path), traceOf(parseRecording(text)));
    console.log(`${next.path}: ${text.split('\n').length - 1} lines, ${text.length} bytes`);
    bytes += text.length;
  }
}
await Promise.all(Array.from({ length: WORKERS }, worker));
console.log(`${wanted.length} recordings, ${Math.round(bytes / 1024)} KiB`);
process.exit(0);
