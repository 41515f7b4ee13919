// announcer.ts — says to screen readers what changed: calm news politely, urgent news at once.

import { durationOf } from '@offhook/core';
import { errorWords, say, speakDuration, statusOf, waitOf } from '@offhook/core/words';
import type { Call } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import { node } from './nodes';
import { worstOf } from './notice';

export interface News {
  readonly text: string;
  readonly urgent: boolean;
}

const polite = (text: string): News => ({ text, urgent: false });
const urgent = (text: string): News => ({ text, urgent: true });

/** What to say when a call went from `before` to `now`; null: nothing. */
export function newsOf(before: Call, now: Call, words: Words): News | null {
  if (before.state !== now.state) return stateNews(before, now, words);
  if (before.recording !== now.recording) {
    if (now.recording === 'paused') return polite(words.recordingPaused);
    return polite(now.recording === 'on' ? words.said.recordingStarted : words.said.recordingStopped);
  }
  if (now.state === 'queued' && before.queue?.position !== now.queue?.position) return polite(queueNews(now, words));
  const fresh = worstOf(now.warnings.filter((warning) => !before.warnings.includes(warning)));
  return fresh === null ? null : polite(words.warnings[fresh]);
}

function queueNews(call: Call, words: Words): string {
  const [place, wait] = [statusOf(call, words), waitOf(call, words)];
  return wait === '' ? place : say(words, 'together', { first: place, second: wait });
}

function stateNews(before: Call, now: Call, words: Words): News | null {
  switch (now.state) {
    case 'connected':
      return before.state === 'reconnecting' || before.state === 'interrupted'
        ? polite(words.said.reconnected)
        : urgent(say(words, 'said.connected', { name: now.peers[0]?.name ?? words.them }));
    case 'reconnecting': case 'interrupted':
      return urgent(statusOf(now, words));
    case 'ended': {
      const duration = durationOf(now, now.endedAt ?? 0);
      return urgent(duration === null ? statusOf(now, words) : say(words, 'said.ended', { duration: speakDuration(duration, words) }));
    }
    case 'missed': case 'failed': {
      const code = now.error?.code ?? 'NO_ANSWER';
      const { title, sentence } = errorWords(words, code);
      return urgent(code.startsWith('MIC_DENIED') ? words.said.micBlocked : `${title}. ${sentence}`);
    }
    case 'requesting-mic': case 'priming':
      return polite(words.said.micWaiting);
    case 'queued':
      return polite(queueNews(now, words));
    case 'opening':
      return polite(words.said.calling);
    case 'connecting': case 'ringing':
      return polite(statusOf(now, words));
    case 'idle': case 'ending': case 'checking':
      return null;
  }
}

export interface Announcer {
  readonly node: HTMLElement;
  say(news: News): void;
}

const QUIET_MS = 50; // a live region speaks only when it changes after it was there

export function createAnnouncer(): Announcer {
  const calm = node('div', { role: 'status', 'aria-live': 'polite' });
  const loud = node('div', { role: 'alert', 'aria-live': 'assertive' });
  return {
    node: node('div', { class: 'said', part: 'live' }, calm, loud),
    say({ urgent: now, text }) { setTimeout(() => { (now ? loud : calm).replaceChildren(text); }, QUIET_MS); }, // also the same words again
  };
}
