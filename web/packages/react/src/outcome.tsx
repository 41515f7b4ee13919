'use client';
// outcome.tsx — how a call ended or why it did not happen, and always a next step.

import { useEffect, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { Check, PhoneOff, TriangleAlert } from 'lucide-react';
import { durationOf, formatClock } from '@offhook/core';
import type { Call, CallError, CallHandle } from '@offhook/core';
import type { Labels } from './labels';
import { statusOf } from './call-view';
import { useCall, useNow } from './use-call';

/** For a support ticket: codes and times, nothing about the person. */
export function detailsOf(call: Call, error: CallError): string {
  return [
    `offhook call error ${error.code}`,
    error.status === undefined ? '' : `status ${String(error.status)}`,
    error.detail === undefined ? '' : `detail ${error.detail}`,
    call.credentials?.callId == null ? '' : `call ${call.credentials.callId}`,
    `time ${new Date().toISOString()}`,
    `browser ${navigator.userAgent}`,
  ].filter((line) => line !== '').join('\n');
}

/** Takes the focus if the control that had it is gone. */
function useFocusLeftOver(): React.RefObject<HTMLButtonElement | null> {
  const ref = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const active = document.activeElement;
    if (active === null || active === document.body) ref.current?.focus({ preventScroll: true });
  }, []);
  return ref;
}

export function Ended({ handle, labels }: { handle: CallHandle; labels: Labels }): ReactElement {
  const call = useCall(handle);
  const button = useFocusLeftOver();
  const duration = durationOf(call, call.endedAt ?? 0);
  return (
    <div className="oh-outcome" data-oh-state={call.state}>
      <span className="oh-outcome-icon" aria-hidden="true"><PhoneOff size={26} /></span>
      <p className="oh-status" data-oh-state={call.state}>{statusOf(call, labels)}</p>
      {duration !== null && <p className="oh-lasted">{formatClock(duration)}</p>}
      <p className="oh-note">{call.endReason === 'remote' ? labels.endedByThem : labels.endedByYou}</p>
      <button ref={button} type="button" className="oh-primary" data-oh-autofocus="" onClick={() => { handle.start(); }}>
        {labels.start}
      </button>
    </div>
  );
}

function CopyDetails({ text, labels }: { text: () => string; labels: Labels }): ReactElement {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button" className="oh-link"
      onClick={() => {
        void navigator.clipboard.writeText(text()).then(() => { setCopied(true); }, () => undefined);
      }}
    >
      {copied ? <><Check size={14} aria-hidden="true" /> {labels.copied}</> : labels.copyDetails}
    </button>
  );
}

export function Failed({ handle, labels }: { handle: CallHandle; labels: Labels }): ReactElement | null {
  const call = useCall(handle);
  const [failedAt] = useState(() => Date.now());
  const button = useFocusLeftOver();
  const wait = call.error?.retryAfter ?? 0;
  const now = useNow(wait > 0);
  if (call.error === null) return null;
  const words = labels.errors[call.error.code] ?? call.error.text;
  const left = Math.max(0, Math.ceil(wait - (now - failedAt) / 1000));
  const { error } = call;
  return (
    <div className="oh-outcome" data-oh-state="failed" data-oh-code={error.code}>
      <span className="oh-outcome-icon oh-outcome-bad" aria-hidden="true"><TriangleAlert size={26} /></span>
      <p className="oh-status" data-oh-state="failed">{words.title}</p>
      <p className="oh-sentence">{words.sentence}</p>
      <p className="oh-next">{words.next}</p>
      {words.retry && (
        <button
          ref={button} type="button" className="oh-primary" data-oh-autofocus="" aria-disabled={left > 0}
          onClick={() => { if (left === 0) handle.start(); }}
        >
          {left > 0 ? labels.retryIn(left) : labels.retry}
        </button>
      )}
      <CopyDetails text={() => detailsOf(call, error)} labels={labels} />
    </div>
  );
}
