// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ENTRY = fileURLToPath(new URL('../../src/inspect/page/main.ts', import.meta.url));

/** The page's script and style sheet from the sources as they are, without a build. */
export async function pageAssets(): Promise<{ script: string; style: string }> {
  const { outputFiles } = await build({
    ...{ entryPoints: [ENTRY], bundle: true, write: false, outdir: 'out', format: 'iife' },
    ...{ target: 'es2022', charset: 'utf8', logLevel: 'silent' },
  });
  const textOf = (extension: string): string =>
    outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? '';
  return { script: textOf('.js'), style: textOf('.css') };
}
