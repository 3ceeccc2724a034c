// SPDX-License-Identifier: Apache-2.0
import { CELLS_PER_CHUNK, chunkId, type PageMeta } from '../page_data.js';
import { firstIndex } from './spans.js';

/** Lets the browser draw and answer keys between two slices of work. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** The bytes of a chunk. */
export async function readChunk(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = atob(document.getElementById(id)?.textContent ?? '');
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

export const readText = async (id: string): Promise<string> =>
  new TextDecoder().decode(await readChunk(id));

export const readMeta = async (): Promise<PageMeta> =>
  JSON.parse(await readText(chunkId('meta'))) as PageMeta;

export const readNumbers = async (name: string): Promise<Uint32Array> =>
  new Uint32Array((await readChunk(chunkId(name))).buffer);

/** A level lane, chunk by chunk. */
export async function readCells(name: string, count: number): Promise<Uint8Array> {
  const cells = new Uint8Array(count);
  for (let at = 0; at < count; at += CELLS_PER_CHUNK) {
    cells.set(await readChunk(chunkId(name, at / CELLS_PER_CHUNK)), at);
    await pause();
  }
  return cells;
}

/** Blocks that are kept as text; the others are read again when they are looked at. */
const KEPT = 24;

/** The rows of the frame list, which stay packed until somebody looks at them. */
export class Rows {
  readonly count: number;
  readonly #firsts: number[] = [];
  readonly #kept = new Map<number, string[]>();
  readonly #coming = new Map<number, Promise<string[]>>();

  constructor(blocks: readonly number[]) {
    let first = 0;
    for (const rows of blocks) {
      this.#firsts.push(first);
      first += rows;
    }
    this.count = first;
  }

  get blocks(): number {
    return this.#firsts.length;
  }

  firstOf(block: number): number {
    return this.#firsts[block] ?? this.count;
  }

  /** The JSON of a row; undefined while its block is packed. */
  peek(row: number): string | undefined {
    const block = this.#blockOf(row);
    return this.#kept.get(block)?.[row - this.firstOf(block)];
  }

  async read(row: number): Promise<string> {
    const block = this.#blockOf(row);
    return (await this.block(block))[row - this.firstOf(block)] ?? '';
  }

  async block(index: number): Promise<string[]> {
    const kept = this.#kept.get(index);
    if (kept) return kept;
    const coming = this.#coming.get(index) ?? this.#load(index);
    this.#coming.set(index, coming);
    return coming;
  }

  async #load(index: number): Promise<string[]> {
    const lines = (await readText(chunkId('rows', index))).split('\n');
    this.#coming.delete(index);
    this.#kept.set(index, lines);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return lines;
  }

  #blockOf(row: number): number {
    return firstIndex(this.#firsts.length, (block) => this.firstOf(block) > row) - 1;
  }
}
