// SPDX-License-Identifier: Apache-2.0
import { onTestFinished } from 'vitest';
import { driveSession } from '../../src/cli/drive_session.js';
import { recordedModel } from '../../src/cli/recorded_session.js';
import { LiveServer, parseRecording, type ReplayOfServer } from '../../src/testing/index.js';

/** Lines of a recording as objects, to be altered. */
export type Line = Record<string, any> & { dir: string; t: number; connection: number };

export const linesOf = (texts: readonly string[]): Line[] =>
  texts.map((text) => JSON.parse(text) as Line);

export const recordingOf = (lines: readonly Line[]) =>
  parseRecording(lines.map((line) => JSON.stringify(line)).join('\n'));

/** A session of ours against a server that plays the recording. */
export async function replayOverSocket(
  lines: readonly Line[],
  { speed = 1, ...rest }: Partial<ReplayOfServer> & { speed?: number } = {},
): Promise<{ server: LiveServer; notDriven: string[] }> {
  const recording = recordingOf(lines);
  const server = await LiveServer.start({ replay: { recording, ...rest }, speed });
  onTestFinished(() => server.close());
  const { model, clock } = recordedModel(recording.head, server.url, { speed });
  const session = model.session();
  session.on('error', () => {});
  const notDriven = await driveSession(recording, session, { clock, waitMs: 10_000 * speed });
  await session.close();
  return { server, notDriven };
}
