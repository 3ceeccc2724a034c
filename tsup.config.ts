// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

const manifest = JSON.parse(
  readFileSync(new URL('./package.json', import.meta.url), 'utf8'),
) as Manifest;

const library = {
  entry: {
    index: 'src/index.ts',
    'testing/index': 'src/testing/index.ts',
    cli: 'src/cli/bin.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  // Also for CJS: `.` and `./testing` then share one model table and one error class.
  splitting: true,
  dts: { entry: { index: 'src/index.ts', 'testing/index': 'src/testing/index.ts' } },
  sourcemap: true,
  // Two builds write into the folder at once: `npm run build` empties it before.
  clean: false,
  external: [
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.peerDependencies),
    /^@livekit\//,
  ],
  define: { __VERSION__: JSON.stringify(manifest.version) },
} satisfies Options;

/** What `gemini-live inspect --html` puts into a page: a script and a style sheet for browsers. */
const page = {
  entry: { page: 'src/inspect/page/main.ts' },
  format: ['iife'],
  target: 'es2022',
  platform: 'browser',
  outExtension: () => ({ js: '.js' }),
  minify: true,
  dts: false,
  sourcemap: false,
  clean: false,
} satisfies Options;

export default defineConfig([library, page]);
