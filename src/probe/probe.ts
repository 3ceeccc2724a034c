// SPDX-License-Identifier: Apache-2.0
import type { Capabilities } from '../models/capabilities.js';
import { claimsOf } from '../models/resolve.js';
import { Lab, type Finding, type LabOptions } from './lab.js';
import type { Question } from './questions.js';

/** Asks one question; what goes wrong is an answer too. */
export async function ask(question: Question, options: LabOptions): Promise<Finding> {
  const lab = new Lab(options, question.id);
  try {
    return await question.run(lab);
  } catch (error) {
    return {
      answer: `could not be asked: ${error instanceof Error ? error.message : String(error)}`,
    };
  } finally {
    await lab.close();
    if (lab.failure !== undefined) options.warn(`${question.id} is not recorded: ${lab.failure}`);
  }
}

/**
 * Lines for the model's entry in src/models/table.ts: cells that are not what the table says, and cells
 * that are and had no evidence.
 */
export function proposals(
  { settings: { model, endpoint } }: LabOptions,
  findings: readonly Finding[],
  today: string,
): string[] {
  const claims = claimsOf(model, endpoint.backend);
  return findings.flatMap(({ cells = {} }) =>
    Object.entries(cells).flatMap(([name, value]) => {
      const claim = claims[name as keyof Capabilities];
      const isSame = JSON.stringify(claim.value) === JSON.stringify(value);
      if (isSame && claim.unverified !== true) return [];
      const note = isSame ? 'confirmed' : `the table says ${JSON.stringify(claim.value)}`;
      return [
        `${name}: known(${JSON.stringify(value)}, 'gemini-live probe', '${today}'), // ${note}`,
      ];
    }),
  );
}
