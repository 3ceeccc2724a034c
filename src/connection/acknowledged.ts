// SPDX-License-Identifier: Apache-2.0

/** Unacknowledged bytes are kept up to this; older ones are given up. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Transparent resumption (Vertex AI): the server says which client messages it has consumed, and the
 * rest is sent again after a resume, before anything new. Messages count from 1 on each connection,
 * setup not included (Google's live session manager sample, 2026-08).
 */
export class Unacknowledged {
  #messages: { index: number; text: string }[] = [];
  #bytes = 0;
  #index = 0;

  /** @param text undefined for a message that counts but is asked anew anyway */
  sent(text: string | undefined): void {
    this.#index += 1;
    if (text === undefined) return;
    this.#messages.push({ index: this.#index, text });
    this.#bytes += text.length;
    while (this.#bytes > MOST_BYTES) this.#forgetFirst();
  }

  /** @param last `lastConsumedClientMessageIndex`, a decimal string */
  consumed(last: string | undefined): void {
    const index = Number(last);
    while (this.#messages[0] && this.#messages[0].index <= index) this.#forgetFirst();
  }

  /** What a resumed connection has to carry first; counting begins anew. */
  replay(): string[] {
    const texts = this.#messages.map(({ text }) => text);
    this.clear();
    return texts;
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
    this.#index = 0;
  }

  #forgetFirst(): void {
    this.#bytes -= this.#messages.shift()?.text.length ?? 0;
  }
}
