// SPDX-License-Identifier: Apache-2.0
import {
  ActivityHandling,
  EndSensitivity,
  HarmBlockThreshold,
  HarmCategory,
  MediaResolution,
  Modality,
  StartSensitivity,
  type Behavior,
  type FunctionResponseScheduling,
  type ThinkingConfig,
  type ThinkingLevel,
  type TurnCoverage,
} from '@google/genai';
import { llm } from '@livekit/agents';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { wireTools } from '../src/livekit/tool_context.js';
import type { Backend, Capabilities } from '../src/models/capabilities.js';
import { resolve } from '../src/models/resolve.js';
import { TABLE } from '../src/models/table.js';
import type { RealtimeModelOptions, Settings } from '../src/options.js';
import type { ClientFrame, Setup } from '../src/protocol/frames.js';
import { type SetupState, setupFrame, wireModelName } from '../src/protocol/setup.js';
import { LiveServer } from '../src/testing/live_server.js';
import { validate } from '../src/validate.js';
import { expectGolden, goldenFiles } from './support/golden.js';

const TODAY = '2026-11-20';
const BACKENDS: readonly Backend[] = ['gemini', 'vertex'];
const CREDENTIALS = {
  gemini: { vertexai: false, apiKey: 'a-key' },
  vertex: { vertexai: true, project: 'a-project', location: 'us-central1' },
} as const;

/** Every model that can be dialled, on every service that has it. */
const SERVED = TABLE.flatMap(({ name }) =>
  BACKENDS.flatMap((backend) => {
    const row = resolve(name, backend).capabilities;
    return row.status !== 'retired' && row.backends.includes(backend) ? [{ name, backend }] : [];
  }),
);

const TOOLS = new llm.ToolContext([
  llm.tool({
    name: 'get_weather',
    description: 'Says what the weather is.',
    parameters: z.object({
      city: z.string().describe('Where.'),
      unit: z.enum(['celsius', 'fahrenheit']).optional(),
    }),
    execute: async () => 'sunny',
  }),
]);

function settingsFor(name: string, backend: Backend, options: RealtimeModelOptions = {}) {
  return validate({ model: name, ...CREDENTIALS[backend], ...options }, {}, TODAY);
}

function frameFor(settings: Settings, state: Partial<SetupState> = {}): ClientFrame {
  const { tools } = wireTools(TOOLS, settings);
  return setupFrame(settings, { instructions: 'You are terse.', tools, seeds: true, ...state });
}

/** As much as one may ask of any model; what the row refuses with an error is left out here. */
function everything(row: Capabilities): RealtimeModelOptions {
  const [behavior] = row.toolBehaviors;
  const coverage = row.turnCoverage.at(-1);
  return {
    voice: 'kore',
    language: 'de-DE',
    candidateCount: 1,
    temperature: 0.7,
    maxOutputTokens: 2048,
    topP: 0.9,
    topK: 40,
    presencePenalty: 0.5,
    frequencyPenalty: -0.5,
    seed: 7,
    enableAffectiveDialog: true,
    proactivity: true,
    inputAudioTranscription: {
      languageCodes: ['de-DE'],
      customVocabulary: ['LiveKit'],
      languageHints: { languageCodes: ['de-DE'] },
    },
    outputAudioTranscription: { languageCodes: ['de-DE'] },
    realtimeInputConfig: {
      automaticActivityDetection: {
        startOfSpeechSensitivity: StartSensitivity.START_SENSITIVITY_LOW,
        endOfSpeechSensitivity: EndSensitivity.END_SENSITIVITY_LOW,
        prefixPaddingMs: 20,
        silenceDurationMs: 600,
        ...(row.manualActivity && { disabled: true }),
      },
      activityHandling: ActivityHandling.NO_INTERRUPTION,
      ...(coverage && { turnCoverage: coverage as TurnCoverage }),
    },
    contextWindowCompression: {
      triggerTokens: '100000',
      slidingWindow: { targetTokens: '50000' },
    },
    sessionResumption: row.transparentResumption ? { transparent: true } : { transparent: false },
    mediaResolution: MediaResolution.MEDIA_RESOLUTION_LOW,
    thinkingConfig: thinking(row),
    safetySettings: [
      {
        category: HarmCategory.HARM_CATEGORY_HARASSMENT,
        threshold: HarmBlockThreshold.BLOCK_ONLY_HIGH,
      },
    ],
    labels: { team: 'voice' },
    explicitVadSignal: true,
    toolResponseScheduling: 'SILENT' as FunctionResponseScheduling,
    ...(behavior && { toolBehavior: behavior as Behavior }),
    ...(row.providerTools.includes('googleSearch') && { geminiTools: { googleSearch: {} } }),
    ...(row.translation && {
      translationConfig: { targetLanguageCode: 'pl', echoTargetLanguage: true },
    }),
  };
}

/** The options that did not fit. */
const leftOut = (warnings: readonly string[]): string[] =>
  warnings.flatMap((warning) => /^(.+) is left out: /.exec(warning)?.[1] ?? []);

function thinking(row: Capabilities): ThinkingConfig {
  const level = row.thinkingLevels.at(-1);
  return {
    includeThoughts: true,
    thinkingBudget: 512,
    ...(level && { thinkingLevel: level as ThinkingLevel }),
  };
}

let server: LiveServer;
beforeAll(async () => {
  server = await LiveServer.start({ setupDelayMs: 0 });
});
afterAll(() => server.close());

/** Dials the strict server with a bare socket and sends one setup: 'setupComplete', or the refusal. */
function tryOut(settings: Settings, frame: ClientFrame): Promise<string> {
  const { backend, apiVersion } = settings.endpoint;
  const base = server.url.replace('http', 'ws');
  const path =
    backend === 'gemini'
      ? `ws/google.ai.generativelanguage.${apiVersion}.GenerativeService.BidiGenerateContent?key=a-key`
      : `ws/google.cloud.aiplatform.${apiVersion}.LlmBidiService/BidiGenerateContent`;
  const headers = backend === 'vertex' ? { authorization: 'Bearer a-token' } : {};
  const socket = new WebSocket(`${base}/${path}`, { headers });
  return new Promise((done, fail) => {
    socket.on('open', () => socket.send(JSON.stringify(frame)));
    socket.on('message', (data: Buffer) => {
      done(Object.keys(JSON.parse(data.toString()) as object).join());
      socket.close(1000);
    });
    socket.on('close', (code, reason) => done(`${code} ${reason.toString()}`));
    socket.on('error', fail);
  });
}

describe('the setup of every model on every service', () => {
  const file = (name: string, backend: Backend): string => `${name}.${backend}.json`;

  describe.each(SERVED)('$name on $backend', ({ name, backend }) => {
    const row = resolve(name, backend).capabilities;
    const cases = {
      plain: settingsFor(name, backend),
      everything: settingsFor(name, backend, everything(row)),
    };

    it('is what its file says', async () => {
      const golden = Object.entries(cases).map(([title, { settings, warnings }]) => {
        const { apiVersion } = settings.endpoint;
        return [title, { apiVersion, leftOut: leftOut(warnings), frame: frameFor(settings) }];
      });
      await expectGolden(`setup/${file(name, backend)}`, Object.fromEntries(golden));
    });

    it.each(['plain', 'everything'] as const)(
      'is accepted by the strict server (%s)',
      async (title) => {
        const { settings } = cases[title];
        const before = server.violations.length;
        expect(await tryOut(settings, frameFor(settings))).toBe('setupComplete');
        expect(server.violations.slice(before).map(({ rule }) => rule)).toEqual([]);
      },
    );
  });

  it('has a file for each, and no other', () => {
    expect(SERVED.length).toBeGreaterThan(10);
    expect(goldenFiles('setup')).toEqual(
      SERVED.map(({ name, backend }) => file(name, backend)).sort(),
    );
  });
});

describe('the model name', () => {
  const nameFor = (options: RealtimeModelOptions): string =>
    wireModelName(validate(options, { GEMINI_API_KEY: 'a-key' }, TODAY).settings);
  const full = 'projects/p/locations/eu/publishers/google/models';

  it.each([
    ['gemini-3.8-live', 'models/gemini-3.8-live'],
    ['models/gemini-3.8-live', 'models/gemini-3.8-live'],
    ['gemini-2.5-flash-native-audio-latest', 'models/gemini-2.5-flash-native-audio-latest'],
    ['gemini-9.9-live', 'models/gemini-9.9-live'],
    ['models/gemini-9.9-live', 'models/gemini-9.9-live'],
    ['tunedModels/mine', 'tunedModels/mine'],
  ])('%s on the Gemini API', (model, wire) => {
    expect(nameFor({ model })).toBe(wire);
  });

  it.each([
    ['gemini-3.8-live', `${full}/gemini-3.8-live`],
    ['publishers/google/models/gemini-3.8-live', `${full}/gemini-3.8-live`],
    ['gemini-9.9-live', `${full}/gemini-9.9-live`],
    ['publishers/google/models/gemini-9.9-live', `${full}/gemini-9.9-live`],
    ['projects/q/locations/us/endpoints/7', 'projects/q/locations/us/endpoints/7'],
  ])('%s on Vertex AI with a project', (model, wire) => {
    expect(nameFor({ model, vertexai: true, project: 'p', location: 'eu' })).toBe(wire);
  });

  it.each(['gemini-3.8-live', 'gemini-9.9-live', 'publishers/google/models/gemini-9.9-live'])(
    '%s on Vertex AI with an API key',
    (model) => {
      const bare = model.replace(/^.*\//, '');
      expect(nameFor({ model, vertexai: true, apiKey: 'a-key' })).toBe(
        `publishers/google/models/${bare}`,
      );
    },
  );
});

describe('the setup of a session', () => {
  const setupFor = (
    options: RealtimeModelOptions = {},
    state: Partial<SetupState> = {},
    backend: Backend = 'gemini',
  ): Setup => {
    const { settings } = settingsFor('gemini-3.8-live', backend, options);
    return setupFrame(settings, { instructions: '', tools: [], seeds: false, ...state })
      .setup as Setup;
  };

  it('has no member that says nothing', () => {
    expect(setupFor()).toStrictEqual({
      model: 'models/gemini-3.8-live',
      generationConfig: {
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Puck' } } },
      },
      inputAudioTranscription: {},
      outputAudioTranscription: {},
      contextWindowCompression: { slidingWindow: {} },
      sessionResumption: {},
    });
  });

  it('has nothing of what the app switched off', () => {
    const off = {
      inputAudioTranscription: null,
      outputAudioTranscription: null,
      contextWindowCompression: null,
      sessionResumption: null,
    };
    expect(Object.keys(setupFor(off))).toEqual(['model', 'generationConfig']);
    expect(setupFor(off, { handle: 'h' })).not.toHaveProperty('sessionResumption');
  });

  it('always compresses with a sliding window', () => {
    const { contextWindowCompression } = setupFor({
      contextWindowCompression: { triggerTokens: '9000' },
    });
    expect(contextWindowCompression).toEqual({ slidingWindow: {}, triggerTokens: '9000' });
  });

  it('resumes with a handle, and has none otherwise', () => {
    expect(setupFor({}, { handle: 'h' }).sessionResumption).toStrictEqual({ handle: 'h' });
    expect(setupFor({}, { handle: undefined }).sessionResumption).toStrictEqual({});
  });

  it('takes the handle of the dial, not the one the app began with', () => {
    const options = { sessionResumption: { handle: 'first' } };
    expect(setupFor(options).sessionResumption).toStrictEqual({});
    expect(setupFor(options, { handle: 'h' }).sessionResumption).toStrictEqual({ handle: 'h' });
  });

  it('asks for transparent resumption on Vertex AI only', () => {
    const options = { sessionResumption: { transparent: true } };
    expect(setupFor(options, { handle: 'h' }, 'vertex').sessionResumption).toStrictEqual({
      transparent: true,
      handle: 'h',
    });
    expect(() => setupFor(options)).toThrow('transparent');
    const no = { sessionResumption: { transparent: false } };
    expect(setupFor(no).sessionResumption).toStrictEqual({});
  });

  it.each([
    ['gemini-3.8-live', { initialHistoryInClientContent: true }],
    ['gemini-3.1-flash-live-preview', { initialHistoryInClientContent: true }],
    ['gemini-2.5-flash-native-audio-preview-12-2025', undefined],
  ])('declares a history for %s as %j, and only if there is one', (name, historyConfig) => {
    const { settings } = settingsFor(name, 'gemini');
    expect(frameFor(settings, { seeds: true }).setup?.historyConfig).toEqual(historyConfig);
    expect(frameFor(settings, { seeds: false }).setup).not.toHaveProperty('historyConfig');
  });

  it('names no voice and transcribes no speech in a text session', () => {
    const row = { outputModalities: ['TEXT'] as const, languageCode: true };
    const text = setupFor({
      capabilities: row,
      modalities: [Modality.TEXT],
      voice: 'Kore',
      language: 'de-DE',
    });
    expect(text.generationConfig).toStrictEqual({ responseModalities: ['TEXT'] });
    expect(text).not.toHaveProperty('outputAudioTranscription');
    expect(text.inputAudioTranscription).toEqual({});
  });

  it('gives no instructions to a model that takes none', () => {
    const { settings } = settingsFor('gemini-3.5-live-translate-preview', 'gemini');
    expect(frameFor(settings).setup).not.toHaveProperty('systemInstruction');
  });

  it('sends explicitVadSignal only when it is on', () => {
    expect(setupFor({ explicitVadSignal: false }, {}, 'vertex')).not.toHaveProperty(
      'explicitVadSignal',
    );
    expect(setupFor({ explicitVadSignal: true }, {}, 'vertex').explicitVadSignal).toBe(true);
  });

  it('sends proactivity also when it is off', () => {
    const { settings } = settingsFor('gemini-2.5-flash-native-audio-preview-12-2025', 'gemini', {
      proactivity: false,
      enableAffectiveDialog: false,
    });
    const { setup } = frameFor(settings);
    expect(setup?.proactivity).toEqual({ proactiveAudio: false });
    expect(setup?.generationConfig?.enableAffectiveDialog).toBe(false);
  });

  it('shares no list with its state', () => {
    const tools = [{ googleSearch: {} }];
    const setup = setupFor({}, { tools });
    expect(setup.tools).toEqual(tools);
    expect(setup.tools).not.toBe(tools);
  });
});

describe('the setup option', () => {
  const options = (setup: Partial<Setup>): Settings =>
    settingsFor('gemini-3.8-live', 'gemini', { temperature: 0.5, setup }).settings;

  it('is merged last: objects deeply, everything else replaced', () => {
    const { setup } = frameFor(
      options({
        model: 'models/other',
        generationConfig: { temperature: 0.1, speechConfig: { languageCode: 'de-DE' } },
        tools: [{ googleSearch: {} }],
        contextWindowCompression: { slidingWindow: { targetTokens: '5' } },
        realtimeInputConfig: { activityHandling: ActivityHandling.NO_INTERRUPTION },
      }),
      { handle: 'h' },
    );
    expect(setup).toEqual({
      model: 'models/other',
      generationConfig: {
        responseModalities: ['AUDIO'],
        temperature: 0.1,
        speechConfig: {
          voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Puck' } },
          languageCode: 'de-DE',
        },
      },
      systemInstruction: { parts: [{ text: 'You are terse.' }] },
      tools: [{ googleSearch: {} }],
      realtimeInputConfig: { activityHandling: 'NO_INTERRUPTION' },
      inputAudioTranscription: {},
      outputAudioTranscription: {},
      contextWindowCompression: { slidingWindow: { targetTokens: '5' } },
      sessionResumption: { handle: 'h' },
      historyConfig: { initialHistoryInClientContent: true },
    });
  });

  it('replaces lists and may take a member away', () => {
    const none = { historyConfig: undefined } as unknown as Partial<Setup>;
    const generationConfig = { responseModalities: [Modality.TEXT] };
    const frame = JSON.stringify(frameFor(options({ ...none, generationConfig })));
    expect(frame).not.toContain('historyConfig');
    expect(frame).toContain('"responseModalities":["TEXT"]');
  });

  it('stays as the app gave it, dial after dial', () => {
    const settings = options({ generationConfig: { speechConfig: { languageCode: 'de-DE' } } });
    const before = JSON.stringify(settings);
    expect(frameFor(settings)).toEqual(frameFor(settings));
    expect(JSON.stringify(settings)).toBe(before);
  });

  it('reaches the server unfitted, which has the last word', async () => {
    const thinks = options({ generationConfig: { thinkingConfig: { thinkingBudget: 1 } } });
    expect(await tryOut(thinks, frameFor(thinks))).toMatch(/^1007 /);
    const avatar = settingsFor('gemini-3.8-live', 'vertex', {
      modalities: [Modality.VIDEO],
      setup: { avatarConfig: { avatarName: 'Ada' } },
    }).settings;
    expect(await tryOut(avatar, frameFor(avatar))).toBe('setupComplete');
  });
});
