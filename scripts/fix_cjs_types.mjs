// SPDX-License-Identifier: Apache-2.0
/**
 * The declaration files of @livekit/agents 1.9.0 for CommonJS take AudioFrame from the ES module side
 * of @livekit/rtc-node, and the class has a private member: the two sides are different types. Ours
 * must take it from the same side, or a RealtimeModel cannot be given to a CommonJS AgentSession.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const file = 'dist/index.d.cts';
const before = readFileSync(file, 'utf8');
const after = before.replace(
  /^import (\{[^}]*\}) from '@livekit\/rtc-node';$/m,
  "import type $1 from '@livekit/rtc-node' with { 'resolution-mode': 'import' };",
);
if (after === before) throw new Error(`${file} imports @livekit/rtc-node in no known way`);
writeFileSync(file, after);
