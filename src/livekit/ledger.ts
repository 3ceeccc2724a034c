// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';

/** Which items the server has, with the words in which it has them: born there, or sent. */
export class Ledger {
  #known = new Map<string, string>();
  /** What the server knew when it issued the handle. */
  #atHandle = new Map<string, string>();
  /** Born in the session, with what of it was played: the framework's text may be shorter. */
  readonly #born = new Map<string, string | undefined>();
  /** The framework has them too: one that is missing later has been removed. */
  readonly #shared = new Set<string>();

  has(id: string): boolean {
    return this.#known.has(id);
  }

  born(id: string, text: string): void {
    this.#known.set(id, text);
    if (!this.#born.has(id)) this.#born.set(id, undefined);
  }

  sent(id: string, text: string): void {
    this.#known.set(id, text);
  }

  /** It was counted as told, and never will be sent. */
  untold(id: string): void {
    this.#known.delete(id);
    this.#atHandle.delete(id);
  }

  /** Only so much of it was played. */
  heard(id: string, text: string): void {
    this.#born.set(id, text);
    if (text !== '') this.#shared.add(id);
  }

  heardOf(id: string): string | undefined {
    return this.#born.get(id);
  }

  shared(id: string): void {
    this.#shared.add(id);
  }

  /** Is it known to the server and to the framework? */
  isShared(id: string): boolean {
    return this.#known.has(id) && this.#shared.has(id);
  }

  /**
   * Does the app want other words than the server has? What was cut off when it was played, or was
   * transcribed too late for the framework, is no edit.
   */
  isEdited(id: string, text: string): boolean {
    const told = this.#known.get(id);
    if (told === undefined) return false;
    const [now, before] = [words(text), words(told)];
    if (now === before || now === words(this.#born.get(id) ?? told)) return false;
    return !(this.#born.has(id) && now !== '' && before.startsWith(now));
  }

  handleIssued(): void {
    this.#atHandle = new Map(this.#known);
  }

  /** The server is back where it was when it issued the handle; without one it knows nothing. */
  rewind(hasHandle: boolean): void {
    if (!hasHandle) this.#atHandle = new Map();
    this.#known = new Map(this.#atHandle);
  }
}

function words(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** The words of an item, as far as an edit could change them. */
export function textOf(item: llm.ChatItem): string {
  return item.type === 'message' ? (item.textContent ?? '') : '';
}
