// announcer.ts — says to screen readers what changed: calm news politely, urgent news at once.

import { durationOf } from '@offhook/core';
import { errorWords, say, speakDuration } from '@offhook/core/words';
import type { Call } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import { node, setText } from './nodes';
import { statusOf } from './status';

export interface News {
  readonly text: string;
  readonly urgent: boolean;
}

/** What to say when a call went from `before` to `now`; null: nothing. */
export function newsOf(before: Call, now: Call, words: Words): News | null {
  if (before.state === now.state) return null;
  const name = now.peers[0]?.name ?? words.them;
  switch (now.state) {
    case 'connected':
      return before.state === 'reconnecting'
        ? { text: words.said.reconnected, urgent: false }
        : { text: say(words, 'said.connected', { name }), urgent: true };
    case 'reconnecting': case 'interrupted':
      return { text: statusOf(now, words), urgent: true };
    case 'ended': {
      const duration = durationOf(now, now.endedAt ?? 0);
      return { text: duration === null ? words.ended : say(words, 'said.ended', { duration: speakDuration(duration, words) }), urgent: true };
    }
    case 'missed': case 'failed': {
      if (now.error === null) return null;
      const { title, sentence } = errorWords(words, now.error.code);
      return { text: now.error.code.startsWith('MIC_DENIED') ? words.said.micBlocked : `${title}. ${sentence}`, urgent: true };
    }
    case 'priming': case 'requesting-mic':
      return { text: words.said.micWaiting, urgent: false };
    case 'opening': case 'checking': case 'connecting': case 'ringing': case 'queued':
      return { text: statusOf(now, words), urgent: false };
    case 'idle': case 'ending':
      return null;
  }
}

export interface Announcer {
  readonly node: HTMLElement;
  say(news: News): void;
}

export function createAnnouncer(): Announcer {
  const polite = node('div', { role: 'status', 'aria-live': 'polite' });
  const urgent = node('div', { role: 'alert', 'aria-live': 'assertive' });
  return {
    node: node('div', { class: 'said', part: 'live' }, polite, urgent),
    say(news) {
      // A live region speaks only when it changes after it was there: say the word a moment later.
      setTimeout(() => { setText(news.urgent ? urgent : polite, news.text); }, 50);
    },
  };
}
