// SPDX-License-Identifier: Apache-2.0
import { voice } from '@livekit/agents';
import {
  LocalVideoTrack,
  RoomEvent,
  TrackKind,
  TrackSource,
  VideoBufferType,
  VideoSource,
  type Room,
} from '@livekit/rtc-node';
import { EventEmitter } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { shareVideo, type ShareVideoOptions } from '../src/index.js';
import type { LiveConnection } from '../src/testing/index.js';
import { startAgent } from './support/agent.js';
import { modelFor, startServer } from './support/call.js';
import { decoded, frameOf, GREEN, isNear, ORANGE, type Colour } from './support/pictures.js';

const { SOURCE_CAMERA, SOURCE_SCREENSHARE, SOURCE_MICROPHONE } = TrackSource;
const SIZE = { width: 64, height: 48 };

/** A video that is never still; rtc-node carries it to its readers without a server. */
function video(colour: Colour, source: TrackSource = SOURCE_CAMERA) {
  const origin = new VideoSource(SIZE.width, SIZE.height);
  const track = LocalVideoTrack.createVideoTrack('video', origin);
  const frame = frameOf(colour, { ...SIZE, type: VideoBufferType.RGBA });
  // A source that has no frame yet makes up black ones.
  origin.captureFrame(frame);
  const timer = setInterval(() => origin.captureFrame(frame), 20);
  const end = (): void => clearInterval(timer);
  onTestFinished(async () => {
    end();
    await track.close();
  });
  return { track, source, kind: TrackKind.KIND_VIDEO, muted: false, end };
}
type Publication = Omit<ReturnType<typeof video>, 'track'> & { track: LocalVideoTrack | undefined };

/** As much of a room as matters here: who is in it, with which tracks, and its events. */
class FakeRoom extends EventEmitter {
  readonly remoteParticipants = new Map<string, unknown>();
  readonly #publications = new Map<string, Map<Publication, Publication>>();

  add(identity: string, publication: Publication): void {
    const trackPublications = this.#publications.get(identity) ?? new Map();
    trackPublications.set(publication, publication);
    this.#publications.set(identity, trackPublications);
    this.remoteParticipants.set(identity, { identity, trackPublications });
    this.emit(RoomEvent.TrackSubscribed, publication.track, publication);
  }

  remove(identity: string, publication: Publication): void {
    this.#publications.get(identity)?.delete(publication);
    this.emit(RoomEvent.TrackUnsubscribed, publication.track, publication);
  }

  get listening(): number {
    return this.eventNames().reduce((sum, name) => sum + this.listenerCount(name), 0);
  }
}

async function sharing(room: FakeRoom, options: Partial<ShareVideoOptions> = {}) {
  const agent = await startAgent(new voice.Agent({ instructions: 'Say what you see.' }));
  const { session } = agent;
  const shared = shareVideo({ session, room: room as unknown as Room, ...options });
  onTestFinished(() => shared.stop());
  const connection = await agent.server.connection(0);
  return { ...agent, shared, connection };
}

/** The colour of the next picture. */
async function seen(connection: LiveConnection): Promise<number[]> {
  const frame = await connection.waitFor((sent) => sent.realtimeInput?.video !== undefined);
  const { data = '' } = frame.realtimeInput?.video ?? {};
  return (await decoded(Buffer.from(data, 'base64'))).at(5, 5);
}
const like = (colour: Colour) => (got: number[]) => isNear(got, colour);

it('shows the video of a room to the model: what is there already', async () => {
  const room = new FakeRoom();
  room.add('caller', video(ORANGE));
  const { connection, server } = await sharing(room);
  expect(await seen(connection)).toSatisfy(like(ORANGE));
  server.assertClean();
});

it('a shared screen before a camera, and the camera again when it ends', async () => {
  const room = new FakeRoom();
  const { connection, server } = await sharing(room);
  connection.heard('Can you see my screen?');
  room.add('caller', video(ORANGE));
  expect(await seen(connection)).toSatisfy(like(ORANGE));
  const screen = video(GREEN, SOURCE_SCREENSHARE);
  room.add('caller', screen);
  expect(await seen(connection)).toSatisfy(like(GREEN));
  connection.heard('And me?');
  room.remove('caller', screen);
  expect(await seen(connection)).toSatisfy(like(ORANGE));
  server.assertClean();
});

it('nobody else, nothing else, and nothing muted', async () => {
  const room = new FakeRoom();
  const options = { participantIdentity: 'caller', source: SOURCE_CAMERA } as const;
  const { connection } = await sharing(room, options);
  room.add('guest', video(GREEN));
  room.add('caller', video(GREEN, SOURCE_SCREENSHARE));
  room.add('caller', { ...video(GREEN), kind: TrackKind.KIND_AUDIO, source: SOURCE_MICROPHONE });
  room.add('caller', { ...video(GREEN), muted: true });
  room.add('caller', { ...video(GREEN), track: undefined });
  room.add('caller', video(ORANGE));
  expect(await seen(connection)).toSatisfy(like(ORANGE));
});

it('to whoever has taken over, though the picture stands still', async () => {
  const room = new FakeRoom();
  const camera = video(ORANGE);
  room.add('caller', camera);
  const { session, connection, server } = await sharing(room);
  expect(await seen(connection)).toSatisfy(like(ORANGE));
  camera.end();
  // With a model of its own it has a session of its own.
  session.updateAgent(new voice.Agent({ instructions: 'You see.', llm: modelFor(server) }));
  const second = await server.connection(1);
  second.heard('Who is there?');
  expect(await seen(second)).toSatisfy(like(ORANGE));
  server.assertClean();
});

it('from before the session has begun', async () => {
  const room = new FakeRoom();
  const server = await startServer();
  const llm = modelFor(server);
  const options = { llm, vad: null, turnHandling: { turnDetection: null }, userAwayTimeout: null };
  const session = new voice.AgentSession(options);
  onTestFinished(() => session.close());
  shareVideo({ session, room: room as unknown as Room });
  room.add('caller', video(ORANGE));
  await session.start({ agent: new voice.Agent({ instructions: 'You see.' }), record: false });
  expect(await seen(await server.connection(0))).toSatisfy(like(ORANGE));
});

it.each(['stop', 'the end of the session', 'the end of the room'])(
  'until %s, and leaves nothing behind',
  async (end) => {
    const room = new FakeRoom();
    room.add('caller', video(ORANGE));
    const { session, connection, shared } = await sharing(room);
    await seen(connection);
    expect(room.listening).toBeGreaterThan(0);
    if (end === 'stop') shared.stop();
    else if (end === 'the end of the room') room.emit(RoomEvent.Disconnected);
    else await session.close();
    shared.stop();
    expect(room.listening).toBe(0);
  },
);

it('survives a track that cannot be read', async () => {
  const room = new FakeRoom();
  const { connection } = await sharing(room);
  const broken = video(GREEN);
  room.add('caller', { ...broken, track: {} as LocalVideoTrack });
  room.add('caller', video(ORANGE));
  expect(await seen(connection)).toSatisfy(like(ORANGE));
});
