// SPDX-License-Identifier: Apache-2.0
import type { Suite } from '../types.js';
import { capacity } from './capacity.js';
import { downlink } from './downlink.js';
import { latency } from './latency.js';
import { memory } from './memory.js';
import { reconnect } from './reconnect.js';
import { start } from './start.js';
import { uplink } from './uplink.js';

export const SUITES: readonly Suite[] = [
  uplink,
  downlink,
  latency,
  capacity,
  start,
  reconnect,
  memory,
];
