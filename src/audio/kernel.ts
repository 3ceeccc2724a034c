// SPDX-License-Identifier: Apache-2.0
import { KERNEL_WASM } from './kernel_wasm.js';

/** The inner loops of the resampler. Addresses and steps are bytes in `memory()`; taps a multiple of 8. */
export interface Kernel {
  /** Makes room for so many bytes; what was there stays, but views of it must be made anew. */
  memory(bytes: number): ArrayBuffer;
  /** 16 bit samples to f32; reads and writes up to 7 more than `count`. */
  widen(from: number, to: number, count: number): void;
  /** The filter `h` at `x`, as a 16 bit sample. */
  one(x: number, h: number, taps: number, out: number): void;
  /** The same at `x`, `x + step`…, four times, to `out`, `out + stride`… */
  four(x: number, step: number, h: number, taps: number, out: number, stride: number): void;
}

const PAGE = 65_536;

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

/** Four multiplications at a time: a fifth of the CPU of the plain loops. */
export function fastKernel(): Kernel {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
  const { exports } = new Instance(new Module(Buffer.from(KERNEL_WASM, 'base64')));
  const { memory, ...loops } = exports as Omit<Kernel, 'memory'> & { memory: WasmMemory };
  return {
    ...loops,
    memory(bytes) {
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      return memory.buffer;
    },
  };
}

export function plainKernel(): Kernel {
  let [shorts, floats] = [new Int16Array(0), new Float32Array(0)];
  const one: Kernel['one'] = (x, h, taps, out) => {
    let sum = 0;
    for (let k = 0; k < taps; k++) sum += (floats[x / 4 + k] ?? 0) * (floats[h / 4 + k] ?? 0);
    shorts[out / 2] = Math.max(-32768, Math.min(32767, Math.round(sum)));
  };
  return {
    memory(bytes) {
      if (bytes > shorts.byteLength) {
        const before = shorts;
        shorts = new Int16Array(Math.ceil(bytes / PAGE) * (PAGE / 2));
        shorts.set(before);
        floats = new Float32Array(shorts.buffer);
      }
      return shorts.buffer;
    },
    widen(from, to, count) {
      for (let i = 0; i < count; i++) floats[to / 4 + i] = shorts[from / 2 + i] ?? 0;
    },
    one,
    four(x, step, h, taps, out, stride) {
      for (let i = 0; i < 4; i++) one(x + i * step, h, taps, out + i * stride);
    },
  };
}
