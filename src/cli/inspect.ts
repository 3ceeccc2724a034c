// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inspectCall } from '../inspect/inspect.js';
import type { CallReport } from '../inspect/report.js';
import { renderPage } from '../inspect/page.js';
import { textOf, type Paint } from '../inspect/text.js';
import { EXIT, UsageError, type Io } from './io.js';
import { readRecording } from './read.js';

const HELP = `Usage: gemini-live inspect <file>... [options]

Prints a recorded call: what went wrong, what was said and when, latencies, interruptions, tools,
tokens and connections. Several files of one session (call.jsonl, call.2.jsonl) make one call.

  --json         the report as JSON, without the level of each audio frame
  --from <time>  leave out what happened before: seconds, m:ss or h:mm:ss
  --to <time>    leave out what happened after
  --html <file>  one page with a time line of the whole call, to open in a browser; it needs no network
  --help         this text

Exit code 0, whatever went wrong in the call; 1 when a file cannot be read, 2 for a wrong option.`;

const OPTIONS = {
  json: { type: 'boolean' },
  from: { type: 'string' },
  to: { type: 'string' },
  html: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `gemini-live inspect`. */
export async function inspectCommand(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = given(args);
  if (values.help) {
    for (const line of HELP.split('\n')) io.out(line);
    return EXIT.ok;
  }
  if (positionals.length === 0) throw new UsageError('inspect needs a file: what `record` wrote.');
  const from = timeOf('--from', values.from) ?? 0;
  const to = timeOf('--to', values.to) ?? Infinity;
  if (to < from) throw new UsageError('--to lies before --from.');
  if (values.html !== undefined) return writePage(positionals, values.html, io);
  const report = inspectCall(await readRecording(positionals));
  if (values.json) io.out(JSON.stringify(within(report, from, to), null, 2));
  else {
    const width = Math.max(60, Math.min(process.stdout.columns ?? 100, 120));
    const paint = io.isTerminal ? COLOURS : undefined;
    for (const line of textOf(report, { from, to, width, ...(paint && { paint }) })) io.out(line);
  }
  return EXIT.ok;
}

async function writePage(paths: readonly string[], to: string, io: Io): Promise<number> {
  const isRecording = paths.some((path) => resolve(path) === resolve(to));
  if (to === '' || isRecording) throw new UsageError('--html needs the name of a file to write.');
  const assets = pageAssets();
  const recording = await readRecording(paths);
  const title = paths.map((path) => basename(path)).join(', ');
  const page = renderPage({ recording, report: inspectCall(recording), title, assets });
  try {
    writeFileSync(to, page, { mode: 0o600 });
  } catch (error) {
    throw new Error(`${to} cannot be written: ${(error as Error).message}`);
  }
  io.err(`Written: ${to} (${Math.ceil(Buffer.byteLength(page) / 1024)} KB). Open it in a browser.`);
  return EXIT.ok;
}

/** The build puts them beside the command. */
function pageAssets(): { script: string; style: string } {
  const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
  try {
    return { script: read('./page.js'), style: read('./page.css') };
  } catch {
    throw new Error(
      'The script of the page is not beside the command. Build the package: npm run build.',
    );
  }
}

function given(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** `90`, `1:30` or `0:01:30.5` in ms. */
function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^(?:\d+:){0,2}\d+(?:\.\d+)?$/.test(text)) {
    throw new UsageError(`${option} is '${text}'. Give seconds, m:ss or h:mm:ss.`);
  }
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
}

/** What of a report lies in a part of the call; its numbers are about all of it. */
function within(report: CallReport, from: number, to: number): object {
  const { levels: _, ...rest } = report;
  const at = <T extends { at: number }>(list: readonly T[]): T[] =>
    list.filter((one) => one.at >= from && one.at <= to);
  const spans = <T extends { from: number; to: number | undefined }>(list: readonly T[]): T[] =>
    list.filter((one) => (one.to ?? Infinity) >= from && one.from <= to);
  const { answers, utterances, tools, connections, gaps } = rest;
  return {
    ...rest,
    ...{ answers: spans(answers), utterances: spans(utterances), tools: spans(tools) },
    ...{ connections: spans(connections), gaps: spans(gaps) },
    ...{ interruptions: at(rest.interruptions), requests: at(rest.requests) },
    ...{ verdicts: at(rest.verdicts), queue: rest.queue.filter(({ t }) => t >= from && t <= to) },
  };
}

const CODES = { error: 31, warning: 33, note: 36, dim: 2, bold: 1 };
const COLOURS: Paint = (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`;
