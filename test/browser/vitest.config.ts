// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

/** Apart from `npm test`, which needs no browser. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    setupFiles: ['test/setup.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
