// livekit-phone.ts — the phone on top of livekit-client. Import it only dynamically: livekit-client is large.

import { AudioPresets, ConnectionState, DisconnectReason, RoomEvent, Track } from 'livekit-client';
import type { Participant, RemoteTrack, Room, RoomOptions } from 'livekit-client';
import { canChooseOutput, watchDevices } from './devices';
import { CallError, toCallError } from './errors';
import { codeOfConnectError, codeOfDisconnect } from './livekit-errors';
import { openMicrophone } from './livekit-microphone';
import type { Microphone } from './livekit-microphone';
import { watchLine } from './livekit-watch';
import { openMeter } from './meter';
import type { Peer } from './machine';
import type { Phone, PhoneEvent, PhoneWishes } from './phone';
import { openRoom } from './room';
import { readStats } from './stats';
import type { CallStats } from './stats';
import type { Credentials } from './token';

export { codeOfConnectError, codeOfDisconnect, codeOfMicrophoneError } from './livekit-errors';

/** The wishes may be given as they come from the call. */
export interface LiveKitPhoneOptions extends Partial<PhoneWishes> {
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

const ROUTE_MS = 4000; // by then UDP has had its chance

/** 12 kbit/s instead of 24, and nothing sent twice. */
function roomOptions(lowData: boolean): RoomOptions {
  return {
    adaptiveStream: false, // pictures only
    dynacast: false,
    // A page that is left has its own way out: the call goes on after a reload.
    disconnectOnPageLeave: false,
    publishDefaults: {
      audioPreset: lowData ? AudioPresets.telephone : AudioPresets.speech, dtx: true, red: !lowData, stopMicTrackOnMute: false,
    },
  };
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
  const { report, lowData = false } = options;
  const { room, release } = openRoom({ ...roomOptions(lowData), ...options.roomOptions });
  const connect = options.connect ?? ((target: Room, credentials: Credentials): Promise<void> =>
    target.connect(credentials.serverUrl, credentials.token));
  const meter = openMeter(() => { report({ type: 'interrupted' }); });
  const known = new Set<string>();
  let microphone: Microphone | null = null;
  let output = options.output ?? null;
  let muted = false;
  let speakerMuted = false;
  let volume = 1;
  let joined = false;
  let closed = false;
  let routeTimer: ReturnType<typeof setTimeout> | undefined;

  const line = watchLine({ room, meter, microphone: () => microphone, muted: () => muted, stats, report });
  const devices = watchDevices({
    // Old browsers lack what the types promise.
    source: typeof navigator === 'undefined' ? undefined : (navigator.mediaDevices),
    outputs: canChooseOutput(),
    inUse: () => ({ input: microphone?.chosen() ?? null, output }),
    onChange: (found) => { report({ type: 'devices', devices: found }); },
    onGone: (kind) => {
      if (kind === 'input') void recover();
      else void chooseOutput('').catch(() => undefined);
    },
    onPlug: () => { void recover(); },
  });

  const peerOf = (participant: Participant): Peer => ({
    id: participant.identity,
    name: participant.name !== undefined && participant.name !== '' ? participant.name : participant.identity,
    ...(participant.isAgent ? { agent: true } : {}),
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

  function remoteTracks(): RemoteTrack[] {
    return [...room.remoteParticipants.values()]
      .flatMap((participant) => [...participant.audioTrackPublications.values()])
      .flatMap((publication) => (publication.track === undefined ? [] : [publication.track]));
  }

  function tuneElements(): void {
    for (const track of remoteTracks()) {
      for (const element of track.attachedElements) {
        element.muted = speakerMuted;
        element.volume = volume;
      }
    }
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
    // livekit-client mutes a microphone that was unplugged; that is nobody's wish.
    if (participant !== room.localParticipant || microphone?.track.mediaStreamTrack.readyState === 'ended') return;
    muted = value;
    report({ type: 'mic-changed', muted: value });
  };

  async function recover(): Promise<void> {
    await microphone?.recover();
    if (!closed && !muted && microphone?.track.isMuted === true && microphone.track.mediaStreamTrack.readyState === 'live') {
      await microphone.track.unmute().catch(() => undefined);
    }
  }

  async function chooseOutput(id: string): Promise<void> {
    if (!canChooseOutput()) throw new CallError('BROWSER_UNSUPPORTED', { detail: 'no setSinkId' });
    await room.switchActiveDevice('audiooutput', id);
    output = id === '' ? null : id;
    await devices.refresh();
  }

  async function stats(): Promise<CallStats | null> {
    const reports: RTCStatsReport[] = [];
    for (const track of [microphone?.track, ...remoteTracks()]) {
      const found = await track?.getRTCStatsReport();
      if (found !== undefined) reports.push(found);
    }
    return reports.length === 0 ? null : readStats(reports);
  }

  /** A tab that the system froze lost its line; on waking livekit-client gets it back by itself. */
  const onFreeze = (): void => { report({ type: 'interrupted' }); };
  const onWake = (): void => { report({ type: 'uninterrupted' }); };
  if (typeof document !== 'undefined') {
    document.addEventListener('freeze', onFreeze);
    document.addEventListener('resume', onWake);
  }

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
    .on(RoomEvent.TrackMuted, onMute(true))
    .on(RoomEvent.TrackUnmuted, onMute(false))
    .on(RoomEvent.AudioPlaybackStatusChanged, () => { report({ type: 'sound-blocked', blocked: !room.canPlaybackAudio }); });

  /** Offers the microphone as soon as signalling is up: the first words must not wait for the rest. */
  async function enter(credentials: Credentials, track: Microphone['track']): Promise<void> {
    let published: Promise<unknown> = Promise.resolve();
    const publish = (): void => {
      published = room.localParticipant.publishTrack(track, { source: Track.Source.Microphone });
      published.catch(() => undefined); // awaited below
      routeTimer = setTimeout(() => { report({ type: 'warning', warning: 'switching-route', on: true }); }, ROUTE_MS);
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
    } finally {
      clearTimeout(routeTimer);
    }
  }

  return {
    room,

    async openMicrophone() {
      checkBrowser();
      const opened = await openMicrophone(options.input ?? null, {
        changed: (track) => {
          meter.listen('local', track);
          void devices.refresh();
        },
        interrupted: () => { report({ type: 'interrupted' }); },
        uninterrupted: () => { report({ type: 'uninterrupted' }); },
        lost: (lost) => { report({ type: 'warning', warning: 'mic-silent', on: lost }); },
      });
      if (closed) {
        opened.stop(); // hung up while the browser was still asking
        return;
      }
      microphone = opened;
      meter.listen('local', opened.track.mediaStreamTrack);
      void devices.refresh(); // names are told only now
      if (muted) await opened.track.mute();
    },

    async join(credentials) {
      if (microphone === null) throw new CallError('INTERNAL', { detail: 'join before openMicrophone' });
      try {
        await enter(credentials, microphone.track);
      } finally {
        clearTimeout(routeTimer);
      }
       
      if (closed) return;
      joined = true;
      const peers = [...room.remoteParticipants.values()].map(peerOf);
      for (const peer of peers) known.add(peer.id);
      report({ type: 'joined', now: Date.now(), peers });
      if (!room.canPlaybackAudio) report({ type: 'sound-blocked', blocked: true });
      if (lowData) report({ type: 'warning', warning: 'low-data', on: true });
      if (output !== null) void chooseOutput(output).catch(() => undefined);
      line.joined();
    },

    async setMuted(value) {
      muted = value;
      await (value ? microphone?.track.mute() : microphone?.track.unmute());
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
      await microphone?.choose(id);
      await devices.refresh();
    },

    setOutput: chooseOutput,

    levels: () => ({ local: muted ? 0 : meter.level('local'), remote: speakerMuted ? 0 : meter.level('remote') }),

    resumeSound: () => room.startAudio(),

    async continue() {
      await Promise.all([room.startAudio(), meter.resume(), microphone?.reopen()]);
      report({ type: 'uninterrupted' });
    },

    stats,

    async close(keep = false) {
      if (closed) return;
      closed = true;
      // The microphone first: its light must go out now, not after the network has answered.
      microphone?.stop();
      clearTimeout(routeTimer);
      line.close();
      devices.close();
      meter.close();
      if (typeof document !== 'undefined') {
        document.removeEventListener('freeze', onFreeze);
        document.removeEventListener('resume', onWake);
      }
      // Closing the engine first says no farewell: the server keeps our place for a while.
      if (keep) await (room.engine as Room['engine'] | undefined)?.close().catch(() => undefined);
      await room.disconnect(true);
      release();
      room.removeAllListeners();
    },
  };
}
