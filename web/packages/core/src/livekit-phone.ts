// livekit-phone.ts — the phone on top of livekit-client. Import it only dynamically: livekit-client is large.

import {
  AudioPresets, ConnectionError, ConnectionErrorReason, ConnectionState, DisconnectReason, RoomEvent, Track,
  createLocalAudioTrack,
} from 'livekit-client';
import type { LocalAudioTrack, Participant, RemoteTrack, Room, RoomOptions } from 'livekit-client';
import { CallError, toCallError } from './errors';
import type { ErrorCode } from './errors';
import { openMeter } from './meter';
import type { Phone, PhoneEvent } from './phone';
import { openRoom } from './room';
import { readStats } from './stats';
import type { Credentials } from './token';

export interface LiveKitPhoneOptions {
  readonly report: (event: PhoneEvent) => void;
  readonly roomOptions?: RoomOptions;
  /** Connects the room when somebody else does it (React's LiveKitRoom). Default: `room.connect`. */
  readonly connect?: (room: Room, credentials: Credentials) => Promise<void>;
  /** false: somebody else plays what arrives (React's RoomAudioRenderer). */
  readonly plays?: boolean;
}

export interface LiveKitPhone extends Phone {
  readonly room: Room;
}

const VOICE: RoomOptions = {
  adaptiveStream: false, // pictures only
  dynacast: false,
  // A call is over when its page goes away; the server must hear of it at once.
  disconnectOnPageLeave: true,
  publishDefaults: { audioPreset: AudioPresets.speech, dtx: true, red: true, stopMicTrackOnMute: false },
};

/** Which of our codes an exception of getUserMedia is. */
export function codeOfMicrophoneError(error: unknown): ErrorCode {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const message = error instanceof Error ? error.message : '';
  switch (name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
      return /system/i.test(message) ? 'MIC_DENIED_SYSTEM' : 'MIC_DENIED';
    case 'SecurityError':
      return 'POLICY_BLOCKED';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return 'MIC_NOT_FOUND';
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return 'MIC_IN_USE';
    default:
      return 'INTERNAL';
  }
}

/** Which of our codes a failed connect is. `reason` is right where `reasonName` is not (livekit-client 2.23.0). */
export function codeOfConnectError(error: unknown, online: boolean): ErrorCode {
  if (!online) return 'NET_OFFLINE';
  if (!(error instanceof ConnectionError)) return 'SIGNAL_FAILED';
  const status: unknown = error.status;
  switch (error.reason) {
    case ConnectionErrorReason.NotAllowed:
      return 'TOKEN_INVALID';
    case ConnectionErrorReason.ServiceNotFound:
    case ConnectionErrorReason.ServerUnreachable:
    case ConnectionErrorReason.WebSocket:
      if (status === 401 || status === 403) return 'TOKEN_INVALID';
      if (status === 429) return 'RATE_LIMITED';
      return status === 503 ? 'CAPACITY' : 'SIGNAL_FAILED';
    case ConnectionErrorReason.Timeout:
      return 'SIGNAL_TIMEOUT';
    case ConnectionErrorReason.LeaveRequest:
      return codeOfDisconnect(error.context as DisconnectReason) ?? 'SIGNAL_FAILED';
    case ConnectionErrorReason.InternalError:
      // livekit-client's word for "signalling worked, the media path did not".
      return /pc connection|peer ?connection|ice/i.test(error.message) ? 'ICE_FAILED' : 'INTERNAL';
    default:
      return 'SIGNAL_FAILED';
  }
}

/** null: an ordinary end of the call. */
export function codeOfDisconnect(reason: DisconnectReason | undefined): ErrorCode | null {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED: return null;
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED: return 'ROOM_CLOSED';
    case DisconnectReason.DUPLICATE_IDENTITY: return 'DUPLICATE_IDENTITY';
    case DisconnectReason.SERVER_SHUTDOWN: return 'SERVER_DRAINING';
    case DisconnectReason.PARTICIPANT_REMOVED: return 'KICKED';
    case DisconnectReason.USER_UNAVAILABLE: return 'NO_ANSWER';
    case DisconnectReason.USER_REJECTED: return 'DECLINED';
    case DisconnectReason.CONNECTION_TIMEOUT:
    case DisconnectReason.MEDIA_FAILURE: return 'ICE_FAILED';
    case DisconnectReason.AGENT_ERROR: return 'AGENT_TIMEOUT';
    default: return 'SIGNAL_FAILED';
  }
}

function isOnline(): boolean {
  return typeof navigator === 'undefined' || navigator.onLine;
}

/** What must be there before anybody is asked for a microphone. */
function checkBrowser(): void {
  if (typeof window !== 'undefined' && !window.isSecureContext) throw new CallError('INSECURE_CONTEXT');
  // Old browsers lack what the types promise.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (typeof RTCPeerConnection === 'undefined' || devices?.getUserMedia === undefined) {
    throw new CallError('BROWSER_UNSUPPORTED');
  }
  const policy = (document as Document & { featurePolicy?: { allowsFeature(name: string): boolean } }).featurePolicy;
  if (policy?.allowsFeature('microphone') === false) throw new CallError('POLICY_BLOCKED');
}

export function createLiveKitPhone(options: LiveKitPhoneOptions): LiveKitPhone {
  const { report } = options;
  const { room, release } = openRoom({ ...VOICE, ...options.roomOptions });
  const connect = options.connect ?? ((target: Room, credentials: Credentials): Promise<void> =>
    target.connect(credentials.serverUrl, credentials.token));
  const meter = openMeter();
  const known = new Set<string>();
  let microphone: LocalAudioTrack | null = null;
  let muted = false;
  let speakerMuted = false;
  let volume = 1;
  let joined = false;
  let closed = false;

  const peerOf = (participant: Participant): { id: string; name: string } => ({
    id: participant.identity,
    name: participant.name !== undefined && participant.name !== '' ? participant.name : participant.identity,
  });

  function hear(participant: Participant): void {
    known.add(participant.identity);
    report({ type: 'peer-joined', now: Date.now(), peer: peerOf(participant) });
  }

  function miss(participant: Participant): void {
    // A full reconnect first "loses" everybody and then says so: look again once the dust has settled.
    queueMicrotask(() => {
      if (closed || room.state !== ConnectionState.Connected || room.remoteParticipants.has(participant.identity)) return;
      known.delete(participant.identity);
      report({ type: 'peer-left', id: participant.identity });
    });
  }

  function backAgain(): void {
    for (const id of [...known]) {
      if (room.remoteParticipants.has(id)) continue;
      known.delete(id);
      report({ type: 'peer-left', id });
    }
    room.remoteParticipants.forEach(hear);
    report({ type: 'line-back' });
  }

  function tuneElements(): void {
    for (const participant of room.remoteParticipants.values()) {
      for (const publication of participant.audioTrackPublications.values()) {
        for (const element of publication.track?.attachedElements ?? []) {
          element.muted = speakerMuted;
          element.volume = volume;
        }
      }
    }
  }

  function remoteTracks(): RemoteTrack[] {
    return [...room.remoteParticipants.values()]
      .flatMap((participant) => [...participant.audioTrackPublications.values()])
      .flatMap((publication) => (publication.track === undefined ? [] : [publication.track]));
  }

  function onTrack(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    if (options.plays !== false) track.attach();
    meter.listen('remote', track.mediaStreamTrack);
    tuneElements();
  }

  function offTrack(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    meter.listen('remote', null);
    if (options.plays !== false) track.detach();
  }

  function onDisconnected(reason?: DisconnectReason): void {
    if (closed || !joined) return; // before that, connect() says what happened
    const code = codeOfDisconnect(reason);
    report({ type: 'line-closed', now: Date.now(), error: code === null ? null : new CallError(code, {
      detail: `disconnected: ${reason === undefined ? 'unknown' : DisconnectReason[reason]}`,
    }) });
  }

  const onMute = (value: boolean) => (_publication: unknown, participant: Participant): void => {
    if (participant !== room.localParticipant) return;
    muted = value;
    report({ type: 'mic-changed', muted: value });
  };

  room
    .on(RoomEvent.ParticipantConnected, hear)
    .on(RoomEvent.ParticipantNameChanged, (_name, participant) => {
      if (participant !== room.localParticipant) hear(participant);
    })
    .on(RoomEvent.ParticipantDisconnected, miss)
    .on(RoomEvent.SignalReconnecting, () => { report({ type: 'line-lost' }); })
    .on(RoomEvent.Reconnecting, () => { report({ type: 'line-lost' }); })
    .on(RoomEvent.Reconnected, backAgain)
    .on(RoomEvent.Disconnected, onDisconnected)
    .on(RoomEvent.TrackSubscribed, onTrack)
    .on(RoomEvent.TrackUnsubscribed, offTrack)
    .on(RoomEvent.LocalTrackPublished, () => { meter.listen('local', microphone?.mediaStreamTrack ?? null); })
    .on(RoomEvent.TrackMuted, onMute(true))
    .on(RoomEvent.TrackUnmuted, onMute(false))
    .on(RoomEvent.AudioPlaybackStatusChanged, () => { report({ type: 'sound-blocked', blocked: !room.canPlaybackAudio }); });

  return {
    room,

    async openMicrophone() {
      checkBrowser();
      try {
        const track = await createLocalAudioTrack({ echoCancellation: true, noiseSuppression: true, autoGainControl: true });
        if (closed) {
          track.stop(); // hung up while the browser was still asking
          return;
        }
        microphone = track;
        meter.listen('local', track.mediaStreamTrack);
        if (muted) await track.mute();
      } catch (error) {
        throw toCallError(error, codeOfMicrophoneError(error));
      }
    },

    async join(credentials) {
      const track = microphone;
      if (track === null) throw new CallError('INTERNAL', { detail: 'join before openMicrophone' });
      // Offer the microphone as soon as signalling is up: the first words must not wait for the rest.
      let published: Promise<unknown> = Promise.resolve();
      const publish = (): void => {
        published = room.localParticipant.publishTrack(track, { source: Track.Source.Microphone });
        published.catch(() => undefined); // awaited below
      };
      room.once(RoomEvent.SignalConnected, publish);
      try {
        await connect(room, credentials);
      } catch (error) {
        throw toCallError(error, codeOfConnectError(error, isOnline()));
      } finally {
        room.off(RoomEvent.SignalConnected, publish);
      }
      try {
        await published;
      } catch (error) {
        throw toCallError(error, 'ICE_FAILED');
      }
      if (closed) return;
      joined = true;
      const peers = [...room.remoteParticipants.values()].map(peerOf);
      for (const peer of peers) known.add(peer.id);
      report({ type: 'joined', now: Date.now(), peers });
      if (!room.canPlaybackAudio) report({ type: 'sound-blocked', blocked: true });
    },

    async setMuted(value) {
      muted = value;
      if (microphone === null) return;
      await (value ? microphone.mute() : microphone.unmute());
    },

    setSpeakerMuted(value) {
      speakerMuted = value;
      tuneElements();
    },

    setVolume(value) {
      volume = value;
      tuneElements();
    },

    async setInput(id) {
      if (microphone === null) return;
      try {
        await microphone.setDeviceId({ exact: id });
        meter.listen('local', microphone.mediaStreamTrack);
      } catch (error) {
        throw toCallError(error, codeOfMicrophoneError(error));
      }
    },

    async setOutput(id) {
      await room.switchActiveDevice('audiooutput', id);
    },

    levels: () => ({ local: muted ? 0 : meter.level('local'), remote: speakerMuted ? 0 : meter.level('remote') }),

    resumeSound: () => room.startAudio(),

    async continue() {
      await room.startAudio();
      if (microphone?.mediaStreamTrack.readyState === 'ended' || microphone?.mediaStreamTrack.muted === true) {
        await microphone.restartTrack();
        meter.listen('local', microphone.mediaStreamTrack);
      }
      report({ type: 'uninterrupted' });
    },

    async stats() {
      const reports: RTCStatsReport[] = [];
      for (const track of [microphone, ...remoteTracks()]) {
        const found = await track?.getRTCStatsReport();
        if (found !== undefined) reports.push(found);
      }
      return reports.length === 0 ? null : readStats(reports);
    },

    async close() {
      if (closed) return;
      closed = true;
      // The microphone first: its light must go out now, not after the network has answered.
      microphone?.stop();
      meter.close();
      await room.disconnect(true);
      room.removeAllListeners();
      release();
    },
  };
}
