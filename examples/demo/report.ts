// SPDX-License-Identifier: Apache-2.0
import type { Call } from './call.js';
import type { Stretch } from './headless.js';

/** One answer: what the caller said, and how long it took until the agent was heard. */
export interface Answer {
  to: Stretch;
  afterMs: number | undefined;
}

/** From the caller's end of speech to the first sound of the agent. */
export function answers({ microphone, loudspeaker }: Call): Answer[] {
  return microphone.utterances.map((to, i, all) => {
    const next = all[i + 1]?.startMs ?? Infinity;
    const first = loudspeaker.playbacks.find(
      ({ startMs }) => startMs >= to.startMs && startMs < next,
    );
    return { to, afterMs: first && first.startMs - to.endMs };
  });
}

/** From the caller's first sound to the agent's silence, where the agent was cut short. */
export function bargeIns({ microphone, loudspeaker }: Call): number[] {
  return loudspeaker.playbacks
    .filter(({ interrupted }) => interrupted)
    .map(({ startMs, endMs }) => {
      const by = microphone.utterances.find((said) => said.startMs > startMs);
      return endMs - (by?.startMs ?? endMs);
    });
}

/** How long the call was without a connection, each time. */
export function downtimes({ journal }: Call): number[] {
  const connected = journal.all('connected');
  return journal.all('lost').flatMap(({ atMs }) => {
    const back = connected.find((entry) => entry.atMs >= atMs);
    return back ? [back.atMs - atMs] : [];
  });
}

/** The numbers of a call, a line each. */
export function summary(call: Call): string[] {
  const { journal } = call;
  const lines = journal.all('line');
  const count = (who: string): number => lines.filter((line) => line.who === who).length;
  const ms = (values: readonly (number | undefined)[]): string =>
    values.map((value) => (value === undefined ? 'none' : `${Math.round(value)} ms`)).join(', ');
  const down = downtimes(call);
  const cut = bargeIns(call);
  const waits = answers(call).map(({ afterMs }) => afterMs);
  return [
    `turns              ${count('caller')} of the caller, ${count('agent')} of the agent`,
    `tool calls         ${journal.all('tool').length}`,
    `interruptions      ${cut.length}${cut.length > 0 ? `, agent silent after ${ms(cut)}` : ''}`,
    `first audio after  ${ms(waits)} (end of the caller's speech to first sound of the agent)`,
    `reconnects         ${down.length}${down.length > 0 ? `, down for ${ms(down)}` : ''}`,
    ...tokens(call),
  ];
}

function tokens({ session }: Call): string[] {
  return session.usage.modelUsage.flatMap((usage) => {
    if (usage.type !== 'llm_usage') return [];
    const { model, inputTokens = 0, outputTokens = 0 } = usage;
    return `tokens             ${inputTokens} in, ${outputTokens} out (${model})`;
  });
}
