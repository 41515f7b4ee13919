'use client';
// announcer.tsx — says to screen readers what changed: calm news politely, urgent news at once.

import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { durationOf } from '@offhook/core';
import type { Call } from '@offhook/core';
import { say, speakDuration, statusOf, waitOf } from '@offhook/core/words';
import type { Words } from '@offhook/core/words';
import { errorOf, nameOf } from './call-words';
import { useScope } from './scope';

interface News {
  readonly text: string;
  readonly urgent: boolean;
}

/** What a live region says; `turn` makes the same words news again. */
interface Said {
  readonly text: string;
  readonly turn: number;
}
const NOTHING: Said = { text: '', turn: 0 };
const next = (text: string) => ({ turn }: Said): Said => ({ text, turn: turn + 1 });

const calm = (text: string): News => ({ text, urgent: false });
const urgent = (text: string): News => ({ text, urgent: true });

/** What to say when a call went from `before` to `now`; null: nothing. */
export function newsOf(before: Call, now: Call, words: Words): News | null {
  if (before.state !== now.state) return newsOfState(before, now, words);
  if (now.state === 'queued' && before.queue?.position !== now.queue?.position) return calm(queueNews(now, words));
  if (before.recording !== now.recording && now.state === 'connected') return recordingNews(now, words);
  const warning = now.warnings.find((one) => !before.warnings.includes(one));
  return warning === undefined ? null : calm(words.warnings[warning]);
}

function queueNews(call: Call, words: Words): string {
  const wait = waitOf(call, words);
  return wait === '' ? statusOf(call, words) : `${statusOf(call, words)}, ${wait}`;
}

function recordingNews({ recording }: Call, words: Words): News {
  switch (recording) {
    case 'on': return calm(words.said.recordingStarted);
    case 'paused': return calm(words.recordingPaused);
    case 'off': return calm(words.said.recordingStopped);
  }
}

function newsOfState(before: Call, now: Call, words: Words): News | null {
  switch (now.state) {
    case 'opening': return calm(words.said.calling);
    case 'priming': case 'requesting-mic': return calm(words.said.micWaiting);
    case 'checking': case 'connecting': case 'ringing': return calm(statusOf(now, words));
    case 'queued': return calm(queueNews(now, words));
    case 'connected':
      return before.state === 'reconnecting' || before.state === 'interrupted'
        ? calm(words.said.reconnected)
        : urgent(say(words, 'said.connected', { name: nameOf(now, words) }));
    case 'reconnecting': case 'interrupted': return urgent(statusOf(now, words));
    case 'ended': {
      const duration = durationOf(now, now.endedAt ?? 0);
      return urgent(duration === null ? statusOf(now, words) : say(words, 'said.ended', { duration: speakDuration(duration, words) }));
    }
    case 'missed': case 'failed': {
      if (now.error?.code === 'MIC_DENIED' || now.error?.code === 'MIC_DENIED_SYSTEM') return urgent(words.said.micBlocked);
      const { title, sentence } = errorOf(now, words);
      return urgent(`${title}. ${sentence}`);
    }
    case 'idle': case 'ending':
      return null;
  }
}

/** Progress through the queue is not read out more often than this. */
const QUEUE_GAP_MS = 30_000;

export function Announcer({ first }: { first: string }): ReactElement {
  const { handle, words } = useScope();
  const [polite, setPolite] = useState(NOTHING);
  const [loud, setLoud] = useState(NOTHING);
  useEffect(() => {
    // A live region speaks only when it changes after it was there: say the first word a moment later.
    const timer = setTimeout(() => { setPolite(next(first)); }, 50);
    return () => { clearTimeout(timer); };
  }, [first]);
  useEffect(() => {
    let before = handle.get();
    let queueSaid = -QUEUE_GAP_MS;
    return handle.subscribe(() => {
      const now = handle.get();
      const news = newsOf(before, now, words);
      const waiting = before.state === 'queued' && now.state === 'queued';
      before = now;
      if (news === null) return;
      if (now.state === 'queued') {
        const time = performance.now();
        if (waiting && time - queueSaid < QUEUE_GAP_MS) return;
        queueSaid = time;
      }
      if (news.urgent) setLoud(next(news.text));
      else setPolite(next(news.text));
    });
  }, [handle, words]);
  return (
    <>
      <div className="oh-visually-hidden" role="status" aria-live="polite"><span key={polite.turn}>{polite.text}</span></div>
      <div className="oh-visually-hidden" role="alert" aria-live="assertive"><span key={loud.turn}>{loud.text}</span></div>
    </>
  );
}
