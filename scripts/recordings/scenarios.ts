// SPDX-License-Identifier: Apache-2.0
import { Behavior, MediaModality } from '@google/genai';
import { VideoBufferType, VideoFrame } from '@livekit/rtc-node';
import type { Capabilities, RealtimeModelOptions } from '../../src/index.js';
import { pcmBase64, speechLike, type TurnOptions } from '../../src/testing/index.js';
import type { Row } from '../../test/support/model_rows.js';
import type { Stage, StageOptions } from './stage.js';

type Usage = Exclude<TurnOptions['usage'], boolean | undefined>;

export interface Scenario {
  /** Which rows can live through it at all? */
  applies: (row: Capabilities) => boolean;
  /**
   * The cells of the table that make its frames different. There is one recording for each combination
   * of their values, made with the first row that has it.
   */
  cells: readonly (keyof Capabilities | 'backend')[];
  /** Who has seen this shape, in public. */
  witness: (row: Row) => string;
  given?: (row: Capabilities) => StageOptions;
  play: (stage: Stage) => Promise<void>;
}

/** Cells by which the frames around any turn differ. */
const TURN = ['handle', 'usageAfterBoundary', 'seeding', 'outputModalities'] as const;

const UNVERIFIED = 'unverified';
const RECORDED = 'pydantic-ai recorded frames, 2026-08-11';
const MEASURED = 'third-party measurements of gemini-3.8-live, 2026-09-30 and 2026-10-03';
const PLUGIN = '@livekit/agents-plugin-google 1.9.0';
const TYPES = '@google/genai 2.32.0: types of the Live API';
const SESSIONS = 'ai.google.dev: Live API session management, 2026-11';

/** Who has seen how this row tells a turn. */
function turnsSeen({ backend, capabilities: row }: Row): string {
  if (row.outputModalities[0] === 'TEXT') return UNVERIFIED;
  // The row that needs a level is documented, and its frames are published nowhere.
  if (row.requestEnds === 'idle') return UNVERIFIED;
  if (row.usageAfterBoundary) return backend === 'gemini' ? MEASURED : UNVERIFIED;
  if (backend === 'gemini') return RECORDED;
  return row.seeding === 'plain' ? `${RECORDED}, through a gateway` : UNVERIFIED;
}

const onGemini =
  (source: string): Scenario['witness'] =>
  ({ backend }) =>
    backend === 'gemini' ? source : UNVERIFIED;

/** Only one row's frames were measured. */
const measured =
  (otherwise: string = UNVERIFIED): Scenario['witness'] =>
  ({ backend, capabilities: row }) =>
    row.usageAfterBoundary && row.requestEnds !== 'idle' && backend === 'gemini'
      ? MEASURED
      : otherwise;

const speaks = (row: Capabilities): boolean => row.outputModalities[0] === 'AUDIO';
const converses = (row: Capabilities): boolean => row.conversation;
const talks = (row: Capabilities): boolean => row.conversation && speaks(row);
const canBlock = (row: Capabilities): boolean =>
  row.functionCalling &&
  (row.toolBehaviors.length > 0
    ? row.toolBehaviors.includes('BLOCKING')
    : row.defaultToolBehavior === 'BLOCKING');
const canGoOn = (row: Capabilities): boolean => row.toolBehaviors.includes('NON_BLOCKING');

const behaving = (behavior: Behavior) => (row: Capabilities) =>
  row.toolBehaviors.includes(behavior) ? { toolBehavior: behavior } : {};
const blocking = behaving(Behavior.BLOCKING);
const nonBlocking = behaving(Behavior.NON_BLOCKING);

const withTools =
  (options: (row: Capabilities) => RealtimeModelOptions, ...tools: string[]) =>
  (row: Capabilities): StageOptions => ({ options: options(row), tools });

async function asksForWeather(stage: Stage): Promise<string[]> {
  await stage.asks('How is the weather in Oslo?');
  const ids = await stage.calls(['weather', 'Oslo']);
  await stage.pass(800);
  return ids;
}

/** The framework asks for a reply. */
async function requests(stage: Stage, instructions?: string): Promise<void> {
  stage.session.generateReply(instructions).catch(() => {});
  await stage.pass(400);
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  greeting: {
    applies: converses,
    cells: [...TURN, 'replyRequest', 'requestEnds', 'backend'],
    witness: turnsSeen,
    async play(stage) {
      await requests(stage, 'Greet the caller.');
      await stage.answers('Hello, how can I help?', { ms: 1200 });
    },
  },
  question_and_answer: {
    applies: converses,
    cells: [...TURN, 'requestEnds'],
    witness: turnsSeen,
    async play(stage) {
      await stage.asks('What time is it?');
      await stage.answers('It is noon.');
      await stage.pass(400);
      await stage.asks('And in Tokyo?');
      await stage.answers('Nine in the evening.');
    },
  },
  history: {
    applies: talks,
    cells: ['seeding', 'replyRequest', 'handle'],
    witness: (row) =>
      row.capabilities.seeding === 'plain' ? RECORDED : 'ai.google.dev guide; pipecat, 2026-08-22',
    given: () => ({
      history: [
        ['user', 'I am Ada.'],
        ['assistant', 'Hello Ada.'],
      ],
    }),
    async play(stage) {
      await stage.asks('What is my name?');
      await stage.answers('Ada.', { ms: 480 });
    },
  },
  tool_blocking: {
    applies: canBlock,
    cells: ['handle', 'callIds', 'toolBehaviors', 'audioDuringBlockingCall', 'outputModalities'],
    witness: (row) => (row.capabilities.usageAfterBoundary ? UNVERIFIED : turnsSeen(row)),
    given: withTools(blocking, 'weather'),
    async play(stage) {
      await asksForWeather(stage);
      // Where audio may not flow during the call it waits for the result.
      await stage.microphone(150, false);
      await stage.framework.results(['Oslo', 'It snows.']);
      await stage.pass(500);
      await stage.answers('It snows in Oslo.');
    },
  },
  tool_non_blocking: {
    applies: canGoOn,
    cells: ['handle', 'callIds', 'toolScheduling', 'requestEnds'],
    witness: measured(),
    given: withTools(nonBlocking, 'weather'),
    async play(stage) {
      await asksForWeather(stage);
      await stage.asks('Are you there?');
      await stage.answers('Yes, one moment.');
      await stage.framework.results(['Oslo', 'It snows.']);
      await stage.pass(500);
      await stage.answers('It snows in Oslo.');
    },
  },
  tool_parallel: {
    applies: (row) => row.functionCalling && speaks(row),
    cells: ['handle', 'callIds', 'defaultToolBehavior', 'toolScheduling'],
    witness: onGemini(`${TYPES}: several calls in one message`),
    given: withTools(() => ({}), 'weather', 'time'),
    async play(stage) {
      await stage.asks('Weather in Oslo, time in Lima?');
      await stage.calls(['weather', 'Oslo'], ['time', 'Lima']);
      await stage.pass(800);
      await stage.framework.results(['Lima', 'Noon.'], ['Oslo', 'It snows.']);
      await stage.pass(500);
      await stage.answers('It snows in Oslo, and it is noon in Lima.', { ms: 1440 });
    },
  },
  tool_cancelled: {
    applies: (row) => canBlock(row) && speaks(row) && !row.forgetsInterruptedCalls && row.callIds,
    cells: ['handle', 'audioDuringBlockingCall', 'backend'],
    witness: onGemini('ai.google.dev: Live API reference (toolCallCancellation), 2026-09-04'),
    given: withTools(blocking, 'weather'),
    async play(stage) {
      await stage.asks('How is the weather in Oslo?');
      // They go on before the call has come: afterwards their audio may be held.
      await stage.begins();
      const ids = await stage.calls(['weather', 'Oslo']);
      await stage.pass(100);
      stage.connection.cancelTools(ids);
      stage.connection.interrupted();
      await stage.says('Never mind.');
      await stage.answers('All right.', { ms: 480 });
    },
  },
  tool_forgotten: {
    applies: (row) => canBlock(row) && row.forgetsInterruptedCalls,
    cells: ['forgetsInterruptedCalls'],
    witness: measured(),
    given: withTools(blocking, 'weather'),
    async play(stage) {
      const ids = await asksForWeather(stage);
      await stage.begins();
      stage.connection.dropCalls(ids);
      stage.connection.interrupted();
      await stage.says('Never mind.');
      await stage.answers('All right.', { ms: 480 });
      // The server no longer knows the call: it is told in words.
      await stage.framework.results(['Oslo', 'It snows.']);
      await stage.pass(500);
      await stage.answers('It snows in Oslo, by the way.', { ms: 1200 });
    },
  },
  calls_without_ids: {
    applies: (row) => canBlock(row) && !row.callIds,
    cells: ['callIds', 'usageAfterBoundary', 'seeding'],
    witness: ({ capabilities: row }) =>
      row.seeding === 'plain' ? 'agents-js#1137 and pipecat, 2026-08-21' : UNVERIFIED,
    given: withTools(blocking, 'weather'),
    async play(stage) {
      await stage.asks('How is the weather in Oslo and in Lima?');
      await stage.calls(['weather', 'Oslo'], ['weather', 'Lima']);
      await stage.pass(800);
      await stage.framework.results(['Lima', 'It rains.'], ['Oslo', 'It snows.']);
      await stage.pass(500);
      await stage.answers('It snows in Oslo and rains in Lima.', { ms: 1440 });
    },
  },
  barge_in_speech: {
    applies: talks,
    cells: ['handle', 'usageAfterBoundary', 'seeding', 'requestEnds'],
    witness: measured('ai.google.dev: Live API reference (interrupted), 2026-09-04'),
    async play(stage) {
      await stage.asks('Tell me a story.');
      const told = stage.begin({ say: 'Once upon a time there was a very patient fox.', ms: 3600 });
      await stage.pass(500);
      await stage.begins(true);
      await told;
      await stage.says('Stop. A shorter one.');
      await stage.answers('A fox slept.', { ms: 720 });
    },
  },
  barge_in_after_generation: {
    applies: talks,
    cells: ['handle', 'usageAfterBoundary'],
    witness: measured(`${PLUGIN}: interrupted while its audio plays on`),
    async play(stage) {
      await stage.asks('Tell me a story.');
      const told = stage.begin({ say: 'Once upon a time there was a fox.', ms: 2400 });
      await stage.pass(900);
      await stage.begins(true);
      await told;
      await stage.says('I know that one.');
      await stage.answers('Oh, well.', { ms: 480 });
    },
  },
  barge_in_without_generation: {
    applies: talks,
    cells: ['handle', 'usageAfterBoundary'],
    witness: () => `${PLUGIN}; langwatch/scenario#360, 2026-05-11`,
    async play(stage) {
      await stage.asks('What time is it?');
      await stage.answers('It is noon.');
      await stage.pass(1_000);
      await stage.begins(true);
      await stage.says('Thanks.');
      await stage.answers('Bye.', { ms: 480 });
    },
  },
  manual_turns: {
    applies: (row) => row.manualActivity && talks(row),
    cells: ['handle', 'usageAfterBoundary'],
    witness: () => 'ai.google.dev: Live API reference (activityStart, activityEnd), 2026-09-04',
    given: () => ({
      options: { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
    }),
    async play(stage) {
      stage.session.startUserActivity();
      await stage.microphone(400);
      await stage.session.commitAudio();
      await stage.pass(300);
      stage.connection.heard('What time is it?');
      await stage.answers('It is noon.');
    },
  },
  empty_turn: {
    applies: talks,
    cells: ['replyRequest', 'handle'],
    witness: ({ capabilities: row }) =>
      row.replyRequest === 'bareTurn' ? `${PLUGIN}, agents-js#1450` : 'agents-js#1450',
    async play(stage) {
      await requests(stage);
      await stage.begin({ ms: 0 });
      await stage.pass(400);
      await stage.answers('Hello.', { ms: 480 });
    },
  },
  rejected_turn: {
    applies: talks,
    cells: ['handle', 'usageAfterBoundary'],
    witness: () => `${TYPES} (turnCompleteReason); which frames come with it is unverified`,
    async play(stage) {
      await stage.asks('Tell me something forbidden.');
      stage.connection.endTurn({ reason: 'RESPONSE_REJECTED' });
      await stage.pass(600);
      await stage.asks('Something harmless, then.');
      await stage.answers('A fox slept.', { ms: 720 });
    },
  },
  rejected_half_way: {
    applies: talks,
    cells: ['usageAfterBoundary'],
    witness: () => `${TYPES} (turnCompleteReason); which frames come with it is unverified`,
    async play(stage) {
      await stage.asks('Sing me a song.');
      await stage.answers('Row, row,', { ms: 720, complete: false });
      stage.connection.endTurn({ reason: 'GENERATED_CONTENT_SAFETY' });
      await stage.pass(600);
    },
  },
  malformed_call: {
    applies: (row) => talks(row) && row.functionCalling,
    cells: ['usageAfterBoundary'],
    witness: () => `${TYPES} (MALFORMED_FUNCTION_CALL); which frames come with it is unverified`,
    given: withTools(() => ({}), 'weather'),
    async play(stage) {
      await stage.asks('How is the weather in Oslo?');
      stage.connection.endTurn({ reason: 'MALFORMED_FUNCTION_CALL' });
      await stage.pass(600);
      // The session asks once more by itself.
      await stage.answers('I could not look it up.');
    },
  },
  text_only_turn: {
    applies: converses,
    cells: ['outputModalities', 'handle'],
    witness: () => UNVERIFIED,
    async play(stage) {
      await stage.asks('What time is it?');
      if (!speaks(stage.row.capabilities)) return stage.answers('It is noon.');
      stage.connection.send({ serverContent: { modelTurn: { parts: [{ text: 'It is noon.' }] } } });
      await stage.pass(100);
      stage.connection.endTurn();
      await stage.pass(600);
    },
  },
  thoughts: {
    applies: (row) => talks(row) && row.thinking !== 'omit',
    cells: ['thinking'],
    witness: ({ capabilities: row }) => (row.thinking === 'budget' ? RECORDED : TYPES),
    given: (row) => ({
      options: {
        thinkingConfig: {
          includeThoughts: true,
          ...(row.thinking === 'budget' && { thinkingBudget: 512 }),
        },
      },
    }),
    async play(stage) {
      await stage.asks('How much is six times seven?');
      await stage.answers('Forty-two.', { thought: '**Multiplying**\n\nSix times seven is 42.' });
    },
  },
  bundled_frames: {
    applies: (row) => talks(row) && row.seeding === 'historyConfig',
    cells: ['handle'],
    witness: onGemini(
      `ai.google.dev model page of 3.1 (several parts and kinds in one message), ${RECORDED}`,
    ),
    given: withTools(() => ({}), 'weather'),
    async play(stage) {
      await stage.asks('What time is it?');
      const part = { inlineData: { mimeType: 'audio/pcm;rate=24000', data: speech(240) } };
      stage.connection.send({
        serverContent: {
          modelTurn: { parts: [part, part] },
          inputTranscription: { text: ' Please.' },
          outputTranscription: { text: 'It is noon.' },
          generationComplete: true,
          turnComplete: true,
        },
        usageMetadata: {
          promptTokenCount: 180,
          responseTokenCount: 12,
          totalTokenCount: 192,
          promptTokensDetails: [{ modality: 'TEXT', tokenCount: 180 }],
          responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 12 }],
        },
      } as never);
      await stage.pass(900);
      await stage.asks('And in Oslo?');
      stage.connection.send({
        serverContent: {
          modelTurn: { parts: [part] },
          outputTranscription: { text: 'The same.' },
          interrupted: true,
          turnComplete: true,
        },
      });
      await stage.pass(600);
    },
  },
  extended_thinking: {
    applies: (row) => row.requestEnds === 'idle',
    cells: ['requestEnds'],
    witness: () => 'ai.google.dev: Thinking in the Live API, 2026-11',
    async play(stage) {
      await stage.asks('Which of my two offers is better?');
      await stage.answers('Let me think.', { status: 'IN_PROGRESS' });
      await stage.pass(1_500);
      await stage.answers('The first one pays more.', { status: 'IN_PROGRESS' });
      await stage.pass(1_500);
      await stage.answers('But take the second.', { status: 'IDLE' });
    },
  },
  late_usage: {
    applies: (row) => row.usageAfterBoundary && row.requestEnds !== 'idle',
    cells: ['usageAfterBoundary'],
    witness: () => MEASURED,
    async play(stage) {
      await stage.asks('What time is it?');
      await stage.answers('It is noon.', { usage: false });
      await stage.begins();
      stage.connection.send({ usageMetadata: tokens(420, 24) });
      await stage.says('And in Tokyo?');
      await stage.answers('Nine in the evening.', { usage: tokens(610, 24) });
    },
  },
  video: {
    applies: (row) => talks(row) && row.video,
    cells: ['video', 'handle'],
    witness: () => 'ai.google.dev: Live API reference (realtimeInput.video), 2026-09-04',
    async play(stage) {
      await stage.begins();
      for (const red of [220, 60]) {
        stage.session.pushVideo(picture(red));
        await stage.connection.waitFor((frame) => frame.realtimeInput?.video !== undefined);
        await stage.pass(1_000);
      }
      await stage.says('What do you see?');
      await stage.answers('Something red.');
    },
  },
  go_away: {
    applies: talks,
    cells: ['handle', 'seeding'],
    witness: () => `${SESSIONS}; firebase-android-sdk PR#7649 (57 s)`,
    async play(stage) {
      // A rolling handle first comes after a turn.
      await stage.asks('I am Ada. What time is it?');
      await stage.answers('It is noon.');
      await stage.asks('What next?');
      const told = stage.begin({ say: 'Lunch, and then a walk.', ms: 1440 });
      await stage.pass(300);
      stage.connection.goAway('57s');
      await stage.back();
      await told;
      await stage.asks('What was that?');
      await stage.answers('Lunch, Ada.', { ms: 480 });
    },
  },
  resume: {
    applies: talks,
    cells: ['handle', 'seeding'],
    witness: measured(`${SESSIONS}; agents-js#2346`),
    async play(stage) {
      await stage.asks('I am Ada. What time is it?');
      await stage.answers('It is noon.');
      await stage.pass(400);
      stage.connection.drop();
      await stage.back();
      await stage.asks('Who am I?');
      await stage.answers('Ada.', { ms: 480 });
    },
  },
  resume_held: {
    applies: (row) => talks(row) && row.handle === 'fixed' && row.requestEnds !== 'idle',
    cells: ['handle'],
    witness: measured(),
    async play(stage) {
      await stage.asks('I am Ada. What time is it?');
      await stage.answers('It is noon.');
      await stage.pass(400);
      stage.server.refuse({ closeCode: 1011, reason: 'Internal error encountered.' });
      stage.connection.drop();
      await stage.back();
      await stage.asks('Who am I?');
      await stage.answers('Ada.', { ms: 480 });
    },
  },
  resume_transparent: {
    applies: (row) => talks(row) && row.transparentResumption,
    cells: ['handle'],
    witness: () => 'docs.cloud.google.com: multimodal live reference (transparent), 2026-11',
    given: () => ({ options: { sessionResumption: { transparent: true } } }),
    async play(stage) {
      await stage.asks('What time is it?');
      await stage.answers('It is noon.');
      await stage.pass(400);
      await stage.microphone(100);
      stage.connection.drop();
      await stage.back();
      await stage.asks('And in Tokyo?');
      await stage.answers('Nine in the evening.');
    },
  },
  unanswered: {
    applies: talks,
    cells: ['handle', 'replyRequest'],
    witness: () => 'gemini-live-api-examples#55 (input that is ignored), 2026-05',
    async play(stage) {
      await stage.asks('What time is it?');
      await stage.pass(9_000);
      await stage.answers('It is noon.');
    },
  },
  memory_lost: {
    applies: talks,
    cells: ['handle', 'usageAfterBoundary', 'seeding'],
    witness: ({ capabilities: row }) =>
      row.handle === 'rolling' && row.seeding === 'historyConfig' ? 'agents-js#2346' : UNVERIFIED,
    async play(stage) {
      await stage.asks('I am Ada. What time is it?');
      await stage.answers('It is noon.', { usage: tokens(2_758, 24) });
      await stage.pass(400);
      stage.connection.drop();
      await stage.back();
      await stage.asks('Who am I?');
      await stage.answers('I do not know.', { usage: tokens(351, 24) });
      if (stage.server.connections.length < 3) await stage.back();
      await stage.asks('Once more: who am I?');
      await stage.answers('Ada.', { ms: 480 });
    },
  },
  refused_handle: {
    applies: talks,
    cells: ['seeding', 'handle'],
    witness: () => 'Youtube_demos#5 (1008 "session not found"), 2025',
    async play(stage) {
      await stage.asks('I am Ada. What time is it?');
      await stage.answers('It is noon.');
      await stage.pass(400);
      stage.server.forgetSessions();
      stage.connection.drop();
      await stage.back();
      await stage.asks('Who am I?');
      await stage.answers('Ada.', { ms: 480 });
    },
  },
  context_update: {
    applies: (row) => row.instructionUpdate === 'contextUpdate' && row.requestEnds !== 'idle',
    cells: ['instructionUpdate', 'backend'],
    witness: ({ backend }) =>
      backend === 'vertex'
        ? 'docs.cloud.google.com: multimodal live reference (contextUpdate), 2026-11'
        : UNVERIFIED,
    given: withTools(() => ({}), 'weather'),
    async play(stage) {
      await stage.asks('What time is it?');
      await stage.answers('It is noon.');
      await stage.session.updateInstructions('Speak like a pirate.');
      await stage.session.updateTools(stage.framework.toolsNamed(['time']));
      await stage.pass(500);
      await stage.asks('And now?');
      await stage.answers('Arr, noon it be.');
    },
  },
  context_update_refused: {
    applies: (row) => row.instructionUpdate === 'contextUpdate' && row.requestEnds !== 'idle',
    cells: ['instructionUpdate'],
    witness: () => UNVERIFIED,
    given: () => ({
      server: { capabilities: { instructionUpdate: 'reconnect', toolUpdate: 'reconnect' } },
    }),
    async play(stage) {
      await stage.asks('What time is it?');
      await stage.answers('It is noon.');
      await stage.session.updateInstructions('Speak like a pirate.');
      await stage.back();
      await stage.asks('And now?');
      await stage.answers('Arr, noon it be.');
    },
  },
  new_instructions: {
    applies: (row) => row.instructionUpdate === 'content' || row.instructionUpdate === 'reconnect',
    cells: ['instructionUpdate', 'replyRequest', 'seeding'],
    witness: ({ capabilities: row }) =>
      row.instructionUpdate === 'content' ? `${PLUGIN}, 2026-09-21` : UNVERIFIED,
    async play(stage) {
      await stage.asks('What time is it?');
      await stage.answers('It is noon.');
      const count = stage.server.connections.length;
      await stage.session.updateInstructions('Speak like a pirate.');
      await stage.pass(1_000);
      const { instructionUpdate } = stage.row.capabilities;
      const hasBack = stage.server.connections.length > count;
      if (instructionUpdate === 'reconnect' && !hasBack) await stage.back();
      await stage.asks('And now?');
      await stage.answers('Arr, noon it be.');
    },
  },
  translation: {
    applies: (row) => row.translation,
    cells: ['translation'],
    witness: () => UNVERIFIED,
    given: () => ({ options: { translationConfig: { targetLanguageCode: 'de' } } }),
    async play(stage) {
      await stage.microphone(300);
      stage.connection.heard('Good morning.');
      stage.connection.say('Guten Morgen.', { ms: 720 });
      await stage.microphone(300);
      await stage.pass(12_000);
    },
  },
  transcription: {
    applies: (row) => !row.conversation && !speaks(row),
    cells: ['outputModalities'],
    witness: () => 'ai.google.dev: Live transcription guide, 2026-11; the frames are unverified',
    async play(stage) {
      await stage.microphone(400);
      stage.connection.heard('Good morning, everybody.');
      await stage.pass(1_500);
    },
  },
};

const speech = (ms: number): string => pcmBase64(speechLike(ms));

const tokens = (prompt: number, answer: number): Usage => ({
  promptTokenCount: prompt,
  responseTokenCount: answer,
  totalTokenCount: prompt + answer,
  promptTokensDetails: [{ modality: MediaModality.TEXT, tokenCount: prompt }],
  responseTokensDetails: [{ modality: MediaModality.AUDIO, tokenCount: answer }],
});

function picture(red: number): VideoFrame {
  const [width, height] = [64, 48];
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < data.length; at += 3) data[at] = red;
  return new VideoFrame(data, width, height, VideoBufferType.RGB24);
}
