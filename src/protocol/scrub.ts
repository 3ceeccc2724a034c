// SPDX-License-Identifier: Apache-2.0

const SECRETS =
  /([?&](?:key|access_token)=)([^&\s"']+)|(auth_tokens\/)([\w.~-]+)|(AIza)([\w-]{10,})|(ya29\.)([\w.-]+)|(Bearer\s+)(\S+)|("(?:newHandle|handle)"\s*:\s*")([^"]+)/gi;

/**
 * Text that may be logged: keys, tokens, bearer headers and handles in JSON are blotted out.
 * @param name what stands for a secret (default: `***`)
 */
export function scrub(text: string, name: (secret: string) => string = () => '***'): string {
  return text.replace(SECRETS, (...match: unknown[]) => {
    const groups = match.slice(1, 13) as (string | undefined)[];
    const at = groups.findIndex((group) => group !== undefined);
    return `${groups[at] ?? ''}${name(groups[at + 1] ?? '')}`;
  });
}
