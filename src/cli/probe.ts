// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { systemClock } from '../clock.js';
import { openSocket } from '../connection/socket.js';
import { ask, proposals } from '../probe/probe.js';
import { QUESTIONS, type Question } from '../probe/questions.js';
import type { Finding, LabOptions } from '../probe/lab.js';
import { validate } from '../validate.js';
import { EXIT, UsageError, type Io } from './io.js';

const EXTRA = QUESTIONS.filter(({ isExtra }) => isExtra).map(({ id }) => id);

const HELP = `Usage: gemini-live probe [options]

Asks the real service what nobody's public evidence settles, records each question, and proposes
entries for the capability table. Needs a key (GOOGLE_API_KEY or GEMINI_API_KEY; for Vertex AI the
default credentials), and costs a few minutes of live sessions.

  --model <name>     the model to ask (default: the default model of the backend)
  --vertex           ask Vertex AI instead of the Gemini API
  --only <ids>       only these questions, separated by commas
  --list             print the questions, and ask nothing
  --out <folder>     where recordings go (default: probe-recordings)
  --base-url <url>   another address, for example a proxy's
  --help             this text

Asked only when named: ${EXTRA.join(', ')}.`;

const OPTIONS = {
  model: { type: 'string' },
  vertex: { type: 'boolean' },
  only: { type: 'string' },
  list: { type: 'boolean' },
  out: { type: 'string', default: 'probe-recordings' },
  'base-url': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `gemini-live probe`. */
export async function probeCommand(args: readonly string[], io: Io): Promise<number> {
  const values = given(args);
  if (values.help) return say(io, HELP.split('\n'));
  const questions = chosen(values.only);
  if (values.list)
    return say(
      io,
      questions.map(({ id, asks }) => `${id.padEnd(22)}${asks}`),
    );
  const today = new Date(systemClock.now()).toISOString().slice(0, 10);
  const baseUrl = values['base-url'];
  const { settings, warnings } = validate(
    {
      ...(values.model !== undefined && { model: values.model }),
      ...(values.vertex && { vertexai: true }),
      ...(baseUrl !== undefined && { httpOptions: { baseUrl } }),
      // Whether the table is right is the question.
      capabilities: { backends: ['gemini', 'vertex'], status: 'preview' },
    },
    process.env,
    today,
  );
  for (const warning of warnings) io.err(warning);
  const { model, endpoint } = settings;
  const folder = `${values.out}/${model.replaceAll('/', '_')}.${endpoint.backend}`;
  const lab: LabOptions = {
    settings,
    clock: systemClock,
    openSocket,
    folder,
    warn: (text) => io.err(text),
  };
  const takes = questions.reduce((sum, one) => sum + one.takes, 0);
  io.err(`${model}, ${endpoint.backend}: ${questions.length} questions, about ${takes} s.`);
  const findings: Finding[] = [];
  for (const [index, question] of questions.entries()) {
    io.err(`${index + 1}/${questions.length} ${question.asks}`);
    const finding = await ask(question, lab);
    findings.push(finding);
    io.out(`${question.id}: ${finding.answer}`);
  }
  io.out(`recordings: ${folder}`);
  const proposed = proposals(lab, findings, today);
  if (proposed.length > 0)
    say(io, ['', `For the entry of ${model} in src/models/table.ts:`, ...proposed]);
  return findings.every(({ answer }) => answer.startsWith('could not')) ? EXIT.failed : EXIT.ok;
}

function given(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function chosen(only: string | undefined): readonly Question[] {
  if (only === undefined) return QUESTIONS.filter(({ isExtra }) => !isExtra);
  return only.split(',').map((name) => {
    const question = QUESTIONS.find(({ id }) => id === name.trim());
    if (question) return question;
    const all = QUESTIONS.map(({ id }) => id).join(', ');
    throw new UsageError(`There is no question '${name.trim()}'. Questions: ${all}.`);
  });
}

function say(io: Io, lines: readonly string[]): number {
  for (const line of lines) io.out(line);
  return EXIT.ok;
}
