// SPDX-License-Identifier: Apache-2.0
import type { Tool } from '@google/genai';

/** Are the offered tools the declared ones without some functions, and nothing else changed? */
export function isFewer(declared: readonly Tool[], offered: readonly Tool[]): boolean {
  const before = functions(declared);
  const now = functions(offered);
  return (
    [...now].every((declaration) => before.has(declaration)) &&
    now.size < before.size &&
    builtIns(declared) === builtIns(offered)
  );
}

/** Declarations by their text: one that has changed is another one. */
function functions(tools: readonly Tool[]): Set<string> {
  const found = tools.flatMap(({ functionDeclarations }) => functionDeclarations ?? []);
  return new Set(found.map((declaration) => JSON.stringify(declaration)));
}

function builtIns(tools: readonly Tool[]): string {
  return JSON.stringify(tools.filter((tool) => !tool.functionDeclarations));
}
