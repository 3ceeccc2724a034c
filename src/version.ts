// SPDX-License-Identifier: Apache-2.0

/** Filled in by the build (tsup.config.ts); absent when the sources run directly. */
declare const __VERSION__: string | undefined;

/** This package's version. */
export const VERSION = typeof __VERSION__ === 'undefined' ? '0.0.0-dev' : __VERSION__;
