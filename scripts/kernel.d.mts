// SPDX-License-Identifier: Apache-2.0
/** The kernel's source, compiled: base64. */
export function compileKernel(): Promise<string>;
