// SPDX-License-Identifier: Apache-2.0
import { VOICES } from '../../protocol/voices.js';
import { type JsonObject, dig, text } from '../json.js';
import { member } from './envelope.js';
import { type Rule, type RuleContext, type Verdict, invalid, path, unknownName } from './rule.js';

/** A rule about setup: `setup` is the message, and the row is the one of the model it names. */
export function setupRule(
  name: string,
  source: string,
  check: (setup: JsonObject, context: RuleContext) => Verdict | undefined,
): Rule {
  return {
    name,
    source,
    check: (frame, context) => {
      const setup = member(frame, 'setup');
      return setup && check(setup, context);
    },
  };
}

const present = (value: unknown): boolean => value !== undefined && value !== null;
const config = (setup: JsonObject, ...steps: string[]) => dig(setup, 'generationConfig', ...steps);
const modalities = (setup: JsonObject): string[] => {
  const list = config(setup, 'responseModalities');
  return Array.isArray(list) ? list.map(text) : [];
};

/** The forms of a model's name that a backend understands. */
const NAME_FORM = {
  gemini: /^models\/[^/]+$/,
  vertex: /^projects\/[^/]+\/locations\/[^/]+\/publishers\/google\/models\/[^/]+$/,
  vertexKey: /^publishers\/google\/models\/[^/]+$/,
};

function notFound(model: string, { backend, apiVersion }: RuleContext): Verdict {
  const reason =
    backend === 'gemini'
      ? `${model} is not found for API version ${apiVersion}, or is not supported for bidiGenerateContent.`
      : `Publisher Model \`${model}\` was not found or your project does not have access to it.`;
  return { code: 1008, reason };
}

/** Rules about the model and about what it can produce. */
export const SETUP_MODEL_RULES: readonly Rule[] = [
  setupRule(
    'name a model',
    'Live API reference, BidiGenerateContentSetup.model: required',
    (setup) => (text(setup.model) === '' ? invalid('setup.model is required.') : undefined),
  ),
  setupRule(
    'write the model name as the backend wants it',
    'Live API reference: models/{model}; Vertex AI reference: projects/{p}/locations/{l}/publishers/google/models/{model}, the short form only with an API key',
    (setup, context) => {
      const model = text(setup.model);
      if (context.backend === 'gemini') {
        return NAME_FORM.gemini.test(model) ? undefined : notFound(model, context);
      }
      const short = context.credential === 'key' && NAME_FORM.vertexKey.test(model);
      return short || NAME_FORM.vertex.test(model) ? undefined : notFound(model, context);
    },
  ),
  setupRule(
    'name a model that the backend serves',
    'Gemini deprecations page; close reason quoted in vellum-assistant#39558 (2026-07-30)',
    (setup, context) => {
      const { modelKnown, row, backend } = context;
      const served = modelKnown && row.status !== 'retired' && row.backends.includes(backend);
      return served ? undefined : notFound(text(setup.model), context);
    },
  ),
  setupRule(
    'ask for a response modality of the model',
    'close reason quoted in livekit/agents#4423 and googleapis/python-genai#1780',
    (setup, { row }) => {
      const asked = modalities(setup);
      if (asked.length === 0) return undefined;
      const legal = row.outputModalities as readonly string[];
      if (asked.length === 1 && asked.every((each) => legal.includes(each))) return undefined;
      const list = asked.join(', ');
      return invalid(
        `The requested combination of response modalities (${list}) is not supported by the model.`,
      );
    },
  ),
  setupRule(
    'ask for a voice only where audio is spoken',
    'close reason quoted in kizuna-ai-lab/sokuji#93',
    (setup) =>
      modalities(setup).includes('TEXT') && present(config(setup, 'speechConfig', 'voiceConfig'))
        ? invalid('Cannot extract voices from a non-audio request.')
        : undefined,
  ),
  setupRule(
    'choose one of the prebuilt voices',
    'google/skills, Live API reference: 30 names, case-sensitive',
    (setup, { row, modelId }) => {
      const voice = config(
        setup,
        'speechConfig',
        'voiceConfig',
        'prebuiltVoiceConfig',
        'voiceName',
      );
      if (!present(voice)) return undefined;
      if (row.voices && (VOICES as readonly unknown[]).includes(voice)) return undefined;
      const name = text(voice);
      return invalid(`Requested voice api_name '${name}' is not available for model ${modelId}`);
    },
  ),
  setupRule(
    'leave multi-speaker voices to text-to-speech',
    '@google/genai 2.32.0: refuses multiSpeakerVoiceConfig for the Live API',
    (setup) =>
      present(config(setup, 'speechConfig', 'multiSpeakerVoiceConfig')) ? invalid() : undefined,
  ),
  setupRule(
    'set no languageCode on models that choose by themselves',
    'Live API guide: native audio picks the language; reports differ between ignored and refused, here it is refused',
    (setup, { row, modelId }) => {
      const language = config(setup, 'speechConfig', 'languageCode');
      if (!present(language) || row.languageCode) return undefined;
      return invalid(`Unsupported language code '${text(language)}' for model ${modelId}`);
    },
  ),
  setupRule(
    'set no generationConfig field that the Live API lacks',
    'Live API reference, BidiGenerateContentSetup.generation_config: list of unsupported fields',
    (setup) => {
      const broken = UNSUPPORTED.find((name) => present(config(setup, name)));
      return broken === undefined ? undefined : invalid();
    },
  ),
  setupRule(
    'keep sampling values in their range',
    'Types of @google/genai 2.32.0, GenerationConfig: ranges in the field descriptions',
    (setup) => {
      const broken = RANGES.find(([name, low, high]) => {
        const value = config(setup, name);
        return typeof value === 'number' && (value < low || value > high);
      });
      return broken === undefined ? undefined : invalid();
    },
  ),
  setupRule(
    'set mediaResolution only where the model has it, to a value it has',
    'Vertex AI model pages: resolution is fixed on some models',
    (setup, { row }) => {
      const value = config(setup, 'mediaResolution');
      const legal = row.mediaResolutions as readonly unknown[];
      return present(value) && !legal.includes(value) ? invalid() : undefined;
    },
  ),
  setupRule(
    'send translationConfig only to a translating model',
    'Live translate guide',
    (setup, { row }) =>
      present(config(setup, 'translationConfig')) && !row.translation ? invalid() : undefined,
  ),
  setupRule(
    'ask for an avatar only together with video output',
    'Vertex AI, configure live avatars: needs responseModalities VIDEO. On the Gemini API reports differ between refused and ignored, here it is refused',
    (setup, { row }) => {
      if (!present(setup.avatarConfig)) return undefined;
      if (!row.outputModalities.includes('VIDEO')) {
        return unknownName('avatarConfig', path('setup'));
      }
      return modalities(setup).includes('VIDEO') ? undefined : invalid();
    },
  ),
];

const UNSUPPORTED = [
  'responseLogprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'logprobs',
  'stopSequences',
  'routingConfig',
  'audioTimestamp',
];

const RANGES: readonly (readonly [string, number, number])[] = [
  ['temperature', 0, 2],
  ['topP', 0, 1],
  ['topK', 1, Infinity],
  ['maxOutputTokens', 1, Infinity],
  ['candidateCount', 1, Infinity],
  ['presencePenalty', -2, 2],
  ['frequencyPenalty', -2, 2],
];
