// sounds.ts — the few sounds of a call, made by WebAudio: no file, none longer than 300 ms, all soft, all with an off
// switch. A plan (notes and times) is data and tested; playing it is four nodes.

import { isOver } from './machine';
import type { Call } from './machine';

export type SoundName =
  | 'ringback' | 'answered' | 'reconnecting' | 'reconnected' | 'muted' | 'unmuted' | 'recording-on' | 'recording-off'
  | 'queue' | 'ended' | 'warning' | 'test';

export interface Note {
  /** Hertz; several sound together. */
  readonly pitch: readonly number[];
  /** Seconds. */
  readonly at: number;
  readonly length: number;
}

const note = (at: number, length: number, ...pitch: readonly number[]): Note => ({ at, length, pitch });

export const SOUNDS: Readonly<Record<SoundName, readonly Note[]>> = {
  ringback: [note(0, 0.3, 425)],
  answered: [note(0, 0.1, 523), note(0.1, 0.16, 784)],
  reconnecting: [note(0, 0.12, 392), note(0.15, 0.14, 330)],
  reconnected: [note(0, 0.12, 330), note(0.12, 0.16, 523)],
  muted: [note(0, 0.05, 330)],
  unmuted: [note(0, 0.05, 523)],
  'recording-on': [note(0, 0.18, 880)],
  'recording-off': [note(0, 0.18, 660)],
  queue: [note(0, 0.12, 440, 660)],
  ended: [note(0, 0.12, 440), note(0.12, 0.16, 330)],
  warning: [note(0, 0.08, 494), note(0.1, 0.08, 494)],
  test: [note(0, 0.14, 440), note(0.15, 0.14, 554)],
};

const LOUDNESS = 0.06; // −24 dBFS: softer than speech
const RING_EVERY_MS = 4000;
const EDGE_S = 0.012; // no clicks

export interface Sounds {
  play(name: SoundName): void;
  setOn(on: boolean): void;
  /** Plays what fits to what the call does. Returns: stop. */
  follow(handle: { readonly get: () => Call; readonly subscribe: (listener: () => void) => () => void }): () => void;
  close(): void;
}

/** What a change of the call sounds like; null: nothing. */
export function soundOf(before: Call, now: Call): SoundName | null {
  if (now.state !== before.state) {
    if (now.state === 'connected') return before.state === 'reconnecting' || before.state === 'interrupted' ? 'reconnected' : 'answered';
    if (now.state === 'reconnecting') return 'reconnecting';
    // Whoever ended a call before anybody was there needs no sound for it.
    if (isOver(now.state)) return now.connectedAt === null && now.state === 'ended' ? null : 'ended';
  }
  if (now.recording !== before.recording && !isOver(now.state)) return now.recording === 'on' ? 'recording-on' : 'recording-off';
  if (now.queue !== null && before.queue !== null && now.queue.position !== before.queue.position) return 'queue';
  if (now.state !== 'connected') return null;
  if (now.muted !== before.muted && !now.pushToTalk) return now.muted ? 'muted' : 'unmuted';
  return now.warnings.includes('muted-talking') && !before.warnings.includes('muted-talking') ? 'warning' : null;
}

function schedule(context: AudioContext, notes: readonly Note[]): void {
  for (const { pitch, at, length } of notes) {
    const gain = context.createGain();
    const start = context.currentTime + at;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(LOUDNESS / pitch.length, start + EDGE_S);
    gain.gain.setValueAtTime(LOUDNESS / pitch.length, start + length - EDGE_S);
    gain.gain.linearRampToValueAtTime(0, start + length);
    gain.connect(context.destination);
    for (const hertz of pitch) {
      const tone = context.createOscillator();
      tone.frequency.value = hertz;
      tone.connect(gain);
      tone.onended = () => { gain.disconnect(); };
      tone.start(start);
      tone.stop(start + length);
    }
  }
}

export function createSounds(
  on = true,
  open: () => AudioContext | null = () => (typeof AudioContext === 'undefined' ? null : new AudioContext()),
): Sounds {
  let context: AudioContext | null = null;
  let ringing: ReturnType<typeof setInterval> | undefined;

  function play(name: SoundName): void {
    if (!on) return;
    context ??= open();
    if (context === null) return;
    if (context.state === 'suspended') void context.resume().catch(() => undefined);
    schedule(context, SOUNDS[name]);
  }

  function ring(wanted: boolean): void {
    if (wanted === (ringing !== undefined)) return;
    clearInterval(ringing);
    ringing = undefined;
    if (!wanted) return;
    play('ringback');
    ringing = setInterval(() => { play('ringback'); }, RING_EVERY_MS);
  }

  function close(): void {
    ring(false);
    void context?.close().catch(() => undefined);
    context = null;
  }

  return {
    play,
    setOn(value) {
      on = value;
      if (!on) close();
    },
    follow(handle) {
      let before = handle.get();
      const stop = handle.subscribe(() => {
        const now = handle.get();
        const sound = now.speakerMuted ? null : soundOf(before, now);
        before = now;
        if (sound !== null) play(sound);
        // Only while somebody is being called, and only for ears that want to hear.
        ring(on && now.state === 'ringing' && !now.speakerMuted);
        if (now.state === 'idle') close();
      });
      return () => {
        stop();
        close();
      };
    },
    close,
  };
}
