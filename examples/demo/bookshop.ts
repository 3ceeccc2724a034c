// SPDX-License-Identifier: Apache-2.0
import { llm, voice } from '@livekit/agents';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const ORDERS: Record<string, { state: string; arrives: string }> = {
  '427': { state: 'shipped', arrives: 'Thursday' },
};

const lookUpOrder = llm.tool({
  description: 'Looks up where an order is and when it arrives.',
  parameters: z.object({ orderNumber: z.string().describe('The digits, without spaces') }),
  execute: async ({ orderNumber }) => {
    await sleep(200); // a database
    return ORDERS[orderNumber] ?? { state: 'unknown', arrives: null };
  },
});

/** The agent of the demo: an ordinary LiveKit agent. */
export class Bookshop extends voice.Agent {
  constructor() {
    super({
      instructions:
        'You answer the phone of Riverside Books. Speak English, briefly and kindly. The shop is ' +
        'open until eight this evening. Books can be returned within thirty days, free of charge, ' +
        'when they are as good as new and the receipt is in the parcel. For anything about an ' +
        'order say "One moment, please.", call lookUpOrder, and tell what it says.',
      tools: { lookUpOrder },
    });
  }

  override async onEnter(): Promise<void> {
    this.session.generateReply({
      instructions: 'Greet the caller in the name of Riverside Books and ask how you can help.',
    });
  }
}
