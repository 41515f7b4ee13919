// phone.ts — the few verbs the call machine needs from whatever carries the sound.

import type { CallEvent } from './machine';
import type { CallStats } from './stats';
import type { Credentials } from './token';

/** Loudness right now, 0 (silent) … 1 (loud). */
export interface Levels {
  readonly local: number;
  readonly remote: number;
}

export interface Phone {
  /** Asks for the microphone. Rejects with a CallError. */
  openMicrophone(): Promise<void>;
  /** Joins the room and sends the microphone. Resolves when both directions can flow. Rejects with a CallError. */
  join(credentials: Credentials): Promise<void>;
  setMuted(muted: boolean): Promise<void>;
  setSpeakerMuted(muted: boolean): void;
  /** Of everybody else, 0 … 1. */
  setVolume(volume: number): void;
  /** Changes the microphone. Rejects with a CallError and keeps the old one when that fails. */
  setInput(id: string): Promise<void>;
  /** Changes the loudspeaker. Rejects where the browser cannot. */
  setOutput(id: string): Promise<void>;
  levels(): Levels;
  /** To be called from a click when the browser holds the sound back. */
  resumeSound(): Promise<void>;
  /** To be called from a click after an interruption: gets microphone and sound back. */
  continue(): Promise<void>;
  /** What was measured; null: nothing yet. */
  stats(): Promise<CallStats | null>;
  /**
   * Leaves, stops the microphone (at once, before anything waits), lets everything go. Safe to call twice and at any time.
   * `keep`: the place in the room is wanted back soon, so the server is not told of a farewell.
   */
  close(keep?: boolean): Promise<void>;
}

/** What a phone reports by itself. */
export type PhoneEvent = Extract<
  CallEvent,
  {
    type:
      | 'joined' | 'peer-joined' | 'peer-left' | 'queue' | 'line-lost' | 'line-back' | 'line-closed' | 'mic-changed'
      | 'sound-blocked' | 'interrupted' | 'uninterrupted' | 'quality' | 'route' | 'recording' | 'warning' | 'devices';
  }
>;

/** What a phone should know before it opens anything. */
export interface PhoneWishes {
  readonly input: string | null;
  readonly output: string | null;
  readonly lowData: boolean;
}

export type OpenPhone = (report: (event: PhoneEvent) => void, wishes?: PhoneWishes) => Promise<Phone>;
