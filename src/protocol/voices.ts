// SPDX-License-Identifier: Apache-2.0

/** The prebuilt voices of the live models (Google's live API sample reference, 2026-08). */
export const VOICES = [
  'Achernar', 'Achird', 'Algenib', 'Algieba', 'Alnilam', 'Aoede', 'Autonoe', 'Callirrhoe', 'Charon',
  'Despina', 'Enceladus', 'Erinome', 'Fenrir', 'Gacrux', 'Iapetus', 'Kore', 'Laomedeia', 'Leda',
  'Orus', 'Pulcherrima', 'Puck', 'Rasalgethi', 'Sadachbia', 'Sadaltager', 'Schedar', 'Sulafat',
  'Umbriel', 'Vindemiatrix', 'Zephyr', 'Zubenelgenubi',
] as const; // prettier-ignore

/** A prebuilt voice. Names are case-sensitive on the wire. */
export type Voice = (typeof VOICES)[number];

export const DEFAULT_VOICE: Voice = 'Puck';
