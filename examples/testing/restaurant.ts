// SPDX-License-Identifier: Apache-2.0
//
// The phone of a restaurant. Nothing in this file knows that it is tested.
import { llm, voice } from '@livekit/agents';
import { z } from 'zod';
// In your own project: from 'livekit-agents-plugin-gemini-live'
import type { RealtimeModelOptions } from '../../src/index.js';

export interface Booking {
  day: string;
  time: string;
  people: number;
  name: string;
}

/** The book of reservations; in real life a database. */
export interface Diary {
  freeTimes(day: string, people: number): Promise<string[]>;
  /** Resolves with the number of the booking. Rejects when the table has just been taken. */
  book(booking: Booking): Promise<number>;
  /** Resolves with false when there is no such booking. */
  cancel(bookingNumber: number): Promise<boolean>;
}

export const MODEL = {
  voice: 'Aoede',
  language: 'en-GB',
} satisfies RealtimeModelOptions;

const day = z.string().describe('As YYYY-MM-DD');
const people = z.number().int().min(1).describe('How many will come');

/** Takes bookings for tables. */
export class BookingLine extends voice.Agent {
  constructor(diary: Diary) {
    super({
      instructions:
        'You answer the phone of the restaurant The Olive Tree. Be brief and kind. Look up free ' +
        'times before you offer one. Book only what the caller has agreed to, and say the booking ' +
        'number. Parties of more than ten are for the events desk.',
      tools: {
        findTables: llm.tool({
          description: 'The times at which a table is free.',
          parameters: z.object({ day, people }),
          execute: async (wish) => ({ free: await diary.freeTimes(wish.day, wish.people) }),
        }),
        bookTable: llm.tool({
          description: 'Books a table at one of the free times.',
          parameters: z.object({ day, time: z.string(), people, name: z.string() }),
          execute: async (booking) => {
            try {
              return { bookingNumber: await diary.book(booking) };
            } catch {
              // What the model is to know of it; any other error reaches it as "internal error".
              throw new llm.ToolError('That table has just been taken. Look up free times again.');
            }
          },
        }),
        cancelBooking: llm.tool({
          description: 'Cancels a booking.',
          parameters: z.object({ bookingNumber: z.number().int() }),
          execute: async ({ bookingNumber }) =>
            (await diary.cancel(bookingNumber)) ? 'Cancelled.' : 'There is no such booking.',
        }),
        askEventsDesk: llm.tool({
          description: 'Puts the caller through to the events desk.',
          execute: async (_, { ctx }) => {
            const { chatCtx } = ctx.session.currentAgent;
            return llm.handoff({ agent: new EventsDesk(chatCtx), returns: 'You are put through.' });
          },
        }),
      },
    });
  }

  override async onEnter(): Promise<void> {
    this.session.generateReply({ instructions: 'Greet the caller and ask how you can help.' });
  }
}

/** Plans parties, and knows what was said before. */
export class EventsDesk extends voice.Agent {
  constructor(chatCtx: llm.ChatContext) {
    super({
      instructions: 'You are the events desk of The Olive Tree. Offer a menu and its price.',
      chatCtx: chatCtx.copy(),
      tools: {
        quoteMenu: llm.tool({
          description: 'The price of a menu for a party, in pounds.',
          parameters: z.object({ menu: z.enum(['garden', 'harbour']), people }),
          execute: async (wish) => ({
            pounds: wish.people * (wish.menu === 'garden' ? 38 : 45),
          }),
        }),
      },
    });
  }

  override async onEnter(): Promise<void> {
    this.session.generateReply({ instructions: 'Welcome the caller to the events desk.' });
  }
}
