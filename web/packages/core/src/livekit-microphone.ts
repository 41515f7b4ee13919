// livekit-microphone.ts — the one microphone of a call: opened once, changed, replaced when unplugged, watched for
// interruptions by the system, and let go of in one stroke.

import { TrackEvent, createLocalAudioTrack } from 'livekit-client';
import type { AudioCaptureOptions, LocalAudioTrack } from 'livekit-client';
import { SYSTEM_DEFAULT } from './devices';
import { toCallError } from './errors';
import { codeOfMicrophoneError } from './livekit-errors';

const CAPTURE: AudioCaptureOptions = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const INTERRUPTED_MS = 800; // a headset's switch bounces, a phone call stays
const ENDED_MS = 1500; // livekit-client tries first

export interface MicrophoneEvents {
  /** The sound comes from this track from now on. */
  changed(track: MediaStreamTrack): void;
  interrupted(): void;
  uninterrupted(): void;
  /** There is no microphone any more; `true`: there is one again. */
  lost(lost: boolean): void;
}

export interface Microphone {
  readonly track: LocalAudioTrack;
  /** Id of what was chosen; null: the system's choice. */
  readonly chosen: () => string | null;
  choose(id: string): Promise<void>;
  /** The chosen one was unplugged, or another one was plugged in: makes sure that some microphone works. */
  recover(): Promise<void>;
  /** After an interruption. */
  reopen(): Promise<void>;
  /** A copy that is heard behind the mute button; stopped with the microphone. */
  listenBehindMute(on: boolean): MediaStreamTrack | null;
  /** At once; the browser's light goes out. */
  stop(): void;
}

/** Rejects with a CallError. */
export async function openMicrophone(wish: string | null, events: MicrophoneEvents): Promise<Microphone> {
  try {
    // A wish, no condition: the device of the last call may be gone.
    const device = wish === null || wish === SYSTEM_DEFAULT ? {} : { deviceId: { ideal: wish } };
    const track = await createLocalAudioTrack({ ...CAPTURE, ...device });
    return holdMicrophone(track, wish, events);
  } catch (error) {
    throw toCallError(error, codeOfMicrophoneError(error));
  }
}

export function holdMicrophone(track: LocalAudioTrack, wish: string | null, events: MicrophoneEvents): Microphone {
  let chosen = wish === SYSTEM_DEFAULT ? null : wish;
  let watched: MediaStreamTrack | null = null;
  let copy: MediaStreamTrack | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let interrupted = false;
  let lost = false;
  let stopped = false;

  const onMute = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      interrupted = true;
      events.interrupted();
    }, INTERRUPTED_MS);
  };
  const onUnmute = (): void => {
    clearTimeout(timer);
    if (interrupted) events.uninterrupted();
    interrupted = false;
  };
  const onEnded = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => { void recover(); }, ENDED_MS);
  };

  /** A restarted microphone is another track. */
  function watch(next: MediaStreamTrack | null): void {
    if (next === watched) return;
    watched?.removeEventListener('mute', onMute);
    watched?.removeEventListener('unmute', onUnmute);
    watched?.removeEventListener('ended', onEnded);
    watched = next;
    next?.addEventListener('mute', onMute);
    next?.addEventListener('unmute', onUnmute);
    next?.addEventListener('ended', onEnded);
  }

  const onRestarted = (): void => {
    clearTimeout(timer);
    watch(track.mediaStreamTrack);
    if (copy !== null) listenBehindMute(true, true);
    events.changed(track.mediaStreamTrack);
    onUnmute();
    tellLost(false);
  };

  function tellLost(now: boolean): void {
    if (lost === now || stopped) return;
    lost = now;
    events.lost(now);
  }

  async function restart(device: AudioCaptureOptions): Promise<void> {
    await track.restartTrack({ ...CAPTURE, ...device });
    if (stopped) track.mediaStreamTrack.stop(); // came back after the end of the call
  }

  async function recover(): Promise<void> {
    if (stopped || track.mediaStreamTrack.readyState === 'live') return;
    chosen = null;
    try {
      await restart({});
    } catch {
      tellLost(true);
    }
  }

  function listenBehindMute(on: boolean, anew = false): MediaStreamTrack | null {
    if (!on || anew) {
      copy?.stop();
      copy = null;
    }
    if (on && copy === null && !stopped) {
      copy = track.mediaStreamTrack.clone();
      copy.enabled = true;
    }
    return copy;
  }

  track.on(TrackEvent.Restarted, onRestarted);
  watch(track.mediaStreamTrack);

  return {
    track,
    chosen: () => chosen,
    async choose(id) {
      const before = chosen;
      try {
        await restart(id === SYSTEM_DEFAULT ? {} : { deviceId: { exact: id } });
        chosen = id === SYSTEM_DEFAULT ? null : id;
      } catch (error) {
        // Safari stops the old one first: get it, or any, back.
        await restart(before === null ? {} : { deviceId: { ideal: before } }).catch(() => { tellLost(true); });
        throw toCallError(error, codeOfMicrophoneError(error));
      }
    },
    recover,
    async reopen() {
      if (track.mediaStreamTrack.readyState === 'ended' || track.mediaStreamTrack.muted) await restart(chosen === null ? {} : { deviceId: { ideal: chosen } });
      clearTimeout(timer);
      interrupted = false;
    },
    listenBehindMute,
    stop() {
      stopped = true;
      clearTimeout(timer);
      watch(null);
      track.off(TrackEvent.Restarted, onRestarted);
      listenBehindMute(false);
      track.stop();
    },
  };
}
