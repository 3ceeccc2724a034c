// SPDX-License-Identifier: Apache-2.0
// Compiles src/audio/kernel.wat into src/audio/kernel_wasm.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const path = (name) => fileURLToPath(new URL(`../src/audio/${name}`, import.meta.url));

export async function compileKernel() {
  const { parseWat } = await wabt();
  const features = { simd: true, sat_float_to_int: true };
  const module = parseWat('kernel.wat', readFileSync(path('kernel.wat'), 'utf8'), features);
  return Buffer.from(module.toBinary({}).buffer).toString('base64');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lines = (await compileKernel()).match(/.{1,92}/g).map((line) => `  '${line}',`);
  writeFileSync(
    path('kernel_wasm.ts'),
    [
      '// SPDX-License-Identifier: Apache-2.0',
      '',
      '/** kernel.wat, compiled by `npm run kernel`: base64 of WebAssembly. */',
      'export const KERNEL_WASM = [',
      ...lines,
      "].join('');",
      '',
    ].join('\n'),
  );
}
