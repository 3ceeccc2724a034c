// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { parseLines, type Recording } from '../recording/parse.js';

const CHUNK = 1 << 20;

/**
 * The files of one session, one after the other. They are read piece by piece: a call of hours is
 * longer than a string may be.
 * @throws Error that says which file, and what to do
 */
export async function readRecording(paths: readonly string[]): Promise<Recording> {
  try {
    return parseLines(linesOf(paths));
  } catch (error) {
    const { message } = error as Error;
    throw new Error(error instanceof NoFile ? message : `${paths.join(', ')}: ${message}`);
  }
}

class NoFile extends Error {}

function* linesOf(paths: readonly string[]): Generator<string, void> {
  for (const path of paths) yield* fileLines(path);
}

function* fileLines(path: string): Generator<string, void> {
  const file = opened(path);
  try {
    const decoder = new StringDecoder('utf8');
    const chunk = Buffer.alloc(CHUNK);
    let rest = '';
    for (let read = pieceOf(file, chunk, path); read > 0; read = pieceOf(file, chunk, path)) {
      const lines = (rest + decoder.write(chunk.subarray(0, read))).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    yield rest + decoder.end();
  } finally {
    closeSync(file);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new NoFile(`${path} cannot be read: ${reasonOf(error)}.`);
  }
}

function pieceOf(file: number, chunk: Buffer, path: string): number {
  try {
    return readSync(file, chunk);
  } catch (error) {
    throw new NoFile(`${path} cannot be read: ${reasonOf(error)}.`);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be opened by you',
  EISDIR: 'it is a folder; name the files in it',
};

function reasonOf(error: unknown): string {
  const { code = '', message } = error as { code?: string; message: string };
  return REASONS[code] ?? message;
}
