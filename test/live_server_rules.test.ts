// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Capabilities } from '../src/models/capabilities.js';
import { LiveServer, RULES } from '../src/testing/index.js';
import { Bare, type BareOptions } from './live_server_client.js';

const NEW = 'gemini-3.8-live';
const THINKER = 'gemini-3.8-live-extended-thinking';
const MIDDLE = 'gemini-3.1-flash-live-preview';
const OLD = 'gemini-2.5-flash-native-audio-preview-12-2025';
const VERTEX_OLD = 'gemini-live-2.5-flash-native-audio';
const TRANSLATE = 'gemini-3.5-live-translate-preview';
const TRANSCRIBE = 'gemini-3.5-transcribe-live';

const PROJECT = 'projects/p/locations/us-central1/publishers/google/models/';
const INVALID = 'Request contains an invalid argument.';

type Frame = Record<string, unknown>;

interface Case {
  /** The rule that must be named. */
  rule: string;
  model?: string;
  dial?: BareOptions;
  setup?: Frame;
  /** Sent after setupComplete. */
  then?: (Frame | string)[];
  /** A call that waits while `then` is sent. */
  call?: { name: string; id: string };
  capabilities?: Partial<Capabilities>;
  code?: number | null;
  reason?: string;
}

const config = (
  generationConfig: Frame,
  model?: string,
): Pick<Case, 'setup'> & { model?: string } => ({
  setup: { generationConfig },
  ...(model && { model }),
});
const detection = (automaticActivityDetection: Frame) => ({
  realtimeInputConfig: { automaticActivityDetection },
});
const manual = detection({ disabled: true });
const declare = (...functionDeclarations: Frame[]) => ({ tools: [{ functionDeclarations }] });
const f = { name: 'f' };
const STRING = { type: 'STRING' };
const takes = (properties: Frame) => declare({ ...f, parameters: { type: 'OBJECT', properties } });
const nested = (levels: number): Frame =>
  levels === 0 ? STRING : { type: 'ARRAY', items: nested(levels - 1) };
const JSON_SCHEMA =
  'describe parameters in JSON Schema as an object, with references that resolve and end';
const standard = (parametersJsonSchema: Frame) => declare({ ...f, parametersJsonSchema });
const turns = (...list: Frame[]) => ({ clientContent: { turns: list } });
const user = (text: string) => ({ role: 'user', parts: [{ text }] });
const audio = (bytes = 640, mimeType = 'audio/pcm;rate=16000') => ({
  realtimeInput: { audio: { data: Buffer.alloc(bytes).toString('base64'), mimeType } },
});
const answer = (response: Frame) => ({ toolResponse: { functionResponses: [response] } });
const unknown = (name: string) => `Unknown name "${name}"`;

// prettier-ignore
const CASES: Case[] = [
  // envelope
  { rule: 'send JSON objects', then: ['{'] , reason: 'Invalid JSON payload'},
  { rule: 'send JSON objects', then: ['[]'] },
  { rule: 'use only names that exist', then: [{ hello: {} }], reason: unknown('hello') },
  { rule: 'use only names that exist', setup: { nonsense: 1 }, reason: `${unknown('nonsense')} at 'setup'` },
  { rule: 'use only names that exist', ...config({ inputAudioTranscription: {} }), reason: unknown('inputAudioTranscription') },
  { rule: 'use only names that exist', then: [{ realtimeInput: { media: {} } }], reason: unknown('media') },
  { rule: 'use only names that exist', then: [{ clientContent: { turn: [] } }], reason: unknown('turn') },
  { rule: 'use only names that exist', then: [{ contextUpdate: { tools: [{}] } }], reason: 'Invalid value' },
  { rule: 'use only names that exist', ...config({ temperature: 'hot' }), reason: 'temperature' },
  { rule: 'use only names that exist', setup: declare({ ...f, parameters: { type: 'OBJECT', additionalProperties: false } }), reason: unknown('additionalProperties') },
  { rule: 'use only names that exist', setup: declare({ ...f, parameters: { type: ['string', 'null'] } }), reason: 'Unknown name "type" at' },
  { rule: 'use only names that exist', then: [{ realtimeInput: { audio: { data: '%%%%', mimeType: 'audio/pcm' } } }], reason: 'TYPE_BYTES' },
  { rule: 'send exactly one message per frame', then: [{}] },
  { rule: 'send exactly one message per frame', then: [{ ...turns(user('a')), ...audio() }] },
  { rule: 'send setup once', then: [{ setup: { model: `models/${NEW}` } }] },
  // setup: the model
  { rule: 'name a model', setup: { model: '' } },
  { rule: 'write the model name as the backend wants it', setup: { model: NEW }, code: 1008, reason: 'is not found for API version v1beta' },
  { rule: 'write the model name as the backend wants it', dial: { vertex: true }, setup: { model: `publishers/google/models/${NEW}` }, code: 1008, reason: 'Publisher Model' },
  { rule: 'name a model that the backend serves', model: 'gemini-9-live', code: 1008, reason: 'models/gemini-9-live is not found' },
  { rule: 'name a model that the backend serves', model: 'gemini-2.0-flash-live-001', code: 1008 },
  { rule: 'name a model that the backend serves', model: VERTEX_OLD, code: 1008 },
  { rule: 'ask for a response modality of the model', ...config({ responseModalities: ['TEXT'] }), reason: 'modalities (TEXT) is not supported' },
  { rule: 'ask for a response modality of the model', ...config({ responseModalities: ['AUDIO', 'TEXT'] }), reason: '(AUDIO, TEXT)' },
  { rule: 'ask for a voice only where audio is spoken', ...config({ responseModalities: ['TEXT'], speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Puck' } } } }, TRANSCRIBE), reason: 'Cannot extract voices' },
  { rule: 'choose one of the prebuilt voices', ...config({ speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'puck' } } } }), reason: "'puck'" },
  { rule: 'leave multi-speaker voices to text-to-speech', ...config({ speechConfig: { multiSpeakerVoiceConfig: {} } }) },
  { rule: 'set no languageCode on models that choose by themselves', ...config({ speechConfig: { languageCode: 'de-DE' } }), reason: 'de-DE' },
  { rule: 'set no generationConfig field that the Live API lacks', ...config({ responseMimeType: 'text/plain' }), reason: INVALID },
  { rule: 'keep sampling values in their range', ...config({ temperature: 2.5 }) },
  { rule: 'set mediaResolution only where the model has it, to a value it has', ...config({ mediaResolution: 'MEDIA_RESOLUTION_LOW' }, MIDDLE) },
  { rule: 'send translationConfig only to a translating model', ...config({ translationConfig: { targetLanguageCode: 'de' } }) },
  { rule: 'ask for an avatar only together with video output', setup: { avatarConfig: { avatarName: 'Kira' } }, reason: unknown('avatarConfig') },
  { rule: 'ask for an avatar only together with video output', dial: { vertex: true }, setup: { avatarConfig: { avatarName: 'Kira' } }, reason: INVALID },
  // setup: options
  { rule: 'send a thinkingConfig as the model wants it', ...config({ thinkingConfig: {} }) },
  { rule: 'send a thinkingConfig as the model wants it', model: THINKER },
  { rule: 'send a thinkingConfig as the model wants it', ...config({ thinkingConfig: { thinkingLevel: 'MINIMAL' } }, THINKER) },
  { rule: 'send a thinkingConfig as the model wants it', ...config({ thinkingConfig: { thinkingLevel: 'LOW' } }, OLD) },
  { rule: 'send a thinkingConfig as the model wants it', ...config({ thinkingConfig: { thinkingLevel: 'LOW', thinkingBudget: 1 } }, MIDDLE) },
  { rule: "set enableAffectiveDialog only where it is the app's choice", ...config({ enableAffectiveDialog: false }) },
  { rule: "set enableAffectiveDialog only where it is the app's choice", ...config({ enableAffectiveDialog: true }, OLD), reason: unknown('enableAffectiveDialog') },
  { rule: "set proactivity only where it is the app's choice", setup: { proactivity: { proactiveAudio: false } } },
  { rule: "set proactivity only where it is the app's choice", model: OLD, setup: { proactivity: { proactiveAudio: true } }, reason: unknown('proactivity') },
  { rule: 'use only transcription options of the model', model: OLD, setup: { inputAudioTranscription: { customVocabulary: ['x'] } } },
  { rule: 'use only transcription options of the model', setup: { inputAudioTranscription: { wordTimestamp: true, mode: 'SMART' } }, capabilities: { transcriptionOptions: ['wordTimestamp', 'mode'] } },
  { rule: 'choose a turnCoverage of the model', model: OLD, setup: { realtimeInputConfig: { turnCoverage: 'TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO' } } },
  { rule: 'switch automatic activity detection off only where the model allows it', model: TRANSLATE, setup: manual },
  { rule: 'keep activity times at or above zero', setup: detection({ silenceDurationMs: -1 }) },
  { rule: 'leave sessionResumption.handle out instead of sending null', setup: { sessionResumption: { handle: null } } },
  { rule: 'ask for transparent resumption only where it exists', setup: { sessionResumption: { transparent: true } }, reason: `${unknown('transparent')} at 'setup.session_resumption'` },
  { rule: 'compress with a slidingWindow', setup: { contextWindowCompression: { triggerTokens: '9000' } } },
  { rule: 'compress with a slidingWindow', dial: { vertex: true }, setup: { contextWindowCompression: { triggerTokens: '900', slidingWindow: {} } } },
  { rule: 'send explicitVadSignal only where it exists', setup: { explicitVadSignal: true }, reason: unknown('explicitVadSignal') },
  { rule: 'send labels only where they exist, short and in small letters', setup: { labels: { a: 'b' } }, reason: unknown('labels') },
  { rule: 'send labels only where they exist, short and in small letters', dial: { vertex: true }, setup: { labels: { a: 'B' } } },
  { rule: 'give instructions only to a model that takes them, as text', model: TRANSLATE, setup: { systemInstruction: { parts: [{ text: 'x' }] } } },
  { rule: 'give instructions only to a model that takes them, as text', setup: { systemInstruction: { parts: [{ functionCall: {} }] } } },
  { rule: 'resume only with a handle that the server knows', setup: { sessionResumption: { handle: 'old' } }, code: 1008, reason: 'session not found' },
  // tools
  { rule: 'declare functions only to a model that calls them', model: TRANSLATE, setup: declare(f) },
  { rule: 'use only the built-in tools of the model', setup: { tools: [{ codeExecution: {} }] } },
  { rule: 'mix built-in tools and functions only where the model allows it', setup: { tools: [{ googleSearch: {} }, { functionDeclarations: [f] }] }, capabilities: { mixedTools: false } },
  { rule: 'give every function a legal name', setup: declare({ name: '1st' }) },
  { rule: 'declare each function once', setup: declare(f, f), reason: 'Duplicate function declaration found: f' },
  { rule: 'give behavior only where the model has it', model: MIDDLE, setup: declare({ ...f, behavior: 'NON_BLOCKING' }) },
  { rule: 'give behavior only where the model has it', model: THINKER, setup: { ...declare({ ...f, behavior: 'BLOCKING' }), generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } } } },
  { rule: 'describe parameters in the dialect of the model', model: OLD, setup: declare({ ...f, parametersJsonSchema: {} }), reason: unknown('parametersJsonSchema') },
  { rule: 'describe parameters in the dialect of the model', setup: declare({ ...f, parametersJsonSchema: {}, parameters: { type: 'OBJECT' } }) },
  { rule: 'describe parameters as an object with legal names', setup: declare({ ...f, parameters: { type: 'STRING' } }) },
  { rule: 'describe parameters as an object with legal names', setup: declare({ ...f, parameters: { type: 'OBJECT', properties: { 'a b': {} } } }) },
  { rule: 'give parameters at least one property, or leave them out', setup: takes({}), reason: 'should be non-empty' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: {} }), reason: '[a].type: must be' },
  { rule: 'write each schema as the dialect has it', dial: { vertex: true }, setup: takes({ a: {} }), reason: 'Unable to submit request because' },
  { rule: 'write each schema as the dialect has it', dial: { vertex: true }, setup: takes({ a: { anyOf: [STRING], title: 'A' } }), reason: 'only field set' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: { ...STRING, properties: {} } }), reason: 'only allowed for OBJ' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: { anyOf: [{ ...STRING, required: ['b'] }] } }), reason: 'any_of[0]' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: { type: 'ARRAY' } }), reason: '[a].items: missing' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: { type: 'ARRAY', items: { type: 'OBJECT', required: ['b'] } } }), reason: 'items.required[0]' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: { type: 'INTEGER', enum: ['1'] } }), reason: 'enum: only allowed' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: { ...STRING, enum: ['b', ''] } }), reason: 'enum[1]: cannot' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: { ...STRING, format: 'email' } }), reason: 'format: only' },
  { rule: 'write each schema as the dialect has it', setup: takes({ a: { ...STRING, format: 'enum' } }), reason: 'should be non-empty' },
  { rule: 'nest schemas no deeper than a parser reads', setup: takes({ a: nested(41) }), reason: 'nesting depth' },
  { rule: 'declare at most 512 functions', setup: declare(...Array.from({ length: 513 }, (_, i) => ({ name: `f${i}` }))), reason: 'At most 512' },
  { rule: JSON_SCHEMA, setup: standard({}) },
  { rule: JSON_SCHEMA, setup: standard({ properties: { a: { $ref: '#/definitions/A' } }, type: 'object' }), reason: 'undefined schema at properties.a' },
  { rule: JSON_SCHEMA, setup: standard({ type: 'object', properties: { a: { $ref: '#/$defs/A', type: 'string' } }, $defs: { A: {} } }), reason: "Schema.ref 'A'" },
  { rule: JSON_SCHEMA, setup: standard({ type: 'object', $defs: { A: { properties: { b: { anyOf: [{ $ref: '#/$defs/B' }, {}] } }, required: ['b'] }, B: { $ref: '#/$defs/A' } } }), reason: 'ref loops' },
  { rule: 'give every function a legal name', then: [{ contextUpdate: { tools: { tools: [{ functionDeclarations: [{ name: '' }] }] } } }] },
  // content
  { rule: 'send content only when the model takes it', model: TRANSLATE, then: [turns(user('a'))] },
  { rule: 'send content only when the model takes it', capabilities: { midSessionContent: 'initialHistory' }, then: [audio(), turns(user('a'))] },
  { rule: 'send content only when the model takes it', capabilities: { midSessionContent: 'initialHistory' }, then: [{ clientContent: { turns: [user('a')], turnComplete: true } }, turns(user('b'))] },
  { rule: 'send a turn, or turnComplete', capabilities: { cancel: 'none' }, then: [{ clientContent: { turnComplete: false } }] },
  { rule: 'say user or model as the role of every turn', then: [turns({ role: 'system', parts: [{ text: 'a' }] })], reason: 'valid role' },
  { rule: 'say user or model as the role of every turn', then: [turns({ parts: [{ text: 'a' }] })] },
  { rule: 'give every turn a part', then: [turns({ role: 'user', parts: [] })] },
  { rule: 'keep function parts out of turns', then: [turns({ role: 'model', parts: [{ functionCall: { name: 'f' } }] })] },
  { rule: 'keep audio, and images the model cannot see, out of turns', then: [turns({ role: 'user', parts: [{ inlineData: { data: '', mimeType: 'audio/pcm' } }] })] },
  // realtime input
  { rule: 'send audio and video in fields of their own', then: [{ realtimeInput: { mediaChunks: [] } }], reason: 'deprecated' },
  { rule: 'send audio as audio/pcm, with its rate', then: [audio(640, 'application/json')], code: 1008, reason: "application/json isn't" },
  { rule: 'send whole samples', then: [audio(641)] },
  { rule: 'send video as single JPEG or PNG images, to a model that sees', then: [{ realtimeInput: { video: { data: '', mimeType: 'image/gif' } } }], code: 1008 },
  { rule: 'send video as single JPEG or PNG images, to a model that sees', model: TRANSLATE, then: [{ realtimeInput: { video: { data: '', mimeType: 'image/png' } } }] },
  { rule: 'send text only to a model that reads', model: TRANSLATE, then: [{ realtimeInput: { text: 'hi' } }] },
  { rule: 'mark activity only with automatic detection disabled', then: [{ realtimeInput: { activityStart: {} } }] },
  { rule: 'end the audio stream only with automatic detection enabled', setup: manual, then: [{ realtimeInput: { audioStreamEnd: true } }] },
  { rule: 'send audio between activityStart and activityEnd in manual mode', setup: manual, then: [audio()] },
  { rule: 'send audio between activityStart and activityEnd in manual mode', setup: manual, then: [{ realtimeInput: { activityStart: {} } }, audio(), { realtimeInput: { activityEnd: {} } }, audio()] },
  { rule: 'end only an activity that was started', setup: manual, then: [{ realtimeInput: { activityEnd: {} } }], code: null },
  { rule: 'hold audio and activity while a blocking call waits, where the model wants it', model: OLD, setup: declare(f), call: { name: 'f', id: '1' }, then: [audio()], code: 1008, reason: 'Operation is not implemented' },
  // tool responses
  { rule: 'answer with at least one response', then: [{ toolResponse: { functionResponses: [] } }] },
  { rule: 'answer with the id of the call', then: [answer({ name: 'f', response: {} })] },
  { rule: 'answer with the name of the function', then: [answer({ id: '1', response: {} })] },
  { rule: 'answer with an object', then: [answer({ id: '1', name: 'f', response: [] })] },
  { rule: 'answer with an object', then: [answer({ id: '1', name: 'f' })] },
  { rule: 'schedule only where the model and the call allow it', model: MIDDLE, then: [answer({ id: '1', name: 'f', response: { a: 1 }, scheduling: 'SILENT' })] },
  { rule: 'schedule only where the model and the call allow it', model: OLD, setup: declare(f), call: { name: 'f', id: '1' }, then: [answer({ id: '1', name: 'f', response: { a: 1 }, scheduling: 'SILENT' })] },
  { rule: 'continue a call only where the model and the call allow it', model: MIDDLE, then: [answer({ id: '1', name: 'f', response: { a: 1 }, willContinue: true })] },
  { rule: 'answer with media only where the model sees it', then: [answer({ id: '1', name: 'f', response: { a: 1 }, parts: [{ inlineData: {} }] })] },
  { rule: 'answer only calls that are open', model: OLD, then: [answer({ id: 'ghost', name: 'f', response: { a: 1 } })], code: null, reason: 'ghost' },
  { rule: 'answer with something', setup: declare(f), call: { name: 'f', id: '1' }, then: [answer({ id: '1', name: 'f', response: {} })], code: null },
  // contextUpdate
  { rule: 'update the context only where the model has it', model: OLD, then: [{ contextUpdate: { tools: {} } }], reason: 'Unknown name "contextUpdate"' },
  { rule: 'update the context only where the model has it', capabilities: { toolUpdate: 'reconnect' }, then: [{ contextUpdate: { tools: {} } }], reason: INVALID },
  { rule: 'update instructions as text', then: [{ contextUpdate: { systemInstruction: { parts: [] } } }] },
];

const tested = new Set(CASES.map(({ rule }) => rule));

describe('every rule', () => {
  let server: LiveServer;
  const overrides: LiveServer[] = [];
  beforeAll(async () => {
    server = await LiveServer.start({ speed: 100, setupDelayMs: 1 });
  });
  afterEach(async () => {
    for (const each of overrides.splice(0)) await each.close();
  });
  afterAll(() => server.close());

  it.each(CASES.map((each, index) => ({ index, ...each })))('$index $rule', async (each) => {
    const own = each.capabilities && (await LiveServer.start({ capabilities: each.capabilities }));
    if (own) overrides.push(own);
    const at = own ?? server;
    const before = at.violations.length;
    const client = new Bare(at, each.dial);
    const model = each.model ?? NEW;
    const name = each.dial?.vertex ? `${PROJECT}${model}` : `models/${model}`;
    const outcome = await client.setUp({ model: name, ...each.setup });
    if (outcome === 'complete') {
      const connection = at.current!;
      if (each.call) void connection.callTool(each.call.name, {}, each.call.id);
      for (const frame of each.then ?? []) client.send(frame);
      // A frame that is only noted is followed by nothing; the next one proves that it went through.
      if (each.code === null) await connection.waitFor(() => at.violations.length > before);
    }
    if (each.code === null) client.ws.close();
    const { code, reason } = await client.closed;
    const violation = at.violations[before];
    expect(violation?.rule).toBe(each.rule);
    expect(violation?.code).toBe(each.code === undefined ? 1007 : each.code);
    expect(violation?.source).toMatch(/\w{4}/);
    if (each.code !== null) {
      expect(code).toBe(each.code ?? 1007);
      expect(reason.length).toBeGreaterThan(0);
    }
    if (each.reason) expect(each.code === null ? violation?.reason : reason).toContain(each.reason);
    expect(() => at.assertClean()).toThrow(each.rule);
  });

  it('is tested', () => {
    const elsewhere = [
      'send setup first',
      'wait for setupComplete',
      'close the old socket before resuming',
      'resume with the same model',
    ];
    const missing = RULES.map(({ name }) => name).filter((name) => !tested.has(name));
    expect(missing.sort()).toEqual(elsewhere.sort());
  });
});
