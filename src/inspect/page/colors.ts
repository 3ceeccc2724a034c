// SPDX-License-Identifier: Apache-2.0
const NAMES = [
  ...[
    'panel',
    'raised',
    'line',
    'text',
    'muted',
    'faint',
    'accent',
    'select',
    'caller',
    'agent',
    'tool',
  ],
  ...['good', 'note', 'warning', 'error', 'queue', 'on-bar', 'grid', 'sans'],
] as const;

/** The style sheet's variables, for the canvas. */
export type Colors = Record<(typeof NAMES)[number], string>;

export function readColors(): Colors {
  const style = getComputedStyle(document.documentElement);
  const pairs = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()] as const);
  return Object.fromEntries(pairs) as Colors;
}
