// SPDX-License-Identifier: Apache-2.0
import { llm } from '@livekit/agents';
import { inspectCall } from '../../src/inspect/inspect.js';
import { parseRecording } from '../../src/recording/parse.js';
import { listen, startCall, tone, withOutput, type EventLog } from '../support/call.js';
import { tool } from '../support/tools.js';
import type { PageInput } from '../../src/inspect/page.js';

/** What no page may take for anything but text. */
export const HOSTILE =
  'Hello </script><script>window.hacked=1</script> <img src=x onerror="window.hacked=2"> <!-- \u2028 ' +
  '${1} `x` "quoted" \ud800 ü';

/** A real session against the strict server: two answers, a tool, an interruption. */
export async function realCall(): Promise<{ jsonl: string; given: Omit<PageInput, 'assets'> }> {
  const lines: string[] = [];
  const record = (line: string): void => void lines.push(line);
  const tools = new llm.ToolContext([tool('lookUp')]);
  const { connection, session, log } = await startCall({ options: { record }, tools });
  for (let at = 0; at < 10; at++) session.pushAudio(tone(20));
  connection.heard('What is the weather?');
  await connection.turn({ say: 'It is sunny, and it will stay so.', ms: 400 });
  await listen(await generation(log, 1));
  void connection.callTool('lookUp', { city: 'Paris' }, 'call-1').catch(() => {});
  const { calls } = await listen(await generation(log, 2));
  for (const call of calls) await session.updateChatCtx(withOutput(session, call, 'found'));
  connection.heard(HOSTILE);
  connection.say(HOSTILE, { ms: 600 });
  const cut = await generation(log, 3);
  connection.interrupted();
  await listen(cut);
  await session.close();
  const jsonl = `${lines.join('\n')}\n`;
  const recording = parseRecording(jsonl);
  return {
    jsonl,
    given: { recording, report: inspectCall(recording), title: 'real </title> call' },
  };
}

async function generation(log: EventLog, count: number): Promise<llm.GenerationCreatedEvent> {
  await log.untilNamed('generation_created', count);
  return log.generations[count - 1] as llm.GenerationCreatedEvent;
}
