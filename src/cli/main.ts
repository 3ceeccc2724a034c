// SPDX-License-Identifier: Apache-2.0
import { VERSION } from '../version.js';
import { EXIT, UsageError, type Command, type Io } from './io.js';

interface Entry {
  does: string;
  /** Loaded only when it is asked for. */
  load: () => Promise<Command>;
}

const COMMANDS: Record<string, Entry> = {
  inspect: {
    does: 'what happened in a recorded call, and what went wrong',
    load: async () => (await import('./inspect.js')).inspectCommand,
  },
  replay: {
    does: 'what this version makes of a recorded call, as text or over a socket',
    load: async () => (await import('./replay.js')).replayCommand,
  },
  probe: {
    does: 'asks the real service what is not known about a model (needs a key)',
    load: async () => (await import('./probe.js')).probeCommand,
  },
};

function help(): string[] {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  return [
    'Usage: gemini-live <command> [options]',
    '',
    ...Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(width)}  ${does}`),
    '',
    'gemini-live <command> --help says more. --version prints the version.',
    'A recording is what the option `record` of RealtimeModel writes.',
  ];
}

/** Runs one command line; resolves with the exit code, and never rejects. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    for (const line of help()) {
      if (name === undefined) io.err(line);
      else io.out(line);
    }
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version' || name === '-v') {
    io.out(VERSION);
    return EXIT.ok;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!entry) {
    io.err(`There is no command '${name}'. Commands: ${Object.keys(COMMANDS).join(', ')}.`);
    io.err('gemini-live --help says what each does.');
    return EXIT.usage;
  }
  try {
    const command = await entry.load();
    return await command(rest, io);
  } catch (error) {
    io.err(error instanceof Error ? error.message : String(error));
    if (!(error instanceof UsageError)) return EXIT.failed;
    io.err(`gemini-live ${name} --help says how it is used.`);
    return EXIT.usage;
  }
}
