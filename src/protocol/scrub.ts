// SPDX-License-Identifier: Apache-2.0

const SECRETS =
  /([?&](?:key|access_token)=)[^&\s"']+|(auth_tokens\/)[\w.~-]+|(AIza)[\w-]{10,}|(Bearer\s+)\S+|("(?:newHandle|handle)"\s*:\s*")[^"]+/gi;

/** Text that may be logged: keys, tokens, bearer headers and handles in JSON are blotted out. */
export function scrub(text: string): string {
  return text.replace(SECRETS, (_match, ...groups: unknown[]) => {
    const prefix = groups.slice(0, 5).find((group) => typeof group === 'string');
    return `${String(prefix)}***`;
  });
}
