// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from './json.js';
import { RESPONSE_RULES, UPDATE_RULES } from './rules/answers.js';
import { CONTENT_RULES } from './rules/content.js';
import { ENVELOPE_RULES } from './rules/envelope.js';
import { REALTIME_RULES } from './rules/realtime.js';
import type { Rule, RuleContext, Verdict } from './rules/rule.js';
import { SETUP_MODEL_RULES } from './rules/setup_model.js';
import { RESUME_RULES, SETUP_SESSION_RULES } from './rules/setup_session.js';
import { TOOL_RULES } from './rules/tools.js';

export type { OpenCall, ResumeState, Rule, RuleContext, Verdict } from './rules/rule.js';

/**
 * Everything the fake server does not forgive, in the order in which it looks. Each rule names its
 * public source. What depends on the model is read from the model's capabilities.
 */
export const RULES: readonly Rule[] = [
  ...ENVELOPE_RULES,
  ...SETUP_MODEL_RULES,
  ...SETUP_SESSION_RULES,
  ...UPDATE_RULES,
  ...TOOL_RULES,
  ...RESUME_RULES,
  ...CONTENT_RULES,
  ...REALTIME_RULES,
  ...RESPONSE_RULES,
];

/** One broken rule. */
export interface Finding extends Verdict {
  readonly rule: Rule;
}

/**
 * Looks at one client frame: what is only noted comes first, and the list ends with the first rule
 * that closes the connection.
 */
export function judge(frame: JsonObject, context: RuleContext): Finding[] {
  const findings: Finding[] = [];
  for (const rule of RULES) {
    const verdict = rule.check(frame, context);
    if (!verdict) continue;
    findings.push({ rule, ...verdict });
    if (verdict.code !== null) break;
  }
  return findings;
}
