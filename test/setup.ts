// SPDX-License-Identifier: Apache-2.0
import { initializeLogger } from '@livekit/agents';

initializeLogger({ pretty: false, level: process.env.LOG_LEVEL ?? 'silent' });
