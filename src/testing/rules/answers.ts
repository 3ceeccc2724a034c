// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, isObject, objects, text } from '../json.js';
import { member } from './envelope.js';
import {
  type OpenCall,
  type Rule,
  type RuleContext,
  type Verdict,
  invalid,
  noted,
  unknownName,
} from './rule.js';
import { isTextOnly } from './setup_session.js';

/** A rule about each function response; `call` is the call it answers, if one is open. */
function responseRule(
  name: string,
  source: string,
  check: (
    response: JsonObject,
    context: RuleContext,
    call: OpenCall | undefined,
  ) => Verdict | undefined,
): Rule {
  return {
    name,
    source,
    check: (frame, context) => {
      for (const response of objects(member(frame, 'toolResponse')?.functionResponses)) {
        const verdict = check(response, context, answered(response, context.openCalls));
        if (verdict) return verdict;
      }
      return undefined;
    },
  };
}

/** The call a response belongs to: by id, and by name where the service gives no ids. */
export function answered<C extends OpenCall>(
  response: JsonObject,
  calls: readonly C[],
): C | undefined {
  const id = text(response.id);
  const byId = calls.find((call) => id !== '' && call.id === id);
  if (byId || id !== '') return byId;
  return calls.find((call) => call.name === response.name);
}

/** Rules about `toolResponse`. */
export const RESPONSE_RULES: readonly Rule[] = [
  {
    name: 'answer with at least one response',
    source: 'Live API reference, BidiGenerateContentToolResponse',
    check: (frame) => {
      const message = member(frame, 'toolResponse');
      return message && objects(message.functionResponses).length === 0 ? invalid() : undefined;
    },
  },
  responseRule(
    'answer with the id of the call',
    '@google/genai 2.32.0 requires it on the Gemini API; Vertex AI may give none',
    ({ id }, { row }) => (row.callIds && text(id) === '' ? invalid() : undefined),
  ),
  responseRule(
    'answer with the name of the function',
    'Types of @google/genai 2.32.0, FunctionResponse.name: required',
    ({ name }) => (text(name) === '' ? invalid() : undefined),
  ),
  responseRule(
    'answer with an object',
    'Live API reference, FunctionResponse.response: a Struct',
    ({ response }) => (isObject(response) ? undefined : invalid()),
  ),
  responseRule(
    'schedule only where the model and the call allow it',
    'Types of @google/genai 2.32.0: only for NON_BLOCKING calls; livekit/agents#3853: 1007. The type says ignored for BLOCKING calls, here it is refused',
    ({ scheduling }, { row }, call) => {
      if (scheduling === undefined || scheduling === null) return undefined;
      const legal = (row.toolScheduling as readonly unknown[]).includes(scheduling);
      return legal && !call?.blocking ? undefined : invalid();
    },
  ),
  responseRule(
    'continue a call only where the model and the call allow it',
    'Types of @google/genai 2.32.0: willContinue only for NON_BLOCKING calls, not on Vertex AI',
    ({ willContinue }, { row }, call) =>
      willContinue === true && (!row.toolWillContinue || call?.blocking) ? invalid() : undefined,
  ),
  responseRule(
    'answer with media only where the model sees it',
    'maximhq/bifrost PR#4202: a hard 400 of older models',
    ({ parts }, { row }) =>
      objects(parts).length > 0 && !row.toolResultParts ? invalid() : undefined,
  ),
  responseRule(
    'answer only calls that are open',
    'third-party measurements of 2026-09: ignored by the newest models; elsewhere nobody knows, so it is noted without closing',
    (response, { row }, call) =>
      call || row.handle === 'fixed'
        ? undefined
        : noted(`no open call for ${text(response.id) || text(response.name)}`),
  ),
  responseRule(
    'answer with something',
    'Vertex AI migration guide: an empty result makes the newest models call again',
    ({ response, willContinue }, { row }) =>
      row.handle === 'fixed' &&
      willContinue === undefined &&
      isObject(response) &&
      Object.keys(response).length === 0
        ? noted('an empty function response')
        : undefined,
  ),
];

/** Rules about `contextUpdate`. */
export const UPDATE_RULES: readonly Rule[] = [
  {
    name: 'update the context only where the model has it',
    source: 'Vertex AI multimodal-live reference documents it for the newest models only',
    check: (frame, { row }) => {
      const update = member(frame, 'contextUpdate');
      if (!update) return undefined;
      const instructions = row.instructionUpdate === 'contextUpdate';
      const tools = row.toolUpdate === 'contextUpdate';
      if (!instructions && !tools) return unknownName('contextUpdate', '');
      if (isObject(update.systemInstruction) && !instructions) return invalid();
      return isObject(update.tools) && !tools ? invalid() : undefined;
    },
  },
  {
    name: 'update instructions as text',
    source: 'Live API reference: text parts only',
    check: (frame) => {
      const instruction = member(frame, 'contextUpdate')?.systemInstruction;
      return isObject(instruction) && !isTextOnly(instruction) ? invalid() : undefined;
    },
  },
];
