// livekit-watch.ts — what a room tells about itself beside people and tracks: quality, route, recording, the queue, and the
// warnings that follow from all that is measured.

import { ConnectionQuality, RoomEvent, Track } from 'livekit-client';
import type { Participant, Room } from 'livekit-client';
import type { Meter } from './meter';
import type { Microphone } from './livekit-microphone';
import type { QualityLevel, Queue, Route } from './machine';
import { startMonitor } from './monitors';
import type { Sample } from './monitors';
import type { PhoneEvent } from './phone';
import type { CallStats } from './stats';

export interface LineFacts {
  readonly room: Room;
  readonly meter: Meter;
  readonly microphone: () => Microphone | null;
  readonly muted: () => boolean;
  readonly stats: () => Promise<CallStats | null>;
  readonly report: (event: PhoneEvent) => void;
}

export interface LineWatch {
  /** In the room: start measuring. */
  joined(): void;
  close(): void;
}

const STATS_MS = 1000;

export function levelOf(quality: ConnectionQuality): QualityLevel {
  switch (quality) {
    case ConnectionQuality.Excellent: return 3;
    case ConnectionQuality.Good: return 2;
    case ConnectionQuality.Poor: return 1;
    case ConnectionQuality.Lost: return 0;
    case ConnectionQuality.Unknown: return null;
  }
}

/** Set by whoever answers calls, over the server API. */
export function queueOf(attributes: Readonly<Record<string, string>>): Queue | null {
  const position = Number(attributes['offhook.queue.position']);
  if (!Number.isInteger(position) || position < 1) return null;
  const eta = attributes['offhook.queue.eta_s'];
  const seconds = eta === undefined || eta === '' ? Number.NaN : Number(eta);
  return { position, etaSeconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : null };
}

/** The worst of those who are measured: that is the one who is hard to understand. */
function worst(levels: readonly QualityLevel[]): QualityLevel {
  return levels.reduce((low, level) => (level === null ? low : low === null || level < low ? level : low), null);
}

export function watchLine({ room, meter, microphone, muted, stats, report }: LineFacts): LineWatch {
  let packetsIn: number | null = null;
  let route: Route | null = null;
  let stopMonitor: (() => void) | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  let closed = false;

  const remotes = (): Participant[] => [...room.remoteParticipants.values()];
  const remoteLevel = (): QualityLevel => worst(remotes().map((participant) => levelOf(participant.connectionQuality)));

  const onQuality = (quality: ConnectionQuality, participant: Participant): void => {
    if (participant === room.localParticipant) report({ type: 'quality', side: 'local', level: levelOf(quality) });
    else report({ type: 'quality', side: 'remote', level: remoteLevel() });
  };
  const onRecording = (on: boolean): void => { report({ type: 'recording', recording: on ? 'on' : 'off' }); };
  const onAttributes = (_changed: unknown, participant: Participant): void => {
    if (participant === room.localParticipant) report({ type: 'queue', queue: queueOf(participant.attributes) });
  };
  room
    .on(RoomEvent.ConnectionQualityChanged, onQuality)
    .on(RoomEvent.RecordingStatusChanged, onRecording)
    .on(RoomEvent.ParticipantAttributesChanged, onAttributes);

  /** Is somebody there who should be sending? */
  function somebodySends(): boolean {
    return remotes().some((participant) => [...participant.audioTrackPublications.values()]
      .some((publication) => publication.isSubscribed && !publication.isMuted && publication.kind === Track.Kind.Audio));
  }

  async function measure(): Promise<void> {
    const measured = await stats().catch(() => null);
    if (measured === null || closed) return;
    packetsIn = measured.packetsIn;
    if (measured.route === null || measured.route === route) return;
    route = measured.route;
    report({ type: 'route', route });
  }

  function sample(at: number): Sample {
    const behind = muted() ? (microphone()?.listenBehindMute(true) ?? null) : null;
    if (!muted()) microphone()?.listenBehindMute(false);
    meter.listen('muted', behind);
    return {
      at, muted: muted(), level: meter.level('local'), alive: meter.alive('local'),
      behindMute: behind === null ? null : meter.level('muted'), heard: room.localParticipant.isSpeaking,
      quality: { local: levelOf(room.localParticipant.connectionQuality), remote: remoteLevel() },
      packetsIn: somebodySends() ? packetsIn : null,
    };
  }

  return {
    joined() {
      if (closed) return;
      if (room.isRecording) onRecording(true);
      onAttributes(null, room.localParticipant);
      timer = setInterval(() => { void measure(); }, STATS_MS);
      void measure();
      stopMonitor = startMonitor({ sample, report: (warning, on) => { report({ type: 'warning', warning, on }); } });
    },
    close() {
      closed = true;
      clearInterval(timer);
      stopMonitor?.();
      room
        .off(RoomEvent.ConnectionQualityChanged, onQuality)
        .off(RoomEvent.RecordingStatusChanged, onRecording)
        .off(RoomEvent.ParticipantAttributesChanged, onAttributes);
    },
  };
}
