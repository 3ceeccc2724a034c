// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest';
import { LiveServer, type LiveServerOptions } from '../src/testing/index.js';
import { Bare, isTurnComplete, pause } from './live_server_client.js';

const NEW = 'gemini-3.8-live';
const OLD = 'gemini-2.5-flash-native-audio-preview-12-2025';

const open: LiveServer[] = [];

async function start(options: LiveServerOptions = {}): Promise<LiveServer> {
  const server = await LiveServer.start({ speed: 50, setupDelayMs: 1, ...options });
  open.push(server);
  return server;
}

async function dial(server: LiveServer, setup: Record<string, unknown> = {}) {
  const client = new Bare(server);
  const outcome = await client.setUp({ model: `models/${NEW}`, ...setup });
  return { client, outcome, connection: server.current! };
}

const resume = (handle: string | undefined, model = NEW) => ({
  model: `models/${model}`,
  sessionResumption: { handle },
});
const user = (text: string, turnComplete = false) => ({
  clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete },
});
const answer = (id: string) => ({
  toolResponse: { functionResponses: [{ id, name: 'f', response: { output: 1 } }] },
});
const tools = [{ functionDeclarations: [{ name: 'f' }] }];

/** What would keep a process alive, without the pipes of the test runner. */
const handles = () => process.getActiveResourcesInfo().filter((name) => /^TCP|Timeout/.test(name));

/** The same, given a moment: the clients of these tests close their ends a little later. */
async function handlesLeft(): Promise<string[]> {
  for (let i = 0; i < 600 && handles().length > 0; i += 1) await pause(5);
  return handles();
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

describe('resuming', () => {
  it('is refused with 1011 while the server holds the old socket, and works after its close', async () => {
    const server = await start();
    const first = await dial(server);
    const { handle } = first.connection;
    first.client.send(user('My name is Ada.'));
    await first.connection.waitFor('clientContent');
    const early = await dial(server, resume(handle));
    expect(early.outcome).toBe('closed');
    expect(await early.client.closed).toEqual({
      code: 1011,
      reason: 'Internal error encountered.',
    });
    expect(server.violations.map(({ rule }) => rule)).toEqual(['close the old socket before resuming']); // prettier-ignore
    first.client.ws.close(1000);
    await first.client.closed;
    const late = await dial(server, resume(handle));
    expect(late.outcome).toBe('complete');
    expect(late.connection.resumed).toBe(true);
    expect(late.connection.history).toEqual([{ role: 'user', text: 'My name is Ada.' }]);
    expect(await first.connection.closed).toEqual({ code: 1000, reason: '', by: 'client' });
  });

  it('needs a handle that the server knows, and the same model', async () => {
    const server = await start();
    const { client, connection } = await dial(server);
    const { handle } = connection;
    client.ws.close(1000);
    await client.closed;
    const other = await dial(server, resume(handle, OLD));
    expect((await other.client.closed).code).toBe(1007);
    server.forgetSessions();
    const forgotten = await dial(server, resume(handle));
    expect(await forgotten.client.closed).toMatchObject({ code: 1008 });
    expect(server.violations.map(({ rule }) => rule)).toEqual([
      'resume with the same model',
      'resume only with a handle that the server knows',
    ]);
  });

  it('restores the latest state where the handle is fixed', async () => {
    const server = await start();
    const { client, connection } = await dial(server, { tools });
    const response = connection.callTool('f', {}, '1');
    client.send(user('Later.'));
    await connection.waitFor('clientContent');
    expect(client.count((frame) => 'sessionResumptionUpdate' in frame)).toBe(1);
    connection.drop();
    expect((await client.closed).code).toBe(1006);
    expect(await connection.closed).toEqual({ code: 1006, reason: '', by: 'server' });
    const again = await dial(server, { ...resume(connection.handle), tools });
    expect(again.connection.pendingCalls).toMatchObject([{ id: '1', name: 'f' }]);
    again.client.send(answer('1'));
    expect((await response).response).toEqual({ output: 1 });
    expect(again.connection.history).toEqual([
      { role: 'user', text: 'Later.' },
      { role: 'tool', text: '{"output":1}' },
    ]);
    server.assertClean();
  });

  it('goes back to the moment of the handle where handles roll', async () => {
    const server = await start({ playbackDelay: false });
    const setup = { model: `models/${OLD}`, sessionResumption: {} };
    const { client, connection } = await dial(server, setup);
    expect(connection.handle).toBeUndefined();
    void connection.turn({ say: 'One.', ms: 40 });
    const first = connection.handle;
    void connection.turn({ say: 'Two.', ms: 40 });
    await client.see((frame) => frame.sessionResumptionUpdate?.newHandle === connection.handle);
    expect(connection.handle).not.toBe(first);
    // No handle while the model speaks, a new one after each turn.
    const updates = client.received.flatMap((frame) => frame.sessionResumptionUpdate ?? []);
    expect(updates.map(({ resumable }) => resumable)).toEqual([undefined, true, undefined, true]);
    connection.drop();
    await connection.closed;
    const again = await dial(server, resume(first, OLD));
    expect(again.connection.history).toEqual([{ role: 'model', text: 'One.' }]);
  });

  it('counts as begun, so that content is refused where only an opening history is allowed', async () => {
    const server = await start({ capabilities: { midSessionContent: 'initialHistory' } });
    const { client, connection } = await dial(server);
    client.send(user('Hello?', true));
    await connection.waitFor('clientContent');
    connection.drop();
    const again = await dial(server, resume(connection.handle));
    again.client.send(user('Once more.'));
    expect((await again.client.closed).code).toBe(1007);
  });

  it('has to wait after a loss, if the options say so', async () => {
    const server = await start({ holdAfterLossMs: 300 });
    const { connection } = await dial(server);
    connection.drop();
    await connection.closed;
    expect((await dial(server, resume(connection.handle))).outcome).toBe('closed');
    await pause(310);
    expect((await dial(server, resume(connection.handle))).outcome).toBe('complete');
    server.assertClean();
  });

  it('counts what it has consumed, where the client asks for it', async () => {
    const server = await start();
    const client = new Bare(server, { vertexKey: true });
    const sessionResumption = { transparent: true };
    await client.setUp({ model: `publishers/google/models/${NEW}`, sessionResumption });
    client.send(user('One.'));
    client.send(user('Two.'));
    await server.current?.waitFor(() => server.current?.contents.length === 2);
    server.current?.resumptionUpdate();
    const at = (frame: any) => frame.sessionResumptionUpdate?.lastConsumedClientMessageIndex;
    await client.see((frame) => at(frame) === '2');
    expect(client.received.map(at).filter(Boolean)).toEqual(['0', '2']);
  });

  it('is impossible after a silent loss', async () => {
    const server = await start();
    const { client, connection } = await dial(server);
    connection.freeze();
    let pongs = 0;
    client.ws.on('pong', () => (pongs += 1));
    client.ws.ping();
    client.ws.terminate();
    await pause(20);
    expect(pongs).toBe(0);
    expect((await dial(server, resume(connection.handle))).outcome).toBe('closed');
    // The client could not know, so it broke no rule.
    server.assertClean();
  });
});

describe('trouble', () => {
  it('stalls: swallows everything and ends no turn', async () => {
    const server = await start({ scenario: { steps: [], latencyMs: 0 } });
    const { client, connection } = await dial(server);
    const turn = connection.turn({ ms: 2000 });
    connection.stall();
    expect(await turn).toBe('lost');
    client.send(user('Hello?', true));
    client.send({ realtimeInput: { activityStart: {} } });
    await connection.waitFor('realtimeInput');
    await pause(60);
    expect(client.count(isTurnComplete)).toBe(0);
    expect(connection.isOpen).toBe(true);
    connection.stall(false);
    client.send(user('Hello?', true));
    await client.see(isTurnComplete);
  });

  it('closes with any code, and cuts the reason to 123 bytes', async () => {
    const { client, connection } = await dial(await start());
    connection.close(1011, `${'x'.repeat(122)}é and more`);
    expect(await client.closed).toEqual({ code: 1011, reason: 'x'.repeat(122) });
    expect(await connection.closed).toMatchObject({ code: 1011, by: 'server' });
    connection.send({ setupComplete: {} });
    connection.say('Nobody hears this.');
  });

  it('takes goAway and closes at once when told', async () => {
    const { client, connection } = await dial(await start());
    connection.goAway('1.5s');
    expect(await client.see((frame) => frame.goAway)).toEqual({ goAway: { timeLeft: '1.5s' } });
    expect(connection.resumptionUpdate({ newHandle: '', resumable: false })).toBe('');
    await client.see((frame) => frame.sessionResumptionUpdate?.resumable === false);
  });
});

describe('the end', () => {
  it('leaves nothing behind, also with turns, calls and waits under way', async () => {
    // What other tests left behind has to go first.
    expect(await handlesLeft()).toEqual([]);
    const server = await LiveServer.start({
      scenario: { steps: [{ on: 'reply', say: 'Hm.' }], latencyMs: 60_000 },
    });
    const { client, connection } = await dial(server, { tools });
    void connection.turn({ ms: 60_000 });
    const call = connection.callTool('f');
    client.send(user('Hello?', true));
    await connection.waitFor('clientContent');
    const second = await dial(server);
    second.connection.freeze();
    const third = new Bare(server);
    await third.opened;
    const waiting = Promise.allSettled([
      call,
      connection.waitFor('toolResponse'),
      server.nextConnection(),
    ]);
    await Promise.all([server.close(), server.close()]);
    for (const { status } of await waiting) expect(status).toBe('rejected');
    await Promise.all([client.closed, second.client.closed, third.closed]);
    await expect(server.nextConnection()).rejects.toThrow('closed');
    expect(await handlesLeft()).toEqual([]);
    expect((await new Bare(server).closed).code).toBe(1006);
    // The scenario's step was never played.
    expect(() => server.assertClean()).toThrow('Steps were not played');
  });

  it('refuses a script without a session', async () => {
    const server = await start();
    const client = new Bare(server);
    await client.opened;
    await pause(5);
    const early = server.dials[0]?.connection;
    expect(() => early?.callTool('f')).toThrow('nextConnection');
  });
});
