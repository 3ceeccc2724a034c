// SPDX-License-Identifier: Apache-2.0
import type { Content } from '@google/genai';
import type { Capabilities } from '../models/capabilities.js';
import { resolve } from '../models/resolve.js';
import type { ClientFrame, Setup } from '../protocol/frames.js';
import type { Dial } from './dial.js';
import { type JsonObject, dig, isObject, objects, text } from './json.js';
import type { OpenCall, RuleContext } from './rules.js';
import { rateOf } from './voice.js';
import type { SessionStore } from './session_store.js';

/** Where the rules of the protocol find what came before: all that one client has said so far. */
export class ClientState {
  phase: RuleContext['phase'] = 'new';
  row: Capabilities;
  modelId = '';
  modelKnown = false;
  setup: Setup = { model: '' };
  /** Instructions and tools in force: those of setup until a contextUpdate replaces them. */
  instructions = '';
  tools: JsonObject[] = [];
  seeding = false;
  begun = false;
  activityOpen = false;
  /** All caller audio, in ms. */
  audioMs = 0;
  /** Turns of all clientContent, in order. */
  readonly contents: Content[] = [];

  readonly #dial: Dial;
  readonly #override: Partial<Capabilities>;
  readonly #anyModel: boolean;

  constructor(dial: Dial, override: Partial<Capabilities>, anyModel: boolean) {
    this.#dial = dial;
    this.#override = override;
    this.#anyModel = anyModel;
    this.row = resolve('', dial.backend, override).capabilities;
  }

  /** What a rule may know when it looks at `frame`; a setup is judged by the model it names. */
  contextFor(frame: JsonObject, openCalls: OpenCall[], sessions: SessionStore): RuleContext {
    if (this.phase === 'new' && isObject(frame.setup)) this.#nameModel(text(frame.setup.model));
    const { phase, modelId, modelKnown, row, seeding, begun, activityOpen } = this;
    const { backend, apiVersion, credential } = this.#dial;
    return {
      ...{ backend, apiVersion, credential, phase, modelId, modelKnown, row },
      ...{ seeding, begun, activityOpen, openCalls },
      setup: this.setup,
      resume: (handle) => sessions.look(handle, modelId),
    };
  }

  #nameModel(model: string): void {
    const found = resolve(model, this.#dial.backend, this.#override);
    this.modelId = found.name;
    this.modelKnown = found.known || this.#anyModel;
    this.row = found.capabilities;
  }

  /** Takes in a frame that broke no rule. */
  apply(frame: ClientFrame): void {
    if (frame.setup) this.#applySetup(frame.setup);
    if (frame.clientContent) {
      this.contents.push(...(frame.clientContent.turns ?? []));
      if (frame.clientContent.turnComplete) this.#begin();
    }
    if (frame.realtimeInput) this.#applyRealtime(frame.realtimeInput);
    if (frame.contextUpdate) {
      const { systemInstruction, tools } = frame.contextUpdate;
      if (systemInstruction) this.instructions = textOf(systemInstruction);
      if (tools) this.tools = objects(tools.tools ?? []);
    }
  }

  #applySetup(setup: Setup): void {
    this.phase = 'settingUp';
    this.setup = setup;
    this.instructions = textOf(setup.systemInstruction);
    this.tools = objects(setup.tools ?? []);
    this.seeding = dig(setup, 'historyConfig', 'initialHistoryInClientContent') === true;
  }

  #applyRealtime(input: NonNullable<ClientFrame['realtimeInput']>): void {
    // A declared history that never came does not block input (agents-js plugin; the field's own
    // description says the server waits, which nobody measured).
    this.#begin();
    if (input.activityStart) this.activityOpen = true;
    if (input.activityEnd) this.activityOpen = false;
    if (input.audio) this.audioMs += blobMs(input.audio);
  }

  #begin(): void {
    this.seeding = false;
    this.begun = true;
  }

  get #declarations(): JsonObject[] {
    return this.tools.flatMap((tool) => objects(tool.functionDeclarations));
  }

  /** Names of the functions in force. */
  get functions(): string[] {
    return this.#declarations.map((each) => text(each.name));
  }

  /** Does the model wait for this function before it goes on? */
  isBlocking(name: string): boolean {
    const declared = this.#declarations.find((each) => each.name === name);
    const behavior = text(declared?.behavior);
    const said = behavior === 'BLOCKING' || behavior === 'NON_BLOCKING';
    return (said ? behavior : this.row.defaultToolBehavior) === 'BLOCKING';
  }
}

/** Length of a chunk of caller audio, in ms. */
export function blobMs(blob: { data: string; mimeType: string }): number {
  return (Buffer.byteLength(blob.data, 'base64') / 2 / rateOf(blob.mimeType)) * 1000;
}

/** All text of a content. */
export function textOf(content: unknown): string {
  return objects(dig(content, 'parts'))
    .map((part) => text(part.text))
    .join('');
}
