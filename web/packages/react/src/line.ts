'use client';
// line.ts — a LiveKit phone whose room is connected by the <LiveKitRoom> that VoiceCallInterface renders.

import { createLiveKitPhone } from '@offhook/core/livekit-phone';
import type { LiveKitPhone } from '@offhook/core/livekit-phone';
import type { Credentials, Phone, PhoneEvent, PhoneWishes } from '@offhook/core';

export interface Line extends LiveKitPhone {
  /** What LiveKitRoom shall connect with; null: not yet, or no longer. */
  readonly wanted: () => Credentials | null;
  readonly subscribe: (listener: () => void) => () => void;
  connected(): void;
  /** Returns false when nobody was waiting for this connection. */
  failed(error: Error): boolean;
}

export function openLine(report: (event: PhoneEvent) => void, wishes?: PhoneWishes): Line {
  const listeners = new Set<() => void>();
  let wanted: Credentials | null = null;
  let waiting: { resolve: () => void; reject: (error: Error) => void } | null = null;

  function want(credentials: Credentials | null): void {
    wanted = credentials;
    for (const listener of [...listeners]) listener();
  }

  const phone = createLiveKitPhone({
    ...wishes,
    report,
    plays: false, // RoomAudioRenderer does
    connect: (_room, credentials) => new Promise<void>((resolve, reject) => {
      waiting = { resolve, reject };
      want(credentials);
    }),
  });

  return {
    ...phone,
    wanted: () => wanted,
    subscribe(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    connected() {
      waiting?.resolve();
      waiting = null;
    },
    failed(error) {
      if (waiting === null) return false;
      waiting.reject(error);
      waiting = null;
      return true;
    },
    async close(keep) {
      waiting?.reject(new Error('the call was ended'));
      waiting = null;
      await phone.close(keep);
      want(null);
    },
  };
}

export function isLine(phone: Phone | null): phone is Line {
  return phone !== null && 'room' in phone && 'wanted' in phone;
}
