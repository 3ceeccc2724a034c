// SPDX-License-Identifier: Apache-2.0
// Writes docs/models.md from the table of models: npx tsx scripts/models_doc.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Backend, Capabilities, Claim, ModelEntry } from '../src/models/capabilities.js';
import { claimsOf } from '../src/models/resolve.js';
import { DEFAULT_MODEL, DEFAULT_REASON, TABLE } from '../src/models/table.js';

type Field = keyof Capabilities;

const BACKENDS: Record<Backend, string> = { gemini: 'Gemini API', vertex: 'Vertex AI' };

/** The fields that decide how an app feels, with a short heading. */
const OVERVIEW: readonly (readonly [Field, string])[] = [
  ['status', 'Status'],
  ['retiresOn', 'Retires'],
  ['openToNewUsers', 'Open'],
  ['outputModalities', 'Output'],
  ['seeding', 'Seeding'],
  ['midSessionContent', 'Content mid-session'],
  ['replyRequest', 'Reply request'],
  ['instructionUpdate', 'Instruction update'],
  ['toolUpdate', 'Tool update'],
  ['toolBehaviors', 'Tool behaviors'],
  ['toolScheduling', 'Scheduling'],
  ['audioDuringBlockingCall', 'Audio in a blocking call'],
  ['thinking', 'Thinking'],
  ['affectiveDialog', 'Affective'],
  ['proactiveAudio', 'Proactive'],
  ['handle', 'Handle'],
  ['connectionLifeMs', 'Connection life'],
];

/** Nothing else is ever asked about a model that cannot be dialled. */
const LAST_WORDS: readonly Field[] = ['backends', 'status', 'retiresOn', 'replacement'];

/** docs/models.md as it should be. */
export function modelsDocument(): string {
  const places = TABLE.flatMap((entry) =>
    claimsOf(entry.name, 'gemini').backends.value.map((backend) => ({ entry, backend })),
  );
  return [
    '# Models',
    '<!-- Generated from src/models/table.ts by scripts/models_doc.ts; edit the table instead. -->',
    'What this library knows about each model, who says so, and since when. Where a page bears no ' +
      'date, the date is the month in which it was read. A source that names another model was ' +
      'inherited from that model. **unverified** marks what one party reported, what sources ' +
      'dispute and what is inferred; everything else was read in a document of the service or ' +
      'seen on the wire.',
    'Any cell can be overridden with the `capabilities` option, and a model that is not listed ' +
      'can be described with `registerModel()`; without that it is treated like the listed model ' +
      'whose name resembles it most, with a warning.',
    '## The default model',
    `${defaults()} ${DEFAULT_REASON}`,
    '## Overview',
    'A question mark stands for **unverified**, a dash for none.',
    table(
      ['Model', 'Backend', ...OVERVIEW.map(([, heading]) => heading)],
      places.map(({ entry, backend }) => overviewRow(entry, backend)),
    ),
    ...places.flatMap(({ entry, backend }) => section(entry, backend)),
  ]
    .join('\n\n')
    .concat('\n');
}

function defaults(): string {
  const names = new Set(Object.values(DEFAULT_MODEL));
  if (names.size === 1) return `An app that names no model gets \`${[...names][0]}\`.`;
  const each = Object.entries(DEFAULT_MODEL).map(
    ([backend, name]) => `\`${name}\` on the ${BACKENDS[backend as Backend]}`,
  );
  return `An app that names no model gets ${each.join(' and ')}.`;
}

function overviewRow(entry: ModelEntry, backend: Backend): string[] {
  const claims = claimsOf(entry.name, backend);
  const retired = claims.status.value === 'retired';
  const cells = OVERVIEW.map(([field]) => {
    if (retired && !LAST_WORDS.includes(field)) return '-';
    return shown(field, claims[field]) + (claims[field].unverified ? ' ?' : '');
  });
  return [`[${entry.name}](#${anchor(title(entry, backend))})`, BACKENDS[backend], ...cells];
}

function section(entry: ModelEntry, backend: Backend): string[] {
  const claims = claimsOf(entry.name, backend);
  const retired = claims.status.value === 'retired';
  const fields = retired ? LAST_WORDS : (Object.keys(claims) as Field[]);
  const notes = [
    entry.aliases && `Also answers to ${entry.aliases.map((alias) => `\`${alias}\``).join(', ')}.`,
    entry.like && `Like \`${entry.like}\` where it says nothing of its own.`,
    retired && 'Refused before anything is sent.',
  ].filter(Boolean);
  return [
    `## ${title(entry, backend)}`,
    ...(notes.length ? [notes.join(' ')] : []),
    table(
      ['Field', 'Value', 'Source', 'Date', 'Evidence'],
      fields.map((field) => row(field, claims[field])),
    ),
  ];
}

function row(field: Field, claim: Claim<unknown>): string[] {
  const mark = claim.unverified ? '**unverified**' : '';
  return [`\`${field}\``, shown(field, claim), claim.source, claim.date, mark];
}

function title(entry: ModelEntry, backend: Backend): string {
  return `${entry.name} on the ${BACKENDS[backend]}`.replace('the Vertex', 'Vertex');
}

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

function shown(field: Field, { value }: Claim<unknown>): string {
  return field === 'connectionLifeMs' ? `${Number(value) / 60_000} min` : text(value);
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'string') return `\`${value}\``;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length ? value.map(text).join(', ') : '-';
  if (typeof value === 'number') return value.toLocaleString('en-US');
  return Object.entries(value)
    .map(([name, each]) => `${name} ${text(each)}`)
    .join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) {
  writeFileSync(new URL('../docs/models.md', import.meta.url), modelsDocument());
}
