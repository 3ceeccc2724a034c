// SPDX-License-Identifier: Apache-2.0
import { log, type llm } from '@livekit/agents';
import type { Clock } from '../clock.js';
import { resolve } from '../models/resolve.js';
import type { Settings } from '../options.js';
import { Recorder } from '../recording/recorder.js';
import { VERSION } from '../version.js';
import { turnRules } from './rules.js';

/** Options that are secrets, or no JSON, or stand in the head by themselves. */
const LEFT_OUT = new Set<keyof Settings>([
  'apiKey', 'project', 'location', 'endpoint', 'googleAuthOptions', 'tokenProvider', 'agent',
  'httpOptions', 'record', 'historySummary', 'capabilities', 'languageLine', 'model', 'setup',
]); // prettier-ignore

/** The recorder of one session, where the option asks for one. Never throws. */
export function startRecording(
  settings: Settings,
  clock: Clock,
  prefix: string,
): Recorder | undefined {
  const { record, model, endpoint } = settings;
  if (!record) return undefined;
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+Z/g, '');
  const options = Object.entries(settings).filter(
    ([name]) => !LEFT_OUT.has(name as keyof Settings),
  );
  return new Recorder(record, {
    head: {
      format: 1,
      library: `livekit-agents-plugin-gemini-live ${VERSION}`,
      model,
      backend: endpoint.backend,
      session: prefix,
      options: Object.fromEntries(options),
      capabilities: overridden(settings),
    },
    rules: () => turnRules(settings),
    clock,
    unique: `${time}-${prefix.replaceAll(/\W|_/g, '')}`,
    secrets: [endpoint.apiKey, ...Object.values(endpoint.headers)].filter(
      (secret) => secret !== undefined && secret.length >= 8,
    ) as string[],
    failed: ({ message }) => log().warn(`The session is not recorded: ${message}`),
  });
}

/** Cells of the model's row that are not the table's. */
function overridden({ model, endpoint, capabilities }: Settings): Record<string, unknown> {
  const { capabilities: row } = resolve(model, endpoint.backend);
  const cells = Object.entries(capabilities).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(row[name as keyof typeof row]),
  );
  return Object.fromEntries(cells);
}

/** What is kept of the arguments of a call; a method that is not named here is not noted. */
function described(session: llm.RealtimeSession): Record<string, (given: never) => object> {
  const told = new Map<string, string>();
  const nothing = (): object => ({});
  return {
    updateInstructions: (instructions: string) => ({ instructions }),
    updateChatCtx: (chatCtx: llm.ChatContext) => newsOf(chatCtx, told),
    updateTools: (tools: llm.ToolContext) => ({ tools: Object.keys(tools.functionTools) }),
    updateOptions: (options: object) => ({ options }),
    generateReply: (instructions?: string) => ({ instructions }),
    truncate: (options: object) => ({ ...options }),
    restart: (options: object) => ({ ...options }),
    interrupt: nothing,
    startUserActivity: nothing,
    commitAudio: nothing,
    clearAudio: nothing,
    close: () => ({ usage: (session as { usage?: unknown }).usage }),
  };
}

/** Every id, and the items that are new or have changed. */
function newsOf(chatCtx: llm.ChatContext, told: Map<string, string>): object {
  const { items } = chatCtx.toJSON({ excludeTimestamp: false }) as { items: { id: string }[] };
  const news = items.filter((item) => {
    const text = JSON.stringify(item);
    const isNew = told.get(item.id) !== text;
    told.set(item.id, text);
    return isNew;
  });
  return { ids: items.map(({ id }) => id), items: news };
}

/** Notes what is called on a session from outside; where nothing is recorded, nothing is wrapped. */
export function recordCalls(session: llm.RealtimeSession, recorder: Recorder): void {
  const methods = session as unknown as Record<string, (...given: unknown[]) => unknown>;
  for (const [name, describe] of Object.entries(described(session))) {
    const method = methods[name]?.bind(session);
    if (!method) continue;
    methods[name] = (...given) => {
      note(recorder, name, () => describe(given[0] as never));
      const returned = method(...given);
      recorder.checkRules();
      return returned;
    };
  }
}

/** What an app hands over may be anything; the call itself deals with that. */
function note(recorder: Recorder, name: string, describe: () => object): void {
  let args: object = {};
  try {
    args = describe();
  } catch (error) {
    args = { unreadable: String(error) };
  }
  recorder.call(name, args as Record<string, unknown>);
}
