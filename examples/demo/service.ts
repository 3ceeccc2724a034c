// SPDX-License-Identifier: Apache-2.0
import { RealtimeModel } from '../../src/index.js';
import { LiveServer } from '../../src/testing/index.js';
import { scenario } from './story.js';

/** Who answers the call. */
export interface Service {
  model: RealtimeModel;
  /** The embedded fake service; absent when the real one answers. */
  server?: LiveServer;
}

export const hasKey = Boolean(process.env.GOOGLE_API_KEY || process.env.GEMINI_API_KEY);

/** The real service where there is a key, else a fake one in this process. */
export async function openService(record: (line: string) => void): Promise<Service> {
  if (hasKey) return { model: new RealtimeModel({ vertexai: false, record }) };
  // Setting up a session takes the real service some time as well.
  const server = await LiveServer.start({ scenario: scenario(), setupDelayMs: 250 });
  const model = new RealtimeModel({
    vertexai: false,
    apiKey: 'any',
    httpOptions: { baseUrl: server.url },
    record,
  });
  return { model, server };
}
