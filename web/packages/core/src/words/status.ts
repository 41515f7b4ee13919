// status.ts — the one line that says how a call stands, and how long one waits.

import type { Call } from '../machine';
import { errorWords } from './error-words';
import { say } from './words';
import type { Words } from './words';

export function statusOf(call: Call, words: Words): string {
  switch (call.state) {
    case 'idle': return words.introTitle;
    case 'opening': case 'connecting': return call.resumed ? words.resuming : words[call.state];
    case 'priming': return call.resumed ? words.resumeTitle : words.primeTitle;
    case 'requesting-mic': return words.requestingMic;
    case 'ringing': return call.peerLeft ? words.ringingAgain : words.ringing;
    case 'queued': return placeOf(call, words);
    case 'checking': case 'connected': case 'reconnecting': case 'interrupted': case 'ending': return words[call.state];
    case 'ended': return call.endReason === 'cancelled' ? words.cancelled : words.ended;
    case 'missed': return words.errors.NO_ANSWER;
    case 'failed': return call.error === null ? words.ended : errorWords(words, call.error.code).title;
  }
}

function placeOf(call: Call, words: Words): string {
  const place = call.queue?.position ?? 1;
  return place <= 1 ? words.queueNext : say(words, 'queuePlace', { place });
}

/** "about 4 minutes", rounded up: better early than late; '' when nobody knows. */
export function waitOf(call: Call, words: Words): string {
  const seconds = call.queue?.etaSeconds ?? null;
  return seconds === null ? '' : say(words, 'queueWait', { count: Math.max(1, Math.ceil(seconds / 60)) });
}
