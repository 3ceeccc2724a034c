#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { scrub } from '../protocol/scrub.js';
import { run } from './main.js';

const { stdout, stderr } = process;
// `| head` ends before we do.
stdout.on('error', () => process.exit());

const io = {
  out: (line: string) => void stdout.write(`${scrub(line)}\n`),
  err: (line: string) => void stderr.write(`${scrub(line)}\n`),
  isTerminal: stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
};

// Not process.exit(): a pipe still has to be read.
void run(process.argv.slice(2), io).then((code) => (process.exitCode = code));
