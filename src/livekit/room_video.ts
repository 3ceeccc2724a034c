// SPDX-License-Identifier: Apache-2.0
import { log, voice } from '@livekit/agents';
import {
  type RemoteTrack,
  type Room,
  RoomEvent,
  TrackKind,
  TrackSource,
  type VideoFrame,
  type VideoFrameEvent,
  type VideoRotation,
  VideoStream,
} from '@livekit/rtc-node';

export interface ShareVideoOptions {
  /** Whoever answers in this session sees the video, also after a handoff. */
  session: voice.AgentSession;
  /** The room, with its video subscribed to (as `ctx.connect()` does by default). */
  room: Room;
  /** Whose video. @default everybody's; one at a time */
  participantIdentity?: string;
  /** Which video. @default any: a shared screen before a camera */
  source?: TrackSource.SOURCE_CAMERA | TrackSource.SOURCE_SCREENSHARE;
}

export interface SharedVideo {
  /** Ends it; so do the end of the session and of the room. Idempotent. */
  stop(): void;
}

/**
 * Shows the video of a room to the model: LiveKit itself passes none on to a realtime session. One
 * track is read at a time; the session sends what the model can use. Never throws.
 */
export function shareVideo(options: ShareVideoOptions): SharedVideo {
  return new RoomVideo(options);
}

/** After each of these another track may be the best one. */
const CHANGES = [
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.ParticipantDisconnected,
] as const;

const { AgentStateChanged, UserStateChanged, SpeechCreated, Close } = voice.AgentSessionEventTypes;
/** After each of these another realtime session may have taken over, and be about to answer. */
const TAKEOVERS = [AgentStateChanged, UserStateChanged, SpeechCreated] as const;

interface Viewer {
  pushVideo(frame: VideoFrame, rotation?: VideoRotation): void;
}

class RoomVideo implements SharedVideo {
  readonly #options: ShareVideoOptions;
  #track: RemoteTrack | undefined;
  /** Tracks that have ended, or cannot be read. */
  readonly #over = new WeakSet<RemoteTrack>();
  #reader: ReadableStreamDefaultReader<VideoFrameEvent> | undefined;
  /** The newest frame, and who has it: a picture that stands still is shown to the next one, too. */
  #newest: VideoFrameEvent | undefined;
  #viewer: Viewer | undefined;

  readonly #choose = (): void => {
    const best = bestTrack(this.#options, this.#track, this.#over);
    if (best === this.#track) return;
    this.#leave();
    this.#track = best;
    if (best) void this.#read(best);
  };

  readonly #show = (): void => {
    const viewer = viewerOf(this.#options.session);
    if (!this.#newest || !viewer || viewer === this.#viewer) return;
    this.#viewer = viewer;
    try {
      viewer.pushVideo(this.#newest.frame, this.#newest.rotation);
    } catch (error) {
      // Thrown at the framework, it would end what the event is about.
      log().warn({ error }, 'The session does not take the video of the room.');
    }
  };

  readonly stop = (): void => {
    const { room, session } = this.#options;
    for (const event of CHANGES) room.off(event, this.#choose);
    for (const event of TAKEOVERS) session.off(event, this.#show);
    room.off(RoomEvent.Disconnected, this.stop);
    session.off(Close, this.stop);
    this.#leave();
  };

  constructor(options: ShareVideoOptions) {
    this.#options = options;
    const { room, session } = options;
    for (const event of CHANGES) room.on(event, this.#choose);
    for (const event of TAKEOVERS) session.on(event, this.#show);
    room.on(RoomEvent.Disconnected, this.stop);
    session.on(Close, this.stop);
    this.#choose();
  }

  #leave(): void {
    // The stream of a track that is gone ends by nothing else.
    this.#reader?.cancel().catch(() => {});
    this.#track = this.#reader = this.#newest = this.#viewer = undefined;
  }

  async #read(track: RemoteTrack): Promise<void> {
    try {
      const reader = new VideoStream(track).getReader();
      this.#reader = reader;
      for (;;) {
        const { done, value } = await reader.read();
        if (this.#reader !== reader) return;
        if (done) break;
        this.#newest = value;
        this.#viewer = undefined;
        this.#show();
      }
    } catch (error) {
      log().warn({ error }, 'The video of a room cannot be read: the model does not see it.');
    }
    this.#over.add(track);
    if (this.#track === track) this.#choose();
  }
}

/** A shared screen before a camera; of equals the one that is being read, else the newest. */
function bestTrack(
  { room, participantIdentity, source }: ShareVideoOptions,
  current: RemoteTrack | undefined,
  over: WeakSet<RemoteTrack>,
): RemoteTrack | undefined {
  let best: { track: RemoteTrack; rank: number } | undefined;
  for (const participant of room.remoteParticipants.values()) {
    if (participantIdentity !== undefined && participant.identity !== participantIdentity) continue;
    for (const { track, kind, muted, source: from } of participant.trackPublications.values()) {
      if (!track || kind !== TrackKind.KIND_VIDEO || muted || over.has(track)) continue;
      if (source !== undefined && from !== source) continue;
      const isScreen = from === TrackSource.SOURCE_SCREENSHARE;
      const rank = (isScreen ? 2 : 0) + (track === current ? 1 : 0);
      if (!best || rank >= best.rank) best = { track, rank };
    }
  }
  return best?.track;
}

/** Undefined before the start, in the middle of a handoff, and with models of no such use. */
function viewerOf(session: voice.AgentSession): Viewer | undefined {
  try {
    const realtime: unknown = session.currentAgent.getActivityOrThrow().realtimeLLMSession;
    const canSee = typeof (realtime as Partial<Viewer> | undefined)?.pushVideo === 'function';
    return canSee ? (realtime as Viewer) : undefined;
  } catch {
    return undefined;
  }
}
