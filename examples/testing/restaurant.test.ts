// SPDX-License-Identifier: Apache-2.0
import { initializeLogger, voice } from '@livekit/agents';
import { describe, expect, test, vi } from 'vitest';
// In your own project: from 'livekit-agents-plugin-gemini-live', and from its '/testing'
import { RealtimeModel } from '../../src/index.js';
import { LiveServer, type Scenario } from '../../src/testing/index.js';
import { type Call, conversation, startCall } from './call.js';
import { BookingLine, EventsDesk, MODEL } from './restaurant.js';

/** A diary that a test may change: `diary.book.mockRejectedValueOnce(...)`. */
const openDiary = () => ({
  freeTimes: vi.fn(async (_day: string, _people: number) => ['18:00', '20:30']),
  book: vi.fn(async () => 117),
  cancel: vi.fn(async (bookingNumber: number) => bookingNumber === 117),
});

/** The call, when its greeting is over. */
async function greeted(call: Call): Promise<Call> {
  await call.connection.replyRequest();
  await call.connection.turn({ say: 'The Olive Tree, good evening.' });
  await call.until('agent: The Olive Tree, good evening.');
  return call;
}

/** A promise that is kept when the test says so. */
function later<T>() {
  let settle!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (settle = resolve));
  return { promise, settle };
}

describe('the booking line', () => {
  test('greets first (the shortest test: nothing but the library)', async () => {
    initializeLogger({ pretty: false, level: 'silent' });
    const server = await LiveServer.start({ playbackDelay: false });
    const session = new voice.AgentSession({
      llm: new RealtimeModel({ apiKey: 'any', httpOptions: { baseUrl: server.url } }),
      vad: null,
      turnHandling: { turnDetection: null },
    });
    await session.start({ agent: new BookingLine(openDiary()), record: false });

    const connection = await server.connection(0);
    expect(await connection.replyRequest()).toContain('Greet the caller');
    await connection.turn({ say: 'Good evening.' });
    await vi.waitFor(() => {
      expect(session.history.items.at(-1)).toMatchObject({ textContent: 'Good evening.' });
    }, 5_000);

    await session.close();
    await server.close();
    server.assertClean();
  });

  test('tells the service who it is and what it can do', async () => {
    const { connection } = await startCall(new BookingLine(openDiary()), { model: MODEL });
    expect(connection.instructions).toContain('the restaurant The Olive Tree');
    expect(connection.functions).toContain('findTables');
    expect(connection.setup).toMatchObject({
      generationConfig: {
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Aoede' } } },
      },
    });
    const [{ functionDeclarations }] = connection.setup.tools as [
      { functionDeclarations: object[] },
    ];
    expect(functionDeclarations).toContainEqual(
      expect.objectContaining({
        name: 'findTables',
        parametersJsonSchema: expect.objectContaining({ required: ['day', 'people'] }),
      }),
    );
  });

  test('answers a question', async () => {
    const call = await greeted(await startCall(new BookingLine(openDiary())));
    call.connection.callerSays('Do you have vegan dishes?');
    await call.connection.turn({ say: 'Yes, a whole page of them.' });
    await call.until('agent: Yes, a whole page of them.');
    expect(conversation(call.session)).toEqual([
      'agent: The Olive Tree, good evening.',
      'caller: Do you have vegan dishes?',
      'agent: Yes, a whole page of them.',
    ]);
  });

  test('looks for tables as the caller wishes, and tells what it found', async () => {
    const diary = openDiary();
    const { connection, until } = await greeted(await startCall(new BookingLine(diary)));
    connection.callerSays('A table for two on the third of May?');
    const { response } = await connection.callTool('findTables', { day: '2027-05-03', people: 2 });
    expect(diary.freeTimes).toHaveBeenCalledWith('2027-05-03', 2);
    expect(response).toEqual({ output: '{"free":["18:00","20:30"]}' });
    await connection.turn({ say: 'We have six or half past eight.' });
    await until('agent: We have six or half past eight.');
  });

  test('looks for tables on two days at once', async () => {
    const diary = openDiary();
    const { connection, until } = await greeted(await startCall(new BookingLine(diary)));
    const search = later<string[]>();
    diary.freeTimes.mockReturnValue(search.promise);
    connection.callerSays('Friday or Saturday, for two?');
    const answers = connection.callTools([
      { name: 'findTables', args: { day: '2027-05-07', people: 2 } },
      { name: 'findTables', args: { day: '2027-05-08', people: 2 } },
    ]);
    // Neither waits for the other.
    await vi.waitFor(() => expect(diary.freeTimes).toHaveBeenCalledTimes(2), 5_000);
    search.settle(['19:00']);
    for (const { response } of await Promise.all(answers)) {
      expect(response).toEqual({ output: '{"free":["19:00"]}' });
    }
    await connection.turn({ say: 'Seven, on both days.' });
    await until('agent: Seven, on both days.');
  });

  test('tells the model that a table is gone', async () => {
    const diary = openDiary();
    diary.book.mockRejectedValue(new Error('duplicate key in table_bookings'));
    const { connection, until } = await greeted(await startCall(new BookingLine(diary)));
    connection.callerSays('Half past eight, please. The name is Ada.');
    const booking = { day: '2027-05-03', time: '20:30', people: 2, name: 'Ada' };
    const { response } = await connection.callTool('bookTable', booking);
    expect(response).toEqual({
      error: 'That table has just been taken. Look up free times again.',
    });
    await connection.turn({ say: 'I am sorry, that one is gone.' });
    await until('agent: I am sorry, that one is gone.');
  });

  test('tells the model nothing about a broken database', async () => {
    const diary = openDiary();
    diary.cancel.mockRejectedValue(new Error('password of db.internal expired'));
    const { connection } = await greeted(await startCall(new BookingLine(diary)));
    connection.callerSays('Cancel number 117.');
    const { response } = await connection.callTool('cancelBooking', { bookingNumber: 117 });
    expect(response).toEqual({ error: 'An internal error occurred' });
  });

  test('stops when the caller cuts in, and knows what was heard', async () => {
    const call = await greeted(await startCall(new BookingLine(openDiary())));
    const { connection, loudspeaker, session, speeches } = call;
    connection.callerSays('What is on the menu?');
    loudspeaker.stopAfter = 'There is soup,';
    // The turn is left open: the model is still speaking.
    await connection.turn({ say: 'There is soup, there is fish, there is cake.', complete: false });
    await vi.waitFor(() => expect(session.agentState).toBe('speaking'), 5_000);
    connection.callerSays('Soup is fine.');
    await connection.turn({ say: 'Soup it is.' });
    await call.until('agent: Soup it is.');
    expect(speeches.map(({ interrupted }) => interrupted)).toEqual([false, true, false]);
    expect(conversation(session).slice(1)).toEqual([
      'caller: What is on the menu?',
      'agent: There is soup, [interrupted]',
      'caller: Soup is fine.',
      'agent: Soup it is.',
    ]);
  });

  test('puts a party through to the events desk, which knows what was said', async () => {
    const call = await greeted(await startCall(new BookingLine(openDiary())));
    const { connection, session, until } = call;
    connection.callerSays('We are thirty people.');
    await connection.callTool('askEventsDesk');
    expect(await connection.replyRequest()).toContain('Welcome the caller to the events desk');
    expect(session.currentAgent).toBeInstanceOf(EventsDesk);
    expect(connection.instructions).toContain('You are the events desk');
    expect(connection.functions).toEqual(['quoteMenu']);
    expect(connection.history.map(({ text }) => text)).toContain('We are thirty people.');
    await connection.turn({ say: 'The events desk. Which menu?' });
    await until('agent: The events desk. Which menu?');
    connection.callerSays('The garden menu.');
    const quote = await connection.callTool('quoteMenu', { menu: 'garden', people: 30 });
    expect(quote.response).toEqual({ output: '{"pounds":1140}' });
    await connection.turn({ say: 'That is 1140 pounds.' });
    await until('agent: That is 1140 pounds.');
  });

  test('cancels a booking, from the greeting to goodbye', async () => {
    const diary = openDiary();
    const scenario: Scenario = {
      steps: [
        { on: 'reply', say: 'The Olive Tree, good evening.' },
        {
          on: 'speech',
          transcript: 'Cancel number 117, please.',
          say: 'One moment.',
          call: { name: 'cancelBooking', args: { bookingNumber: 117 } },
          then: { say: 'It is cancelled.' },
        },
        { on: 'speech', transcript: 'Goodbye.', say: 'Goodbye.' },
      ],
    };
    const call = await startCall(new BookingLine(diary), { server: { scenario } });
    await call.until('agent: The Olive Tree, good evening.');
    call.microphone.speak();
    await call.until('agent: It is cancelled.');
    call.microphone.speak();
    await call.until('agent: Goodbye.');
    expect(diary.cancel).toHaveBeenCalledWith(117);
    expect(conversation(call.session)).toEqual([
      'agent: The Olive Tree, good evening.',
      'caller: Cancel number 117, please.',
      'agent: One moment.',
      'tool: cancelBooking({"bookingNumber":117})',
      'agent: It is cancelled.',
      'caller: Goodbye.',
      'agent: Goodbye.',
    ]);
  });
});

describe('in trouble, the booking line', () => {
  test('answers although the connection drops during a search', async () => {
    const diary = openDiary();
    const { connection, server, until } = await greeted(await startCall(new BookingLine(diary)));
    const search = later<string[]>();
    diary.freeTimes.mockReturnValue(search.promise);
    connection.callerSays('A table for two on the third of May?');
    const answer = connection.callTool('findTables', { day: '2027-05-03', people: 2 });
    await vi.waitFor(() => expect(diary.freeTimes).toHaveBeenCalled(), 5_000);
    const next = server.nextConnection();
    connection.drop();
    const second = await next;
    expect(second.resumed).toBe(true);
    search.settle(['20:30']);
    // It comes over the second connection.
    expect((await answer).response).toEqual({ output: '{"free":["20:30"]}' });
    await second.turn({ say: 'We have half past eight.' });
    await until('agent: We have half past eight.');
    expect(diary.freeTimes).toHaveBeenCalledOnce();
  });

  test('goes on when the service says that it will hang up', async () => {
    const { connection, server, until } = await greeted(
      await startCall(new BookingLine(openDiary())),
    );
    const next = server.nextConnection();
    connection.goAway('10s');
    const second = await next;
    second.callerSays('Are you open on Monday?');
    await second.turn({ say: 'We are.' });
    await until('agent: We are.');
  });

  test('greets although the service falls silent', async () => {
    const watchdog = { answerMs: 100, steps: ['resume'] } as const;
    const call = await startCall(new BookingLine(openDiary()), { model: { watchdog } });
    await call.connection.replyRequest();
    const next = call.server.nextConnection();
    call.connection.stall();
    await greeted({ ...call, connection: await next });
  });

  test('comes back when the service is overloaded', async () => {
    // The default would wait for seconds.
    const connOptions = { maxRetry: 3, retryIntervalMs: 10, timeoutMs: 5_000 };
    const { connection, server, until } = await greeted(
      await startCall(new BookingLine(openDiary()), { model: { connOptions } }),
    );
    server.refuse({ status: 503, times: 2 });
    const next = server.nextConnection();
    connection.drop();
    const second = await next;
    expect(server.dials.map(({ accepted }) => accepted)).toEqual([true, false, false, true]);
    second.callerSays('Are you there?');
    await second.turn({ say: 'I am.' });
    await until('agent: I am.');
  });

  test('ends, and says why, when its key is no longer valid', async () => {
    const { connection, server, session } = await greeted(
      await startCall(new BookingLine(openDiary())),
    );
    const closed = new Promise<voice.CloseEvent>((resolve) => {
      session.once(voice.AgentSessionEventTypes.Close, resolve);
    });
    server.refuse({ closeCode: 1008, reason: 'API key not valid. Please pass a valid API key.' });
    connection.drop();
    expect(await closed).toMatchObject({ reason: 'error', error: { error: { kind: 'auth' } } });
  });
});
