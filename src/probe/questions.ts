// SPDX-License-Identifier: Apache-2.0
import type { Lab, Finding } from './lab.js';
import type { Ending, Line } from './line.js';

export interface Question {
  id: string;
  asks: string;
  /** About so long, in s. */
  takes: number;
  /** Asked only when it is named: it takes long, or many connections. */
  isExtra?: boolean;
  run(lab: Lab): Promise<Finding>;
}

const instruction = (text: string) => ({ parts: [{ text }] });
const LONG_ANSWER = 'Count slowly from one to thirty, in words.';
const WHICH_WORD = 'What is the code word? Answer with that one word.';
const VERSIONS = ['v1', 'v1beta', 'v1alpha'];
/** A refusal comes at once; so long after a frame nobody minds it, in ms. */
const SETTLED_MS = 3_000;

/** What nobody's public evidence settles. */
export const QUESTIONS: readonly Question[] = [
  {
    id: 'context-update',
    asks: 'Does it take contextUpdate, and on which API versions?',
    takes: 40,
    async run(lab) {
      const found: string[] = [];
      let takes = false;
      for (const apiVersion of VERSIONS) {
        const line = await lab.dial({}, { apiVersion, apiVersionIsGiven: true });
        if (!(await line.isReady())) {
          found.push(`${apiVersion}: no session (${ended(line.ending)})`);
          continue;
        }
        line.send({ contextUpdate: { systemInstruction: instruction('Answer in rhymes.') } });
        const holds = await line.holds(SETTLED_MS);
        takes ||= holds && apiVersion === lab.settings.endpoint.apiVersion;
        found.push(`${apiVersion}: ${holds ? 'accepted' : `refused (${ended(line.ending)})`}`);
      }
      const { instructionUpdate, toolUpdate } = lab.row;
      const route = <T extends string>(now: T): T | 'contextUpdate' | 'reconnect' =>
        takes ? 'contextUpdate' : now === 'contextUpdate' ? 'reconnect' : now;
      return {
        answer: found.join('; '),
        cells: { instructionUpdate: route(instructionUpdate), toolUpdate: route(toolUpdate) },
      };
    },
  },
  {
    id: 'update-interrupts',
    asks: 'Does contextUpdate interrupt an answer?',
    takes: 25,
    async run(lab) {
      const line = await ready(lab);
      const since = line.frames.length;
      line.send(user(LONG_ANSWER));
      const begun = await line.next(({ serverContent }) => !!serverContent?.modelTurn, { since });
      if (!begun) return { answer: `no answer to interrupt (${ended(line.ending)})` };
      line.send({ contextUpdate: { systemInstruction: instruction('Answer in rhymes.') } });
      const { interrupted, complete } = await line.listen(since);
      if (line.ending) return { answer: `refused (${ended(line.ending)})` };
      return { answer: interrupted ? 'yes' : complete ? 'no' : 'no, but the turn did not end' };
    },
  },
  {
    id: 'resumed-instructions',
    asks: 'After a resume: do updated instructions hold, or those of the new setup?',
    takes: 40,
    async run(lab) {
      const word = (one: string) => instruction(`The code word is ${one}.`);
      const first = await ready(lab, { systemInstruction: word('apple'), sessionResumption: {} });
      first.send({ contextUpdate: { systemInstruction: word('pear') } });
      const before = (await first.ask(WHICH_WORD)).text;
      const handle = handleOf(first) ?? (await newHandle(first));
      if (first.ending) return { answer: `contextUpdate was refused (${ended(first.ending)})` };
      if (handle === undefined) return { answer: 'no handle was issued' };
      await first.close(1000);
      const setup = { systemInstruction: word('plum'), sessionResumption: { handle } };
      const second = await ready(lab, setup);
      const after = (await second.ask(WHICH_WORD)).text;
      return {
        answer: `before: ${quoted(before)} (updated: pear); after: ${quoted(after)} (new setup: plum)`,
      };
    },
  },
  {
    id: 'api-versions',
    asks: 'Which API versions serve Live with this credential?',
    takes: 15,
    async run(lab) {
      const found: string[] = [];
      for (const apiVersion of VERSIONS) {
        const line = await lab.dial({}, { apiVersion, apiVersionIsGiven: true });
        const is = (await line.isReady()) ? 'yes' : `no (${ended(line.ending)})`;
        found.push(`${apiVersion}: ${is}`);
      }
      return { answer: found.join('; ') };
    },
  },
  {
    id: 'history-config',
    asks: 'Does a declared history that never comes block the answer?',
    takes: 25,
    async run(lab) {
      const line = await lab.dial({ historyConfig: { initialHistoryInClientContent: true } });
      if (!(await line.isReady())) {
        const seeding = lab.row.seeding === 'historyConfig' ? ('plain' as const) : lab.row.seeding;
        return { answer: `historyConfig is refused (${ended(line.ending)})`, cells: { seeding } };
      }
      const since = line.frames.length;
      line.send({ realtimeInput: { text: 'Say hello.' } });
      const { text, audioBytes } = await line.listen(since);
      return { answer: audioBytes > 0 || text !== '' ? 'no' : `yes (${ended(line.ending)})` };
    },
  },
  {
    id: 'empty-close',
    asks: 'With which code does it answer a close frame without one?',
    takes: 5,
    run: async (lab) => ({ answer: ended(await (await ready(lab)).close()) }),
  },
  {
    id: 'usage',
    asks: 'Is a usage report about its turn, or about the session so far?',
    takes: 25,
    async run(lab) {
      const line = await ready(lab);
      const counts = [];
      for (const text of ['Say hello.', 'Say goodbye.', 'Say hello.']) {
        const { usage } = await line.ask(text);
        counts.push(usage?.responseTokenCount ?? usage?.candidatesTokenCount);
      }
      const [first = 0, second = 0, third = 0] = counts;
      if (counts.includes(undefined))
        return { answer: `reports are missing: ${counts.join(', ')}` };
      const grows = second >= first * 1.5 && third >= second + first * 0.5;
      return {
        answer: `${grows ? 'the session' : 'its turn'} (output tokens: ${counts.join(', ')})`,
      };
    },
  },
  {
    id: 'life',
    asks: 'How long does a connection live, and is its end announced?',
    takes: 3_900,
    isExtra: true,
    async run(lab) {
      const line = await ready(lab);
      const begun = lab.clock.now();
      const minutes = (): string => ((lab.clock.now() - begun) / 60_000).toFixed(1);
      const notice = await line.next(({ goAway }) => goAway !== undefined, { ms: 65 * 60_000 });
      const noticed = notice ? `goAway (${notice.goAway?.timeLeft}) after ${minutes()} min; ` : '';
      await line.next(() => false, { since: line.frames.length, ms: notice ? 120_000 : 1_000 });
      if (!line.ending) return { answer: `${noticed}still up after ${minutes()} min` };
      return { answer: `${noticed}ended after ${minutes()} min (${ended(line.ending)})` };
    },
  },
  {
    id: 'concurrency',
    asks: 'How many sessions may this key hold at once? (20 are tried)',
    takes: 60,
    isExtra: true,
    async run(lab) {
      for (let count = 1; count <= 20; count += 1) {
        const line = await lab.dial();
        if (await line.isReady()) continue;
        return { answer: `${count - 1}; the next one was refused (${ended(line.ending)})` };
      }
      return { answer: '20 or more' };
    },
  },
];

async function ready(lab: Lab, more = {}): Promise<Line> {
  const line = await lab.dial(more);
  if (await line.isReady()) return line;
  throw new Error(`No session: ${ended(line.ending)}.`);
}

const user = (text: string) => ({
  clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete: true },
});

function handleOf(line: Line): string | undefined {
  return line.frames.findLast(({ sessionResumptionUpdate: u }) => u?.resumable && u.newHandle)
    ?.sessionResumptionUpdate?.newHandle;
}

async function newHandle(line: Line): Promise<string | undefined> {
  await line.next(({ sessionResumptionUpdate: u }) => u?.newHandle !== undefined, { ms: 5_000 });
  return handleOf(line);
}

function ended(ending: Ending | undefined): string {
  if (!ending) return 'no answer in time';
  const { code, reason, httpStatus } = ending;
  const what = httpStatus === undefined ? `${code ?? 'no connection'}` : `HTTP ${httpStatus}`;
  return reason === '' ? what : `${what} ${quoted(reason)}`;
}

const quoted = (text: string): string => `"${text.trim().slice(0, 160)}"`;
