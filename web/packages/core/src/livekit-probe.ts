// livekit-probe.ts — joins the server's echo room with a quiet tone (or the microphone, for "hear yourself"), waits until
// it comes back, measures, leaves. Nobody is asked for anything. Import it only dynamically: livekit-client is large.

import { RoomEvent, Track } from 'livekit-client';
import type { LocalTrack, RemoteTrack, Room } from 'livekit-client';
import { toCallError } from './errors';
import { codeOfConnectError } from './livekit-errors';
import { openRoom } from './room';
import type { OpenProbe, ProbeFacts, ProbeOptions } from './preflight';
import { readStats } from './stats';
import type { Credentials } from './token';

export { codeOfMicrophoneError } from './livekit-errors';

const TONE_HZ = 600;
const LOOK_MS = 40;
const ABOVE_REST_DB = 15;
const AUDIBLE_DB = -75;

interface Ear {
  hears(): boolean;
  close(): void;
}

/** Does one pitch stand out? With a microphone: is there any sound? */
export function standsOut(spectrum: Float32Array, bin: number | null): boolean {
  let rest = -Infinity;
  let wanted = -Infinity;
  spectrum.forEach((db, at) => {
    if (bin === null || Math.abs(at - bin) <= 2) wanted = Math.max(wanted, db);
    // Its own overtones do not count against it.
    else if (at > 4 && at < bin * 1.8) rest = Math.max(rest, Math.abs(at - bin) > 8 ? db : -Infinity);
  });
  return wanted > AUDIBLE_DB && (bin === null || wanted > rest + ABOVE_REST_DB);
}

function openEar(context: AudioContext, track: MediaStreamTrack, tone: boolean): Ear {
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 2048;
  analyser.smoothingTimeConstant = 0;
  source.connect(analyser);
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  const bin = tone ? Math.round((TONE_HZ * analyser.fftSize) / context.sampleRate) : null;
  return {
    hears() {
      analyser.getFloatFrequencyData(spectrum);
      return standsOut(spectrum, bin);
    },
    close() {
      source.disconnect();
      analyser.disconnect();
    },
  };
}

/** A steady tone that only the server hears. */
function makeTone(context: AudioContext): { track: MediaStreamTrack; stop: () => void } {
  const tone = context.createOscillator();
  const gain = context.createGain();
  const out = context.createMediaStreamDestination();
  tone.frequency.value = TONE_HZ;
  gain.gain.value = 0.2;
  tone.connect(gain).connect(out);
  tone.start();
  const track = out.stream.getAudioTracks()[0];
  if (track === undefined) throw new Error('no tone');
  return { track, stop: () => { tone.stop(); track.stop(); } };
}

export const probeLine: OpenProbe = async (credentials, options) => {
  const context = new AudioContext();
  const tone = options.microphone === undefined ? makeTone(context) : null;
  const { room, release } = openRoom({ publishDefaults: { dtx: false, red: false, stopMicTrackOnMute: false } });
  const abort = (): void => { void room.disconnect(false); };
  options.signal.addEventListener('abort', abort, { once: true });
  try {
    if (context.state === 'suspended') void context.resume().catch(() => undefined);
    return await measure(room, context, credentials, options, options.microphone ?? tone?.track);
  } catch (error) {
    throw toCallError(error, codeOfConnectError(error, typeof navigator === 'undefined' || navigator.onLine));
  } finally {
    options.signal.removeEventListener('abort', abort);
    tone?.stop();
    await room.disconnect(false).catch(() => undefined); // false: a lent microphone is not ours to stop
    release();
    room.removeAllListeners();
    await context.close().catch(() => undefined);
  }
};

async function measure(
  room: Room, context: AudioContext, credentials: Credentials, options: ProbeOptions, track: MediaStreamTrack | undefined,
): Promise<ProbeFacts> {
  let ear: Ear | null = null;
  let heard: RemoteTrack | null = null;
  room.on(RoomEvent.TrackSubscribed, (remote) => {
    if (remote.kind !== Track.Kind.Audio) return;
    heard = remote;
    const element = remote.attach(); // Chrome gives WebAudio only what some element plays
    element.muted = options.microphone === undefined;
    ear = openEar(context, remote.mediaStreamTrack, options.microphone === undefined);
  });
  const begun = performance.now();
  await room.connect(credentials.serverUrl, credentials.token);
  const joined = performance.now();
  if (track === undefined) throw new Error('nothing to send');
  const { track: sent } = await room.localParticipant.publishTrack(track, { source: Track.Source.Microphone });
  const echoMs = await waitForEcho(() => ear?.hears() ?? false, joined, options);
  const facts = { joinMs: Math.round(joined - begun), echoMs, ...(await statsOf([sent, heard])) };
  (ear as Ear | null)?.close();
  (heard as RemoteTrack | null)?.detach();
  return facts;
}

/** With a microphone the person should hear itself for the whole time. */
async function waitForEcho(hears: () => boolean, joined: number, { limitMs, signal, microphone }: ProbeOptions): Promise<number | null> {
  let echoMs: number | null = null;
  while (performance.now() - joined < limitMs && !signal.aborted) {
    await new Promise((next) => { setTimeout(next, LOOK_MS); });
    if (echoMs === null && hears()) echoMs = Math.round(performance.now() - joined);
    if (echoMs !== null && microphone === undefined) break;
  }
  return echoMs;
}

async function statsOf(tracks: readonly (LocalTrack | RemoteTrack | null | undefined)[]): Promise<Omit<ProbeFacts, 'joinMs' | 'echoMs'>> {
  const reports: RTCStatsReport[] = [];
  for (const track of tracks) {
    const report = await track?.getRTCStatsReport();
    if (report !== undefined) reports.push(report);
  }
  const { route, roundTripMs, jitterMs, lossIn, lossOut } = readStats(reports);
  const loss = lossIn === null && lossOut === null ? null : Math.max(lossIn ?? 0, lossOut ?? 0);
  return { route, roundTripMs, jitterMs, loss };
}
