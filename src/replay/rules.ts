// SPDX-License-Identifier: Apache-2.0
import { turnRules } from '../livekit/rules.js';
import type { RecordingHead } from '../recording/format.js';
import type { TurnRules } from '../turn/rules.js';
import { validate } from '../validate.js';

/** What the machine was told then; a recording that does not say so gets what the table says now. */
export function rulesOf({ rules, model = '', backend }: RecordingHead): TurnRules {
  if (rules) return rules as unknown as TurnRules;
  const vertexai = backend === 'vertex' || /^(publishers|projects)\//.test(model);
  const where = vertexai ? { project: 'replay' } : { apiKey: 'replay' };
  // A retired model has been recorded while it lived.
  const capabilities = { status: 'legacy' } as const;
  const options = { ...(model && { model }), vertexai, capabilities, ...where };
  const { settings } = validate(options, {}, '1970-01-01');
  return turnRules(settings);
}
