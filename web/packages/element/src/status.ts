// status.ts — the one line that says how the call stands, and the smaller line below it.

import { errorWords, say } from '@offhook/core/words';
import type { Call } from '@offhook/core';
import type { Words } from '@offhook/core/words';

/** A call that is there, but not to be heard right now. */
export const isInTrouble = (state: string): boolean => /^(reconnecting|interrupted)$/.test(state);

export function statusOf(call: Call, words: Words): string {
  switch (call.state) {
    case 'idle': return words.introTitle;
    case 'opening': return call.resumed ? words.resuming : words.opening;
    case 'priming': return call.resumed ? words.resumeTitle : words.primeTitle;
    case 'requesting-mic': return words.requestingMic;
    case 'checking': return words.checking;
    case 'connecting': return call.resumed ? words.resuming : words.connecting;
    case 'ringing': return call.peerLeft ? words.ringingAgain : words.ringing;
    case 'queued': return placeOf(call, words);
    case 'connected': return words.connected;
    case 'reconnecting': return words.reconnecting;
    case 'interrupted': return words.interrupted;
    case 'ending': return words.ending;
    case 'ended': return call.endReason === 'cancelled' ? words.cancelled : words.ended;
    case 'missed': return words.errors.NO_ANSWER;
    case 'failed': return call.error === null ? words.ended : errorWords(words, call.error.code).title;
  }
}

function placeOf(call: Call, words: Words): string {
  const place = call.queue?.position ?? 1;
  return place <= 1 ? words.queueNext : say(words, 'queuePlace', { place });
}

/** "about 4 minutes"; '' when nobody knows. */
export function waitOf(call: Call, words: Words): string {
  const seconds = call.queue?.etaSeconds ?? null;
  return seconds === null ? '' : say(words, 'queueWait', { count: Math.max(1, Math.ceil(seconds / 60)) });
}

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
