'use client';
// outcome.tsx — how a call ended or why it did not happen, and always a next step.

import { useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { Check, Copy, MicOff, PhoneMissed, PhoneOff, TriangleAlert } from 'lucide-react';
import { durationOf, formatClock, formatDiagnostics } from '@offhook/core';
import type { Call } from '@offhook/core';
import { copyText } from '@offhook/core/copy';
import { say, statusOf } from '@offhook/core/words';
import type { Words } from '@offhook/core/words';
import { SignIn, Telephone } from './before';
import { errorOf } from './call-words';
import { useLeftOverFocus } from './focus';
import { useCall, useNow, useScope } from './scope';
import type { Session } from './session';
import { canSignIn } from './sign-in';

/** The reason is always said. */
function endingOf(call: Call, words: Words): string {
  switch (call.endReason) {
    case 'remote': return words.endedByThem;
    case 'limit': return words.errors.MAX_DURATION;
    case 'moved': return words.errors.DUPLICATE_IDENTITY;
    default: return words.endedByYou;
  }
}

export function Ended({ onStart }: { onStart: () => void }): ReactElement {
  const { handle, words } = useScope();
  const call = useCall(handle);
  const button = useLeftOverFocus<HTMLButtonElement>();
  const duration = durationOf(call, call.endedAt ?? 0);
  return (
    <div className="oh-outcome" data-oh-state={call.state}>
      <span className="oh-outcome-icon" aria-hidden="true"><PhoneOff size={26} /></span>
      <p className="oh-status" data-oh-state={call.state}>{statusOf(call, words)}</p>
      {duration !== null && <p className="oh-lasted">{formatClock(duration)}</p>}
      <p className="oh-note">{endingOf(call, words)}</p>
      <button ref={button} type="button" className="oh-primary" data-oh-autofocus="" onClick={onStart}>{words.start}</button>
      <CallId call={call} />
    </div>
  );
}

export function Missed({ onStart, tel }: { onStart: () => void; tel: string | undefined }): ReactElement {
  const { handle, words } = useScope();
  const call = useCall(handle);
  const button = useLeftOverFocus<HTMLButtonElement>();
  const { title, sentence } = errorOf(call, words);
  return (
    <div className="oh-outcome" data-oh-state="missed">
      <span className="oh-outcome-icon" aria-hidden="true"><PhoneMissed size={26} /></span>
      <p className="oh-status" data-oh-state="missed">{title}</p>
      <p className="oh-sentence">{sentence}</p>
      <button ref={button} type="button" className="oh-primary" data-oh-autofocus="" onClick={onStart}>{words.retry}</button>
      {tel !== undefined && <Telephone number={tel} />}
      <button type="button" className="oh-secondary" onClick={() => { handle.dismiss(); }}>{words.back}</button>
      <CallId call={call} />
    </div>
  );
}

export interface FailedProps {
  readonly onStart: () => void;
  readonly tel: string | undefined;
  /** Missing where VoiceCallInterface stands alone: the page itself signs in. */
  readonly session: Session | null;
}

export function Failed({ session, onStart, tel }: FailedProps): ReactElement | null {
  const { handle, words } = useScope();
  const call = useCall(handle);
  const [failedAt] = useState(() => Date.now());
  const button = useLeftOverFocus<HTMLButtonElement>();
  const wait = call.error?.retryAfter ?? 0;
  const now = useNow(wait > 0);
  if (call.error === null) return null;
  const { code } = call.error;
  const told = errorOf(call, words);
  const left = Math.max(0, Math.ceil(wait - (now - failedAt) / 1000));
  const microphone = code.startsWith('MIC_');
  const signsIn = code === 'AUTH_REQUIRED' && session !== null && canSignIn(session.props());
  return (
    <div className="oh-outcome" data-oh-state="failed" data-oh-code={code}>
      <span className="oh-outcome-icon oh-outcome-bad" aria-hidden="true">{microphone ? <MicOff size={26} /> : <TriangleAlert size={26} />}</span>
      <p className="oh-status" data-oh-state="failed">{told.title}</p>
      <p className="oh-sentence">{told.sentence}</p>
      {(code === 'MIC_DENIED' || code === 'MIC_DENIED_SYSTEM' || code === 'MIC_NOT_FOUND') && <p className="oh-live"><i aria-hidden="true" />{words.micGoesOn}</p>}
      {signsIn && <SignIn session={session} onDone={() => { handle.dismiss(); }} />}
      {told.retry && (
        <button
          ref={button} type="button" className={signsIn ? 'oh-secondary' : 'oh-primary'} data-oh-autofocus={signsIn ? undefined : ''}
          aria-disabled={left > 0} onClick={() => { if (left === 0) onStart(); }}
        >
          {left > 0 ? say(words, 'retryIn', { seconds: left }) : words.retry}
        </button>
      )}
      {tel !== undefined && <Telephone number={tel} />}
      <CopyButton text={() => formatDiagnostics(handle.diagnostics())}>{words.copyDetails}</CopyButton>
    </div>
  );
}

/** To be told to whoever helps: names this call to the people who run it. */
export function CallId({ call }: { call: Call }): ReactElement | null {
  const { words } = useScope();
  const id = call.credentials?.callId;
  if (id == null) return null;
  return (
    <p className="oh-call-id">
      <span>{words.callId}</span> <code>{id}</code>
      <CopyButton text={() => id} label={`${words.copy}: ${words.callId}`}>{words.copy}</CopyButton>
    </p>
  );
}

function CopyButton({ text, label, children }: { text: () => string; label?: string; children: ReactNode }): ReactElement {
  const { words } = useScope();
  const [copied, setCopied] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    const wanted = text();
    const done = await copyText(wanted);
    setCopied(done);
    setShown(done ? null : wanted);
  };
  return (
    <>
      <button type="button" className="oh-link" aria-label={copied ? undefined : label} onClick={() => { void copy(); }}>
        {copied ? <><Check size={14} aria-hidden="true" /> {words.copied}</> : <><Copy size={14} aria-hidden="true" /> {children}</>}
      </button>
      {shown !== null && <pre ref={selectText} className="oh-shown" tabIndex={0} dir="ltr">{shown}</pre>}
    </>
  );
}

/** Where the browser lets nothing be copied: it is there to be copied by hand. */
function selectText(shown: HTMLElement | null): void {
  if (shown !== null) getSelection()?.selectAllChildren(shown);
}
