// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Json = Record<string, unknown>;

/** What a server said in one call, in order. */
export interface Stream {
  name: string;
  frames: Json[];
}

/** Recordings of this repository, and those that may lie beside it. */
const FOLDERS = ['../recordings', '../../../shared/recordings'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** 20 ms of noise, so that it is not taken for silence. */
export function noise(bytes: number): string {
  return Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7919 + 13) % 251)).toString(
    'base64',
  );
}

const audio = (bytes = 960, mimeType = 'audio/pcm;rate=24000'): Json => ({
  inlineData: { mimeType, data: noise(bytes) },
});
const content = (serverContent: Json): Json => ({ serverContent });
const parts = (...all: Json[]): Json => content({ modelTurn: { role: 'model', parts: all } });
const usage = (prompt: number): Json => ({
  usageMetadata: {
    promptTokenCount: prompt,
    responseTokenCount: 20,
    totalTokenCount: prompt + 30,
    thoughtsTokenCount: 10,
    cachedContentTokenCount: 5,
    toolUsePromptTokenCount: 3,
    promptTokensDetails: [{ modality: 'AUDIO', tokenCount: prompt }],
    responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 20 }],
    cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 5 }],
    toolUsePromptTokensDetails: [{ modality: 'TEXT', tokenCount: 3 }],
  },
});
const handle = (newHandle: string): Json => ({
  sessionResumptionUpdate: { newHandle, resumable: true, lastConsumedClientMessageIndex: '4' },
});

/** Synthetic: every member that is read is in one of them. */
const WRITTEN: Stream[] = [
  {
    name: 'a plain conversation',
    frames: [
      { setupComplete: { sessionId: 's' } },
      handle('h1'),
      { voiceActivity: { type: 'ACTIVITY_START', audioOffset: '1.2s' } },
      content({ interimInputTranscription: { text: 'What' } }),
      content({ inputTranscription: { text: 'What time', languageCode: 'en-US' } }),
      { voiceActivity: { voiceActivityType: 'ACTIVITY_END' } },
      content({
        inputTranscription: {
          ...{ text: ' is it?', finished: true, speakerLabel: 'spk_1', startOffset: '0s' },
          words: [{ word: 'is', startOffset: '1s', endOffset: '1.2s' }, { word: 'it' }],
        },
      }),
      parts({ text: 'Let me think.', thought: true }),
      parts(audio(), audio(961, 'audio/pcm')),
      content({ outputTranscription: { text: 'It is noon.', languageCode: 'en-US' } }),
      parts(audio(960, 'audio/pcm;rate=16000')),
      content({
        groundingMetadata: { webSearchQueries: ['time'], groundingChunks: [{ web: { uri: 'u' } }] },
        urlContextMetadata: { urlMetadata: [{ retrievedUrl: 'u' }] },
      }),
      content({ generationComplete: true }),
      { ...usage(300), ...content({ turnComplete: true, interactionStatus: 'IDLE' }) },
      handle('h2'),
      content({ waitingForInput: true }),
    ],
  },
  {
    name: 'calls, code and cancellation',
    frames: [
      content({ inputTranscription: { text: 'Weather and time?' } }),
      parts({ executableCode: { language: 'PYTHON', code: '1+1' } }),
      parts({ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } }),
      {
        toolCall: {
          functionCalls: [
            { id: 'c1', name: 'weather', args: { city: 'Oslo', days: [1, 2], deep: { er: null } } },
            { id: 'c2', name: 'time' },
          ],
        },
      },
      { toolCallCancellation: { ids: ['c2'] } },
      parts(audio()),
      content({ outputTranscription: { text: 'It snows. It snows. It snows in Oslo today.' } }),
      content({ generationComplete: true }),
      content({ turnComplete: true, interactionStatus: 'IN_PROGRESS' }),
      parts(audio(), { text: 'Said.' }),
      { toolCall: { functionCalls: [{ name: 'weather', args: { city: 'Bergen' } }] } },
      content({ turnComplete: true, turnCompleteReason: 'NEED_MORE_INPUT' }),
      usage(500),
    ],
  },
  {
    name: 'interruptions and the end',
    frames: [
      { voiceActivityDetectionSignal: { vadSignalType: 'VAD_SIGNAL_TYPE_SOS' } },
      content({ speechState: 'SPEECH', inputTranscription: { text: 'Tell me' } }),
      content({ speechState: 'NON_SPEECH', inputTranscription: { text: ' a story.' } }),
      { voiceActivityDetectionSignal: { vadSignalType: 'VAD_SIGNAL_TYPE_EOS' } },
      content({ modelTurn: { parts: [audio()] }, outputTranscription: { text: 'Once' } }),
      content({ modelTurn: { parts: [audio()] }, outputTranscription: { text: ' upon' } }),
      content({ interrupted: true }),
      parts(audio()),
      content({ turnComplete: true }),
      { sessionResumptionUpdate: {} },
      content({ inputTranscription: { text: 'Stop it, please.' } }),
      content({
        modelTurn: { parts: [audio(4_800)] },
        outputTranscription: { text: 'All right.' },
      }),
      {
        ...usage(900),
        ...content({ interrupted: true, generationComplete: true, turnComplete: true }),
        voiceActivity: { type: 'ACTIVITY_START' },
        somethingNew: { entirely: ['unknown'] },
      },
      parts({ inlineData: { mimeType: 'image/png', data: noise(64) } }),
      parts({ functionCall: { name: 'f' } }, { text: '<think>Hm</think>Written only.' }),
      content({ generationComplete: true, turnComplete: true }),
      { goAway: { timeLeft: '50s' } },
    ],
  },
];

/** All streams there are: written here, and recorded. */
export function streams(): Stream[] {
  return [...WRITTEN, ...FOLDERS.flatMap(recorded)];
}

function recorded(folder: string): Stream[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => ({ name, frames: incoming(readFileSync(join(folder, name), 'utf8')) }));
}

function incoming(text: string): Json[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line, inflated) as { dir: string; frame: unknown })
    .filter(({ dir, frame }) => dir === 'in' && typeof frame === 'object' && frame !== null)
    .map(({ frame }) => frame as Json);
}

/** Recorders write `<1920 bytes>` where media was. */
function inflated(key: string, value: unknown): unknown {
  if (key !== 'data' || typeof value !== 'string') return value;
  const bytes = /^<(\d+) bytes/.exec(value)?.[1];
  return bytes === undefined ? value : noise(Number(bytes));
}
