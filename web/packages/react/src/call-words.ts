// call-words.ts — what a call's state is called: the line under the name, the hint below, a spoken duration.

import type { Call } from '@offhook/core';
import { errorWords, micPlaceOf, say } from '@offhook/core/words';
import type { ErrorWords, Words } from '@offhook/core/words';

export function statusOf(call: Call, words: Words): string {
  switch (call.state) {
    case 'idle': return words.introTitle;
    case 'opening': return call.resumed ? words.resuming : words.opening;
    case 'priming': return words.primeTitle;
    case 'requesting-mic': return words.requestingMic;
    case 'checking': return words.checking;
    case 'connecting': return words.connecting;
    case 'ringing': return call.peerLeft ? words.ringingAgain : words.ringing;
    case 'queued': return call.queue === null || call.queue.position <= 1 ? words.queueNext : say(words, 'queuePlace', { place: call.queue.position });
    case 'connected': return words.connected;
    case 'reconnecting': return words.reconnecting;
    case 'interrupted': return words.interrupted;
    case 'ending': return words.ending;
    case 'ended': return call.endReason === 'cancelled' ? words.cancelled : words.ended;
    case 'missed': return words.errors.NO_ANSWER;
    case 'failed': return call.error === null ? words.ended : errorOf(call, words).title;
  }
}

/** Longer waits are told in whole minutes, rounded up: better early than late. */
export function waitOf(call: Call, words: Words): string {
  const seconds = call.queue?.etaSeconds;
  return seconds == null ? '' : say(words, 'queueWait', { count: Math.max(1, Math.ceil(seconds / 60)) });
}

export function errorOf(call: Call, words: Words): ErrorWords {
  const code = call.error?.code ?? 'INTERNAL';
  return errorWords(words, code, micPlaceOf(navigator.userAgent, code === 'MIC_DENIED_SYSTEM'));
}

export function nameOf(call: Call, words: Words): string {
  return call.peers[0]?.name ?? words.them;
}
