// meter.ts — how loud a track is right now, 0 … 1 on a decibel scale. One AudioContext for the whole call.

export interface Meter {
  /** Listens to this track from now on; null: to nothing. */
  listen(side: 'local' | 'remote', track: MediaStreamTrack | null): void;
  level(side: 'local' | 'remote'): number;
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

export function openMeter(): Meter {
  let context: AudioContext | null = null;
  const ears: { local: Ear | null; remote: Ear | null } = { local: null, remote: null };
  const samples = new Float32Array(1024);

  function drop(side: 'local' | 'remote'): void {
    const ear = ears[side];
    ear?.source.disconnect();
    ear?.analyser.disconnect();
    ears[side] = null;
  }

  return {
    listen(side, track) {
      if (ears[side]?.track === track) return;
      drop(side);
      if (track === null || typeof AudioContext === 'undefined') return;
      context ??= new AudioContext();
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
      return loudness(samples);
    },
    close() {
      drop('local');
      drop('remote');
      void context?.close().catch(() => undefined);
      context = null;
    },
  };
}
