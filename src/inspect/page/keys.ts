// SPDX-License-Identifier: Apache-2.0
export type Command =
  | 'left' | 'right' | 'pageLeft' | 'pageRight' | 'zoomIn' | 'zoomOut' | 'fit' | 'begin' | 'end'
  | 'before' | 'after' | 'open' | 'close' | 'search' | 'next' | 'previous' | 'help' | 'theme'; // prettier-ignore

export interface Key {
  key: string;
  shift: boolean;
  /** Control, or Command. */
  control: boolean;
  alt: boolean;
  /** Where the key was pressed: in a text field, on a control that has keys of its own, or elsewhere. */
  where: 'text' | 'control' | 'page';
}

const PLAIN: Record<string, Command> = {
  '+': 'zoomIn', '=': 'zoomIn', '-': 'zoomOut', '_': 'zoomOut', '0': 'fit',
  '/': 'search', '?': 'help', n: 'next', N: 'previous', t: 'theme', T: 'theme',
}; // prettier-ignore
const MOVES: Record<string, Command> = {
  ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'before', ArrowDown: 'after',
  Home: 'begin', End: 'end', Enter: 'open',
}; // prettier-ignore

/** What a key asks for; undefined: it is not ours. */
export function commandOf({ key, shift, control, alt, where }: Key): Command | undefined {
  if (alt) return undefined;
  // In the search field a second Ctrl+F is the browser's own.
  if (control) return key.toLowerCase() === 'f' && where !== 'text' ? 'search' : undefined;
  if (key === 'Escape') return 'close';
  if (where === 'text') return key === 'Enter' ? (shift ? 'previous' : 'next') : undefined;
  if (Object.hasOwn(PLAIN, key)) return PLAIN[key];
  const isSideways = key === 'ArrowLeft' || key === 'ArrowRight';
  if ((where === 'control' && !isSideways) || !Object.hasOwn(MOVES, key)) return undefined;
  if (shift && key === 'ArrowLeft') return 'pageLeft';
  if (shift && key === 'ArrowRight') return 'pageRight';
  return MOVES[key];
}
