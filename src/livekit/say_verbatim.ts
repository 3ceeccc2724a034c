// SPDX-License-Identifier: Apache-2.0
import type { voice } from '@livekit/agents';

/** What became of a text that was to be said word for word. */
export interface Verbatim {
  /** What was said, by its transcript; up to the interruption, if there was one. */
  spoken: string;
  /** How far that is from the text: 0 is word for word, 1 nothing of it. */
  deviation: number;
  interrupted: boolean;
}

/**
 * Lets a realtime agent say a text, and tells how faithful it was: a live model can only be asked to
 * speak, so what it says may deviate. Waits for its turn like any reply, also before the session is
 * connected. Resolves when it was played. Case and punctuation do not count; without output
 * transcription nothing can be compared, and the deviation is 1.
 * @throws whatever `session.generateReply` throws: the session does not run
 */
export async function sayVerbatim(
  session: voice.AgentSession,
  text: string,
  options: { allowInterruptions?: boolean } = {},
): Promise<Verbatim> {
  const instructions = `Say the following text word for word, in its own language. Say nothing before it and nothing after it:\n${text}`;
  const handle = session.generateReply({ instructions, toolChoice: 'none', ...options });
  await handle.waitForPlayout();
  const said = handle.chatItems.flatMap((item) =>
    item.type === 'message' && item.role === 'assistant' ? [item.textContent ?? ''] : [],
  );
  const spoken = said.join(' ').trim();
  return { spoken, deviation: deviation(text, spoken), interrupted: handle.interrupted };
}

/** Word edits between two texts (Levenshtein), as a share of the longer one. */
export function deviation(expected: string, spoken: string): number {
  const [from, to] = [words(expected), words(spoken)];
  const longer = Math.max(from.length, to.length);
  if (longer === 0) return 0;
  let before = [...Array(to.length + 1).keys()];
  for (const [i, word] of from.entries()) {
    const row = [i + 1];
    for (const [j, other] of to.entries()) {
      const replaced = (before[j] ?? 0) + (word === other ? 0 : 1);
      row.push(Math.min(replaced, (before[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    before = row;
  }
  return (before[to.length] ?? 0) / longer;
}

/** Also where a script puts no spaces between words. */
function words(text: string): string[] {
  const segments = new Intl.Segmenter('und', { granularity: 'word' }).segment(
    text.normalize('NFKC').toLowerCase(),
  );
  return [...segments].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
}
