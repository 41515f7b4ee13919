// phone.ts — the few verbs the call machine needs from whatever carries the sound.

import type { CallEvent } from './machine';
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
  levels(): Levels;
  /** To be called from a click when the browser holds the sound back. */
  resumeSound(): Promise<void>;
  /** Leaves, stops the microphone, lets everything go. Safe to call twice and at any time. */
  close(): Promise<void>;
}

/** What a phone reports by itself. */
export type PhoneEvent = Extract<
  CallEvent,
  { type: 'joined' | 'peer-joined' | 'peer-left' | 'line-lost' | 'line-back' | 'line-closed' | 'mic-changed' | 'sound-blocked' }
>;

export type OpenPhone = (report: (event: PhoneEvent) => void) => Promise<Phone>;
