// SPDX-License-Identifier: Apache-2.0
import type { RecordingLine } from '../recording/format.js';
import type { Recording } from '../recording/parse.js';
import { isObject } from './media.js';

/** Audio of no length. */
const SPOKEN = { inlineData: { data: '<0 bytes>', mimeType: 'audio/pcm;rate=24000' } };

/**
 * Where no audio was recorded, words of the model stand for their audio: without any, the replay would
 * take them for words that nobody spoke.
 */
export function withVoices(recording: Recording): Recording {
  if (recording.head.audio !== 'none') return recording;
  return { ...recording, lines: recording.lines.map(voiced) };
}

function voiced(line: RecordingLine): RecordingLine {
  const frame = line.dir === 'in' && isObject(line.frame) ? line.frame : {};
  const content = frame['serverContent'];
  if (!isObject(content) || !isObject(content['outputTranscription'])) return line;
  if (content['modelTurn'] !== undefined) return line;
  const serverContent = { ...content, modelTurn: { parts: [SPOKEN] } };
  return { ...line, frame: { ...frame, serverContent } } as RecordingLine;
}
