// call-words.ts — what is said of a call's error, and of who is in it.

import type { Call } from '@offhook/core';
import { errorWords, micPlaceOf } from '@offhook/core/words';
import type { ErrorWords, Words } from '@offhook/core/words';

export function errorOf(call: Call, words: Words): ErrorWords {
  const code = call.error?.code ?? 'INTERNAL';
  return errorWords(words, code, micPlaceOf(navigator.userAgent, code === 'MIC_DENIED_SYSTEM'));
}

export function nameOf(call: Call, words: Words): string {
  return call.peers[0]?.name ?? words.them;
}
