// SPDX-License-Identifier: Apache-2.0
import type { Tool } from '@google/genai';
import type { Settings } from '../options.js';
import { instructionUpdate } from '../protocol/deliver.js';
import type { Command } from '../protocol/encode.js';
import { setupFrame } from '../protocol/setup.js';
import { isFewer } from '../protocol/tool_change.js';

/** Tools that are missing for so long, in ms, are not coming back. */
export const GONE_MS = 30_000;

/** What a running session has to be told, and whether only a new setup can tell it. */
export interface Update {
  commands: Command[];
  exchange: boolean;
}

/**
 * What the server was told last, by setup or by update. Tools that are only taken away (LiveKit hides
 * some for a greeting, and brings them back) stay declared: to tell the server would cost a connection,
 * or the prefix cache, twice. Calls of them are refused here instead.
 */
export class Told {
  readonly #settings: Settings;
  #instructions = '';
  #tools = '[]';
  #rest = '';
  #offered: readonly Tool[] = [];
  #declared: readonly Tool[] = [];
  #fewerSince: number | undefined;
  readonly #names: string[] = [];
  /** Instructions have changed since the last setup: it is another agent. */
  #isAnother = false;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** What the app offers from now on. */
  offer(tools: readonly Tool[], now: number): void {
    this.#offered = tools;
    if (isFewer(this.#declared, tools)) this.#fewerSince ??= now;
    else this.#declareAll();
  }

  /** Tools are missing, and shall be taken back when they do not return. */
  get isWaiting(): boolean {
    const { toolUpdate } = this.#settings.capabilities;
    return this.#fewerSince !== undefined && toolUpdate === 'contextUpdate';
  }

  /** The server has been told of a function of this name at some time. */
  hasDeclared(name: string): boolean {
    return this.#names.includes(name);
  }

  /** A setup is being written, and tells everything. Returns the tools that it declares. */
  setup(instructions: string, now: number): readonly Tool[] {
    this.#isAnother ||= this.#instructions !== '' && this.#instructions !== instructions;
    // With new instructions it is another agent, and what is missing was taken away on purpose.
    if (this.#isAnother) this.#declareAll();
    else this.#tidy(now);
    this.#isAnother = false;
    this.#tell(instructions);
    return this.#declared;
  }

  /** What has changed since; it counts as told. */
  update(instructions: string, now: number): Update {
    const row = this.#settings.capabilities;
    const before = { text: this.#instructions, tools: this.#tools, rest: this.#rest };
    const byContext = row.toolUpdate === 'contextUpdate';
    const newText = before.text !== instructions && row.systemInstruction;
    this.#isAnother ||= newText;
    // Where the cache is lost with the instructions anyway, the tools are told exactly.
    if (newText && byContext) this.#declareAll();
    else if (byContext) this.#tidy(now);
    this.#tell(instructions);
    const newTools = before.tools !== this.#tools && row.toolUpdate !== 'none';
    const text = newText ? instructionUpdate(instructions, before.text, row) : undefined;
    if (before.rest !== this.#rest || (newText && !text) || (newTools && !byContext)) {
      return { commands: [], exchange: true };
    }
    const tools = newTools ? { tools: this.#declared } : {};
    if (text?.type === 'context') return { commands: [{ ...text, ...tools }], exchange: false };
    const commands: Command[] = text ? [text] : [];
    if (newTools) commands.push({ type: 'context', ...tools });
    return { commands, exchange: false };
  }

  #tell(instructions: string): void {
    const rest = setupFrame(this.#settings, { instructions: '', tools: [], seeds: false });
    this.#instructions = instructions;
    this.#tools = JSON.stringify(this.#declared);
    this.#rest = JSON.stringify(rest);
    for (const { functionDeclarations } of this.#declared) {
      for (const { name } of functionDeclarations ?? []) {
        if (name && !this.#names.includes(name)) this.#names.push(name);
      }
    }
  }

  /** Tools that did not come back are not declared any longer. */
  #tidy(now: number): void {
    if (this.#fewerSince !== undefined && now - this.#fewerSince >= GONE_MS) this.#declareAll();
  }

  #declareAll(): void {
    this.#declared = this.#offered;
    this.#fewerSince = undefined;
  }
}
