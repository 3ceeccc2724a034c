// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';

/** What is noted of one item. Words are undefined where there are none to note, not where they are empty. */
interface Note {
  /** In these words the server has it. */
  known?: string | undefined;
  /** The same at the moment when it issued the handle. */
  atHandle?: string | undefined;
  /** It was born in the session. */
  isBorn?: true;
  /** Only so much of it was played: the framework's text may be shorter. */
  heard?: string;
  /** The framework has it too: when it is missing later, it has been removed. */
  isShared?: true;
}

/** Which items the server has, with the words in which it has them: born there, or sent. */
export class Ledger {
  #notes: Map<string, Note> | undefined;

  has(id: string): boolean {
    return this.#notes?.get(id)?.known !== undefined;
  }

  born(id: string, text: string): void {
    const note = this.#note(id);
    note.known = text;
    note.isBorn = true;
  }

  sent(id: string, text: string): void {
    this.#note(id).known = text;
  }

  /** It was counted as told, and never will be sent. */
  untold(id: string): void {
    const note = this.#note(id);
    note.known = note.atHandle = undefined;
  }

  /** Only so much of it was played. */
  heard(id: string, text: string): void {
    const note = this.#note(id);
    note.isBorn = true;
    note.heard = text;
    if (text !== '') note.isShared = true;
  }

  heardOf(id: string): string | undefined {
    return this.#notes?.get(id)?.heard;
  }

  shared(id: string): void {
    this.#note(id).isShared = true;
  }

  /** Is it known to the server and to the framework? */
  isShared(id: string): boolean {
    const { known, isShared } = this.#notes?.get(id) ?? {};
    return known !== undefined && isShared === true;
  }

  /**
   * Does the app want other words than the server has? What was cut off when it was played, or was
   * transcribed too late for the framework, is no edit.
   */
  isEdited(id: string, text: string): boolean {
    const { known, heard, isBorn } = this.#notes?.get(id) ?? {};
    if (known === undefined) return false;
    const [now, before] = [words(text), words(known)];
    if (now === before || now === words(heard ?? known)) return false;
    return !(isBorn && now !== '' && before.startsWith(now));
  }

  handleIssued(): void {
    for (const note of this.#all) note.atHandle = note.known;
  }

  /** The server is back where it was when it issued the handle; without one it knows nothing. */
  rewind(hasHandle: boolean): void {
    for (const note of this.#all) {
      if (!hasHandle) note.atHandle = undefined;
      note.known = note.atHandle;
    }
  }

  get #all(): Iterable<Note> {
    return this.#notes?.values() ?? [];
  }

  #note(id: string): Note {
    this.#notes ??= new Map();
    const note = this.#notes.get(id) ?? {};
    this.#notes.set(id, note);
    return note;
  }
}

function words(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** The words of an item, as far as an edit could change them. */
export function textOf(item: llm.ChatItem): string {
  return item.type === 'message' ? (item.textContent ?? '') : '';
}
