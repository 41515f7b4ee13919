'use client';
// announcer.tsx — says to screen readers what changed: calm news politely, urgent news at once.

import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { durationOf } from '@offhook/core';
import type { Call, CallHandle } from '@offhook/core';
import { en, speakDuration } from '@offhook/core/words';
import type { Labels } from './labels';
import { statusOf } from './call-view';

interface News {
  readonly text: string;
  readonly urgent: boolean;
}

/** What to say when a call went from `before` to `now`; null: nothing. */
export function newsOf(before: Call, now: Call, labels: Labels): News | null {
  if (before.state === now.state) return null;
  const name = now.peers[0]?.name ?? labels.them;
  switch (now.state) {
    case 'connected':
      return before.state === 'reconnecting'
        ? { text: labels.saidReconnected, urgent: false }
        : { text: labels.saidConnected(name), urgent: true };
    case 'reconnecting': case 'interrupted':
      return { text: statusOf(now, labels), urgent: true };
    case 'ended': {
      const duration = durationOf(now, now.endedAt ?? 0);
      return { text: labels.saidEnded(duration === null ? null : speakDuration(duration, en)), urgent: true };
    }
    case 'failed': case 'missed': {
      const words = now.error === null ? null : (labels.errors[now.error.code] ?? now.error.text);
      return words === null ? null : { text: `${words.title}. ${words.sentence} ${words.next}`, urgent: true };
    }
    case 'opening': case 'priming': case 'requesting-mic': case 'checking': case 'connecting': case 'ringing': case 'queued':
      return { text: statusOf(now, labels), urgent: false };
    case 'idle': case 'ending':
      return null;
  }
}

export function Announcer({ handle, labels, first }: { handle: CallHandle; labels: Labels; first: string }): ReactElement {
  const [polite, setPolite] = useState('');
  const [urgent, setUrgent] = useState('');
  useEffect(() => {
    // A live region speaks only when it changes after it was there: say the first word a moment later.
    const timer = setTimeout(() => { setPolite(first); }, 50);
    return () => { clearTimeout(timer); };
  }, [first]);
  useEffect(() => {
    let before = handle.get();
    return handle.subscribe(() => {
      const now = handle.get();
      const news = newsOf(before, now, labels);
      before = now;
      if (news === null) return;
      if (news.urgent) setUrgent(news.text);
      else setPolite(news.text);
    });
  }, [handle, labels]);
  return (
    <>
      <div className="oh-visually-hidden" role="status" aria-live="polite">{polite}</div>
      <div className="oh-visually-hidden" role="alert" aria-live="assertive">{urgent}</div>
    </>
  );
}
