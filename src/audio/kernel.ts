// SPDX-License-Identifier: Apache-2.0
import { COARSE_BITS, FINE_BITS } from './filter.js';
import { KERNEL_WASM } from './kernel_wasm.js';

/** The inner loop of the resampler. Addresses and steps are bytes in `memory()`; taps a multiple of 8. */
export interface Kernel {
  /** Makes room for so many bytes; what was there stays, but views of it must be made anew. */
  memory(bytes: number): ArrayBuffer;
  /**
   * The filter `h` at `x`, `x + step`…, as 16 bit samples to `out`, `out + stride`… It goes on until
   * `count` is a multiple of `GROUP`: there must be room for these.
   */
  filter(
    x: number,
    step: number,
    h: number,
    taps: number,
    out: number,
    stride: number,
    count: number,
  ): void;
}

/** So many places share each read of the filter. */
export const GROUP = 4;
const PAGE = 65_536;
const HALF = 1 << (COARSE_BITS - 1);

/** What is used of the global one, whose types are those of browsers. */
interface Wasm {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
}
interface WasmMemory {
  buffer: ArrayBuffer;
  grow(pages: number): void;
}

/** WebAssembly, or where a runtime has none of it (`--jitless`) the same in TypeScript. */
export function createKernel(): Kernel {
  try {
    return fastKernel();
  } catch {
    return plainKernel();
  }
}

/** Eight multiplications at a time: a fiftieth of the CPU of the plain loops. */
export function fastKernel(): Kernel {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
  const { exports } = new Instance(new Module(Buffer.from(KERNEL_WASM, 'base64')));
  const { memory, filter } = exports as Pick<Kernel, 'filter'> & { memory: WasmMemory };
  return {
    filter,
    memory(bytes) {
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      return memory.buffer;
    },
  };
}

export function plainKernel(): Kernel {
  let memory = new Int16Array(0);
  const at = (x: number, h: number, taps: number): number => {
    let [coarse, fine] = [0, 0];
    for (let k = 0; k < taps; k++) {
      const place = h / 2 + 2 * k - (k % 8);
      const sample = memory[x / 2 + k] ?? 0;
      coarse += sample * (memory[place] ?? 0);
      fine += sample * (memory[place + 8] ?? 0);
    }
    const sum = (coarse + (fine >> FINE_BITS) + HALF) >> COARSE_BITS;
    return Math.max(-32768, Math.min(32767, sum));
  };
  return {
    memory(bytes) {
      if (bytes > memory.byteLength) {
        const before = memory;
        memory = new Int16Array(Math.ceil(bytes / PAGE) * (PAGE / 2));
        memory.set(before);
      }
      return memory.buffer;
    },
    filter(x, step, h, taps, out, stride, count) {
      for (let i = 0; i < count; i++) memory[(out + i * stride) / 2] = at(x + i * step, h, taps);
    },
  };
}
