// SPDX-License-Identifier: Apache-2.0
import type { LiveConnection } from '../../src/testing/index.js';

/** What the caller's side of the wire said, in order: marks, and runs of audio with their length. */
export function marks(connection: LiveConnection): string[] {
  const told: string[] = [];
  let audioMs = 0;
  const tell = (...marks: string[]): void => {
    if (audioMs > 0) told.push(`audio ${Math.round(audioMs)}`);
    audioMs = 0;
    told.push(...marks);
  };
  for (const { frame } of connection.frames) {
    const { audio, activityStart, activityEnd, audioStreamEnd } = frame.realtimeInput ?? {};
    if (audio?.data) audioMs += Buffer.byteLength(audio.data, 'base64') / 32;
    if (activityStart) tell('start');
    if (activityEnd) tell('end');
    if (audioStreamEnd) tell('pause');
  }
  tell();
  return told;
}
