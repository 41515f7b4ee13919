// status.ts — the one line that says how the call stands, and the smaller line below it.

import { errorWords, say } from '@offhook/core/words';
import type { Call } from '@offhook/core';
import type { Words } from '@offhook/core/words';

export function statusOf(call: Call, words: Words): string {
  switch (call.state) {
    case 'idle': return words.introTitle;
    case 'opening': return words.opening;
    case 'requesting-mic': return words.requestingMic;
    case 'connecting': return words.connecting;
    case 'ringing': return call.peerLeft ? words.ringingAgain : words.ringing;
    case 'connected': return words.connected;
    case 'reconnecting': return words.reconnecting;
    case 'ending': return words.ending;
    case 'ended': return call.endReason === 'cancelled' ? words.cancelled : words.ended;
    case 'failed': return call.error === null ? words.ended : errorWords(words, call.error.code).title;
  }
}

export function noteOf(call: Call, words: Words): string {
  const peer = call.peers[0];
  switch (call.state) {
    case 'requesting-mic': return words.requestingMicHint;
    case 'reconnecting': return words.reconnectingHint;
    case 'connected': return peer === undefined ? '' : say(words, 'joined', { name: peer.name });
    default: return '';
  }
}
