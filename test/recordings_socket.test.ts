// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { driveSession } from '../src/cli/drive_session.js';
import { recordedModel } from '../src/cli/recorded_session.js';
import { LiveServer, parseRecording } from '../src/testing/index.js';

// The recordings once more, over a real socket: the server plays its part, a session is driven as the
// recorded one was, and has to send the same.
const FOLDER = fileURLToPath(new URL('./recordings/', import.meta.url));
/** Scenarios whose session cannot be driven as it was, and why. */
const NOT_DRIVEN: Readonly<Record<string, string>> = {
  tool_non_blocking: 'a tool that outlives the turn that called it is not run by the driver',
  tool_forgotten: 'a tool that outlives the turn that called it is not run by the driver',
  video: 'pictures are not recorded as they came',
  resume_transparent: 'how much is sent again depends on how it was cut into messages',
};
const recordings = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.jsonl') && !(basename(path, '.jsonl') in NOT_DRIVEN))
  .sort();

const SPEED = 2;
/** They wait for time to pass, most of the time. */
const AT_ONCE = 20;

/** What was different; empty: nothing. */
async function played(path: string, speed: number): Promise<string> {
  const recording = parseRecording(readFileSync(FOLDER + path, 'utf8'));
  const server = await LiveServer.start({ replay: recording, speed });
  const { model, clock } = recordedModel(recording.head, server.url, { speed });
  const session = model.session();
  session.on('error', () => {});
  try {
    const notDriven = await driveSession(recording, session, { clock, waitMs: 2_000 * speed });
    await session.close();
    server.assertComplete();
    return notDriven.join('\n');
  } catch (error) {
    return (error as Error).message;
  } finally {
    await session.close();
    await server.close();
  }
}

describe('over a socket', () => {
  const differences = new Map<string, string>();

  beforeAll(async () => {
    const waiting = [...recordings];
    const work = async (): Promise<void> => {
      for (let path = waiting.shift(); path; path = waiting.shift()) {
        differences.set(path, await played(path, SPEED));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    // A busy machine can put two things at the same moment into another order: once more, alone.
    for (const [path, difference] of differences) {
      if (difference !== '') differences.set(path, await played(path, 1));
    }
  }, 180_000);

  it.each(recordings)('%s: the session does what it did', (path) => {
    expect(differences.get(path)).toBe('');
  });
});
