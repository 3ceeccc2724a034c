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

const common = {
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  splitting: true,
  // Three builds write into the folder at once: `npm run build` empties it before.
  clean: false,
  external: [
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.peerDependencies),
    /^@livekit\//,
  ],
  define: { __VERSION__: JSON.stringify(manifest.version) },
} satisfies Options;

/** What apps import. `.` and `./testing` share chunks, so they have one model table. */
const library = {
  ...common,
  entry: { index: 'src/index.ts', 'testing/index': 'src/testing/index.ts' },
  dts: true,
  sourcemap: true,
} satisfies Options;

/** By itself: what its commands share with the library would cut that into ten files to load. */
const command = {
  ...common,
  entry: { cli: 'src/cli/bin.ts' },
  esbuildOptions: (options) => void (options.chunkNames = 'cli/[name]-[hash]'),
} satisfies Options;

/** What `gemini-live inspect --html` puts into a page: a script and a style sheet for browsers. */
const page = {
  entry: { 'cli/page': 'src/inspect/page/main.ts' },
  format: ['iife'],
  target: 'es2022',
  platform: 'browser',
  outExtension: () => ({ js: '.js' }),
  minify: true,
  dts: false,
  sourcemap: false,
  clean: false,
} satisfies Options;

export default defineConfig([library, command, page]);
