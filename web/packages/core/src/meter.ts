// meter.ts — how loud a track is right now, 0 … 1 on a decibel scale. One AudioContext for the whole call.

/** `muted`: a second copy of the microphone, for noticing that somebody talks behind the mute button. */
export type Side = 'local' | 'remote' | 'muted';

export interface Meter {
  /** Listens to this track from now on; null: to nothing. */
  listen(side: Side, track: MediaStreamTrack | null): void;
  level(side: Side): number;
  /** Is there anything at all, or digital silence? */
  alive(side: Side): boolean;
  /** After an interruption by the system. */
  resume(): Promise<void>;
  close(): void;
}

const FLOOR_DB = -60; // quieter than this reads as silence
const CEILING_DB = -8; // normal speech close to the microphone peaks here

/** Root mean square of samples (−1 … 1) → 0 … 1, linear in decibels as ears are. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  if (sum === 0) return 0;
  const db = 10 * Math.log10(sum / samples.length);
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}

interface Ear {
  readonly track: MediaStreamTrack;
  readonly source: MediaStreamAudioSourceNode;
  readonly analyser: AnalyserNode;
}

const WINDOW = 16_384; // a third of a second: no beep between two looks is missed
const DEAD = 1e-6; // −120 dB: no microphone in any room is that quiet

/** `onInterrupted`: the system took the sound away (Safari says so of the AudioContext). */
export function openMeter(onInterrupted: () => void = () => undefined): Meter {
  let context: AudioContext | null = null;
  const ears: Record<Side, Ear | null> = { local: null, remote: null, muted: null };
  const samples = new Float32Array(WINDOW);
  const newest = samples.subarray(WINDOW - 1024);

  function drop(side: Side): void {
    const ear = ears[side];
    ear?.source.disconnect();
    ear?.analyser.disconnect();
    ears[side] = null;
  }

  function open(): AudioContext {
    const opened = new AudioContext();
    opened.onstatechange = () => {
      if ((opened.state as string) === 'interrupted') onInterrupted();
    };
    return opened;
  }

  return {
    listen(side, track) {
      if (ears[side]?.track === track) return;
      drop(side);
      if (track === null || typeof AudioContext === 'undefined') return;
      context ??= open();
      // Without a running clock the analyser stays at zero; there was a click, so this is allowed.
      if (context.state === 'suspended') void context.resume().catch(() => undefined);
      const source = context.createMediaStreamSource(new MediaStream([track]));
      const analyser = context.createAnalyser();
      analyser.fftSize = samples.length;
      source.connect(analyser);
      ears[side] = { track, source, analyser };
    },
    level(side) {
      const ear = ears[side];
      if (ear === null) return 0;
      ear.analyser.getFloatTimeDomainData(samples);
      return loudness(newest);
    },
    alive(side) {
      const ear = ears[side];
      // Without a running clock nothing is known.
      if (ear === null || context?.state !== 'running') return true;
      ear.analyser.getFloatTimeDomainData(samples);
      return samples.some((sample) => Math.abs(sample) > DEAD);
    },
    async resume() {
      await context?.resume();
    },
    close() {
      drop('local');
      drop('remote');
      drop('muted');
      if (context !== null) context.onstatechange = null;
      void context?.close().catch(() => undefined);
      context = null;
    },
  };
}
