// SPDX-License-Identifier: Apache-2.0
/**
 * Writes test/recordings/<model>/<scenario>.jsonl: a session of this package against the strict server,
 * for each scenario and each row of the table that makes its frames different.
 *
 *   npm run fixtures [-- part of a path]
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initializeLogger } from '@livekit/agents';
import { rows, type Row } from '../test/support/model_rows.js';
import { SCENARIOS, type Scenario } from './recordings/scenarios.js';
import { Stage } from './recordings/stage.js';

const WORKERS = 6;
const FOLDER = fileURLToPath(new URL('../test/recordings/', import.meta.url));

/** The first row of each combination of the cells that decide. */
function rowsFor({ applies, cells }: Scenario, among: readonly Row[]): Row[] {
  const different = new Map<string, Row>();
  for (const row of among) {
    if (!applies(row.capabilities)) continue;
    const values = cells.map((cell) => (cell === 'backend' ? row.backend : row.capabilities[cell]));
    const key = JSON.stringify(values);
    if (!different.has(key)) different.set(key, row);
  }
  return [...different.values()];
}

async function record(name: string, scenario: Scenario, row: Row): Promise<string> {
  const stage = await Stage.open(row, scenario.given?.(row.capabilities) ?? {});
  try {
    await scenario.play(stage);
  } catch (error) {
    const last = stage.lines.slice(-12).join('\n');
    throw new Error(`${name}, ${row.name} on ${row.backend}:\n${last}`, { cause: error });
  }
  const lines = await stage.close();
  const { format, ...head } = JSON.parse(lines[0] as string).note;
  const note = { format, synthetic: true, witness: scenario.witness(row), ...head };
  const first = { t: 0, connection: 0, dir: 'note', note };
  return stable([JSON.stringify(first), ...lines.slice(1), ''].join('\n'));
}

/** Ids that the server draws by lot are counted instead. */
function stable(text: string): string {
  const ids = new Map<string, string>();
  return text.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
    const count = String(ids.size + 1).padStart(12, '0');
    ids.set(id, ids.get(id) ?? `00000000-0000-4000-8000-${count}`);
    return ids.get(id) as string;
  });
}

const [only = ''] = process.argv.slice(2);
initializeLogger({ pretty: false, level: 'silent' });
if (only === '') rmSync(FOLDER, { recursive: true, force: true });
const wanted = Object.entries(SCENARIOS).flatMap(([name, scenario]) =>
  rowsFor(scenario, rows()).flatMap((row) => {
    const folder = row.backend === 'vertex' ? `${row.name}@vertex` : row.name;
    const path = `${folder}/${name}.jsonl`;
    return path.includes(only) ? [{ path, name, scenario, row }] : [];
  }),
);
let bytes = 0;
const waiting = [...wanted];
/** They wait for their sockets most of the time. */
async function worker(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const text = await record(next.name, next.scenario, next.row);
    mkdirSync(dirname(FOLDER + next.path), { recursive: true });
    writeFileSync(FOLDER + next.path, text);
    console.log(`${next.path}: ${text.split('\n').length - 1} lines, ${text.length} bytes`);
    bytes += text.length;
  }
}
await Promise.all(Array.from({ length: WORKERS }, worker));
console.log(`${wanted.length} recordings, ${Math.round(bytes / 1024)} KiB`);
process.exit(0);
