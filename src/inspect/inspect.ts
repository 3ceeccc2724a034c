// SPDX-License-Identifier: Apache-2.0
import type { Backend, Capabilities } from '../models/capabilities.js';
import { resolve } from '../models/resolve.js';
import { DEFAULT_MODEL } from '../models/table.js';
import type { RecordingHead } from '../recording/format.js';
import type { Recording } from '../recording/parse.js';
import { replaySteps, startOf } from '../replay/replay.js';
import { gapsOf } from './gaps.js';
import { isObject } from './media.js';
import type { AnswerSpan, CallReport, ToolSpan } from './report.js';
import { Talk } from './talk.js';
import { verdictsOf } from './verdicts.js';
import { Wire, type Answered } from './wire.js';
import { withVoices } from './voices.js';

/** What stands for the time between two lines where none was recorded, in ms. */
export const STEP_MS = 20;

/**
 * A recorded call as a human asks about it: what was said, how long it took, and what went wrong. Pure;
 * time and memory grow with the number of lines.
 */
export function inspectCall(recording: Recording): CallReport {
  const { head, lines, isTimed, problems } = recording;
  const capabilities = capabilitiesOf(head);
  const start = startOf(head);
  const wire = new Wire(isTimed);
  let now = 0;
  for (const [index, line] of lines.entries()) {
    now = isTimed ? Math.max(now, line.t) : index * STEP_MS;
    wire.take(line, now);
  }
  wire.end(now);
  const talk = new Talk({ isTimed, start, capabilities });
  for (const step of replaySteps(withVoices(recording))) {
    const t = isTimed ? step.input.at - start : step.index * STEP_MS;
    // The replay lets time run out; what would have come of it did not happen.
    if (t > now) break;
    talk.take(step, t);
  }
  resultsOf(talk, wire.answered);
  const { gaps, unanswered } = gapsOf(talk, wire, now);
  const { turns, inputTokens, outputTokens, costUsd } = talk.usage;
  const report = {
    ...{ head, isTimed, durationMs: isTimed ? now : 0, problems, gaps },
    connections: wire.connections,
    answers: talk.answers.map(spanOf),
    ...{ utterances: talk.utterances, tools: talk.tools, interruptions: talk.interruptions },
    ...{ requests: wire.requests, levels: wire.levels, queue: wire.queue },
    latency: latencyOf(talk.answers),
    tokens: { turns, input: inputTokens, output: outputTokens, costUsd },
  };
  return { ...report, verdicts: verdictsOf({ report, talk, wire, unanswered, recording }) };
}

/** The model's row, with what the app had overridden. */
function capabilitiesOf({ model, backend, capabilities = {} }: RecordingHead): Capabilities {
  const where: Backend = backend === 'vertex' ? 'vertex' : 'gemini';
  return resolve(model || DEFAULT_MODEL[where], where, capabilities).capabilities;
}

function spanOf({ playedUntil: _, ...span }: Talk['answers'][number]): AnswerSpan {
  return span;
}

/** Results, as the app gave them or as they went out. The server may have given no ids. */
function resultsOf({ tools, wireIds }: Talk, answered: readonly Answered[]): void {
  const byId = new Map<string, Answered>();
  const unnamed: Answered[] = [];
  for (const one of answered) {
    if (one.id === undefined) unnamed.push(one);
    // What the app said last is the result; what the wire repeats of it is the same.
    else if (!byId.has(one.id)) byId.set(one.id, one);
  }
  for (const tool of tools) {
    const ids = [tool.callId, ...(wireIds.get(tool) ?? [])];
    const place = unnamed.findIndex(({ name, at }) => name === tool.name && at >= tool.from);
    const found =
      ids.map((id) => (id === undefined ? undefined : byId.get(id))).find(Boolean) ??
      (ids.every((id) => id === undefined || id === tool.callId)
        ? unnamed.splice(place, place < 0 ? 0 : 1)[0]
        : undefined);
    if (found) setResult(tool, found);
  }
}

function setResult(tool: ToolSpan, { at, response }: Answered): void {
  const { output, error } = isObject(response) ? response : {};
  tool.isError = error !== undefined;
  tool.output = error ?? output ?? response;
  if (tool.outcome !== 'open') return;
  tool.outcome = 'answered';
  tool.to = at;
}

function latencyOf(answers: readonly AnswerSpan[]): CallReport['latency'] {
  const sorted = answers
    .flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]))
    .sort((a, b) => a - b);
  // Nearest rank: never less than what that share of the answers took at most.
  const at = (share: number): number | null => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}
