// SPDX-License-Identifier: Apache-2.0
/**
 * `dist` for CommonJS, file by file from the ES modules: both have the same chunks. tsup's own way to
 * chunks in CommonJS makes calls and closures of every `?.` and `??`, those of each audio frame too.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'tsup';

const files = ['index', 'testing/index'].concat(
  readdirSync('dist')
    .filter((name) => /^chunk-.*\.js$/.test(name))
    .map((name) => name.slice(0, -'.js'.length)),
);

/** Files import each other as they are, under their new names. */
const chunks = {
  name: 'chunks',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^\./ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: path.replace(/js$/, 'cjs'), external: true },
    );
  },
};

await build({
  config: false,
  entry: Object.fromEntries(files.map((name) => [name, `dist/${name}.js`])),
  format: 'cjs',
  target: 'node20',
  platform: 'node',
  sourcemap: true,
  silent: true,
  esbuildPlugins: [chunks],
  // `require` also where it is late: not every CommonJS test runner has an `import()`.
  esbuildOptions: (options) => void (options.supported = { 'dynamic-import': false }),
});

/**
 * The declaration files of @livekit/agents 1.9.0 for CommonJS take AudioFrame from the ES module side
 * of @livekit/rtc-node, and the class has a private member: the two sides are different types. Ours
 * must take it from the same side, or a RealtimeModel cannot be given to a CommonJS AgentSession.
 */
function fitTypes(text) {
  const fitted = text.replace(
    /^import (\{[^}]*\}) from '@livekit\/rtc-node';$/m,
    "import type $1 from '@livekit/rtc-node' with { 'resolution-mode': 'import' };",
  );
  if (fitted === text) throw new Error('index.d.ts imports @livekit/rtc-node in no known way');
  return fitted;
}

for (const name of readdirSync('dist', { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue;
  const text = readFileSync(`dist/${name}`, 'utf8').replaceAll(/(from '\.[^']*)\.js'/g, "$1.cjs'");
  writeFileSync(
    `dist/${name.replace(/ts$/, 'cts')}`,
    name === 'index.d.ts' ? fitTypes(text) : text,
  );
}
