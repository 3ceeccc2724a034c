// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  audio,
  boundary,
  calls,
  connectionLost,
  generationComplete,
  interrupted,
  modelSaid,
  RULES,
  Talk,
  text,
  type Timeless,
} from './support/turn.js';

const ON = { ...RULES, suppressRepeats: true };

/** 40 ms of audio that can be told from any other. */
const sound = (name: string): Timeless => audio(name.padEnd(2_560, '='));
const words = (sentence: string): string[] => sentence.match(/\s*\S+/g) ?? [];

/** Each word is one piece with its own audio. `order`: what comes first on the wire. */
function spoken(sentences: readonly string[], order: 'audio' | 'words'): Timeless[] {
  return sentences.flatMap((sentence, i) =>
    words(`${i > 0 ? ' ' : ''}${sentence}`).flatMap((word, j) => {
      const pair = [sound(`${i}.${j}`), modelSaid(word)];
      return order === 'audio' ? pair : pair.toReversed();
    }),
  );
}

const played = (talk: Talk): string[] =>
  talk.all('playAudio').map(({ data }) => data.replaceAll('=', ''));

const LOOK = 'Let me look that up.';

describe('a sentence that is said twice in a row', () => {
  it.each(['audio', 'words'] as const)('is heard and written once; %s first', (order) => {
    const talk = new Talk(ON);
    talk.put(...spoken([LOOK, LOOK, LOOK, 'It is noon.'], order), boundary());
    expect(talk.written).toEqual([`${LOOK} It is noon.`]);
    expect(talk.history).toEqual([['assistant', `${LOOK} It is noon.`]]);
    const expected = [0, 1, 2, 3, 4].map((word) => `0.${word}`);
    if (order === 'words') {
      // The transcript is a word ahead, so the last word that is heard is that of the last time.
      expected[4] = '2.4';
    }
    expect(played(talk)).toEqual([...expected, '3.0', '3.1', '3.2']);
    const reports = talk.all('report').map(({ what, detail }) => [what, detail]);
    expect(reports).toHaveLength(2);
    expect(reports[0]).toEqual([
      'repeated_sentence',
      expect.objectContaining({ text: LOOK, generationId: 't_g1' }),
    ]);
  });

  it('is the same whatever its case, space and punctuation', () => {
    const talk = new Talk(ON);
    talk.put(...spoken([LOOK, 'let me look, that  up!'], 'audio'), boundary());
    expect(talk.written).toEqual([LOOK]);
    const japanese = new Talk(ON);
    japanese.put(...spoken(['少々お待ちください、調べます。'], 'audio'));
    japanese.put(
      sound('x'),
      modelSaid('少々お待ちください、'),
      sound('y'),
      modelSaid('調べます。'),
    );
    japanese.put(boundary());
    expect(japanese.written).toEqual(['少々お待ちください、調べます。']);
    expect(played(japanese)).toEqual(['0.0']);
  });

  it('is played as it comes without the option', () => {
    const talk = new Talk();
    talk.put(...spoken([LOOK, LOOK], 'audio'), boundary());
    expect(talk.written).toEqual([`${LOOK} ${LOOK}`]);
    expect(played(talk)).toHaveLength(10);
  });

  it('before a call does not delay the call', () => {
    const talk = new Talk(ON);
    talk.put(...spoken([LOOK, LOOK], 'audio'));
    expect(talk.put(calls('c1'))).toBe('call');
    talk.put(generationComplete, boundary());
    expect(played(talk)).toHaveLength(5);
  });

  it('and broken off by a call without its full stop counts as whole', () => {
    const talk = new Talk(ON);
    talk.put(...spoken([LOOK, 'Let me look that up'], 'audio'));
    expect(talk.put(calls('c1'))).toBe('report(repeated_sentence) call');
    expect(played(talk)).toHaveLength(5);
  });

  it('in a text message is written once', () => {
    const talk = new Talk({ ...ON, textOutput: true });
    talk.put(text(LOOK), text(` ${LOOK} Noon.`), boundary());
    expect(talk.written).toEqual([`${LOOK} Noon.`]);
  });
});

describe('what only begins like the sentence before', () => {
  const begun = (): Talk => {
    const talk = new Talk(ON);
    talk.put(...spoken([LOOK, 'Let me look'], 'audio'));
    expect(played(talk)).toHaveLength(5);
    return talk;
  };

  it('is held until it differs, and then all of it passes, in order', () => {
    const talk = begun();
    talk.put(sound('a'), modelSaid(' elsewhere.'));
    expect(played(talk).slice(5)).toEqual(['1.0', '1.1', '1.2', 'a']);
    expect(talk.written).toEqual([`${LOOK} Let me look elsewhere.`]);
  });

  it.each([
    ['a call', calls('c1')],
    ['the end of the output', generationComplete],
    ['a boundary', boundary()],
    ['a lost connection', connectionLost],
  ])('passes before %s', (_name, input) => {
    const talk = begun();
    talk.put(input);
    expect(played(talk)).toHaveLength(8);
    talk.put(boundary());
    expect(talk.history).toEqual([['assistant', `${LOOK} Let me look`]]);
  });

  it('is not heard after an interruption, and not in the history', () => {
    const talk = begun();
    expect(talk.put(interrupted)).toBe('keep(assistant) end(interrupted) speech+');
    expect(played(talk)).toHaveLength(5);
    expect(talk.history).toEqual([['assistant', LOOK]]);
  });
});

describe('nothing is dropped', () => {
  it('that is short: people say yes twice', () => {
    const talk = new Talk(ON);
    talk.put(...spoken(['Yes.', 'Yes.', 'Oh yes.'], 'audio'), boundary());
    expect(talk.written).toEqual(['Yes. Yes. Oh yes.']);
    expect(played(talk)).toHaveLength(4);
  });

  it('where the whole transcript comes before the audio: whose audio it is cannot be known', () => {
    const talk = new Talk(ON);
    talk.put(modelSaid(LOOK), modelSaid(` ${LOOK} Done.`));
    talk.put(...Array.from({ length: 30 }, (_, i) => sound(`${i}`)), boundary());
    expect(played(talk)).toHaveLength(30);
    expect(talk.written).toEqual([`${LOOK} ${LOOK} Done.`]);
  });

  it('where the transcript lags behind its audio', () => {
    const talk = new Talk(ON);
    talk.put(sound('a'), sound('b'), sound('c'), modelSaid(LOOK));
    talk.put(sound('d'), sound('e'), modelSaid(` ${LOOK}`), sound('f'), boundary());
    expect(played(talk)).toHaveLength(6);
  });

  it('in another answer', () => {
    const talk = new Talk(ON);
    talk.put(...spoken([LOOK], 'audio'), boundary(), ...spoken([LOOK], 'audio'), boundary());
    expect(talk.written).toEqual([LOOK, LOOK]);
    expect(played(talk)).toHaveLength(10);
  });
});

const word = fc.constantFrom('Let', 'let', 'me', 'look', 'that', 'up', 'again', '3.5', '你好');
const sentence = fc
  .tuple(fc.array(word, { minLength: 1, maxLength: 6 }), fc.constantFrom('.', '?', '!', '…', '.”'))
  .map(([all, mark]) => all.join(' ') + mark);
const letters = (one: string): string => one.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** An answer: sentences cut into pieces anywhere, and audio between the pieces anywhere. */
const answer = (sentences: fc.Arbitrary<string[]>) =>
  fc
    .tuple(
      sentences,
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      fc.infiniteStream(fc.nat(3)),
    )
    .map(([said, lengths, sounds]) => {
      let rest = said.join(' ');
      const inputs: Timeless[] = [sound('first')];
      for (let i = 0; rest !== ''; i++) {
        const length = lengths.next().value;
        inputs.push(modelSaid(rest.slice(0, length)));
        rest = rest.slice(length);
        for (let n = sounds.next().value; n > 0; n--) inputs.push(sound(`${i}/${n}`));
      }
      return { said, inputs };
    });

const distinct = fc
  .array(sentence, { maxLength: 8 })
  .map((all) => all.filter((one, i) => i === 0 || letters(one) !== letters(all[i - 1]!)));

describe('with sentences that differ from the one before', () => {
  it('nothing is lost, doubled or out of order, and nothing waits beyond the end', () => {
    fc.assert(
      fc.property(
        answer(distinct),
        fc.constantFrom(boundary(), generationComplete, calls('c')),
        ({ inputs, said }, end) => {
          const [on, off] = [new Talk(ON), new Talk(RULES)];
          for (const talk of [on, off]) talk.put(...inputs, end);
          expect(on.all('report')).toEqual([]);
          expect(played(on)).toEqual(played(off));
          expect(on.written.join('')).toBe(off.written.join(''));
          expect(on.written.join('')).toBe(said.join(' '));
          for (const talk of [on, off]) talk.put(boundary());
          expect(on.history).toEqual(off.history);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('an interruption loses nothing but what was held, at the end', () => {
    fc.assert(
      fc.property(answer(distinct), ({ inputs }) => {
        const [on, off] = [new Talk(ON), new Talk(RULES)];
        for (const talk of [on, off]) talk.put(...inputs, interrupted);
        expect(played(off).slice(0, played(on).length)).toEqual(played(on));
        expect(off.written.join('').startsWith(on.written.join(''))).toBe(true);
      }),
    );
  });
});

describe('whatever is repeated', () => {
  it('no more audio is dropped than was heard twice, and every sentence is written', () => {
    const any = fc.array(sentence, { maxLength: 8 });
    fc.assert(
      fc.property(answer(any), ({ said, inputs }) => {
        const [on, off] = [new Talk(ON), new Talk(RULES)];
        for (const talk of [on, off]) talk.put(...inputs, boundary());
        const dropped = on.all('report').length;
        if (dropped === 0) expect(played(on)).toEqual(played(off));
        const once = said.filter((one, i) => i === 0 || letters(one) !== letters(said[i - 1]!));
        for (const one of once) expect(letters(on.written.join(''))).toContain(letters(one));
        const isPart = (part: string[], whole: string[]): boolean => {
          let i = 0;
          for (const one of whole) if (one === part[i]) i++;
          return i === part.length;
        };
        expect(isPart(played(on), played(off))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
