// SPDX-License-Identifier: Apache-2.0

/** Markup in which models think aloud in ordinary text parts (mastra PR#17434). */
const THINKING = /<(think|thinking|thoughts?|reasoning)\b[^<>]*>[\s\S]*?(?:<\/\1\s*>|$)/gi;
/** Headings of thoughts, other markup, JSON, and calls that are written out (live-api-web-console#78). */
const INTERNAL = /^\s*(\*\*|<|```|[{[]|call:|default_api|print\(|tool_(?:code|calls?)\b)/;

/** Text parts of an audio session: what is not meant for the caller, and what may be. */
export function separate(written: string): { internal: string; said: string } {
  const said = written.replaceAll(THINKING, '');
  if (INTERNAL.test(said)) return { internal: written, said: '' };
  const internal = written.match(THINKING)?.join('\n') ?? '';
  return { internal, said };
}
