// status.ts — the smaller line below the one that says how the call stands (core's statusOf).

import { say, waitOf } from '@offhook/core/words';
import type { Call } from '@offhook/core';
import type { Words } from '@offhook/core/words';

/** A call that is there, but not to be heard right now. */
export const isInTrouble = (state: string): boolean => /^(reconnecting|interrupted)$/.test(state);

export function noteOf(call: Call, words: Words): string {
  const peer = call.peers[0];
  switch (call.state) {
    case 'requesting-mic': return words.requestingMicHint;
    case 'queued': return waitOf(call, words);
    case 'reconnecting': return words.reconnectingHint;
    case 'connected': return peer === undefined ? '' : say(words, 'joined', { name: peer.name });
    default: return '';
  }
}
