'use client';
// before.tsx — the panel before a call: who answers, what happens to the microphone, and one big button.

import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { LogIn, Mic, Phone, PhoneCall, ShieldCheck } from 'lucide-react';
import { presetFor } from '@offhook/core';
import { say } from '@offhook/core/words';
import { RecordingChoice } from './consent';
import type { FloatingCallButtonProps } from './props';
import { useWords } from './scope';
import type { Session } from './session';
import { isSignedOut, openClerk } from './sign-in';
import { useStore } from './store';

export interface BeforeProps {
  readonly session: Session;
  readonly page: FloatingCallButtonProps;
  /** Start was pressed, and what the site is set to is still on its way. */
  readonly waiting: boolean;
  readonly onStart: () => void;
  readonly onPrivacy: () => void;
}

export function Before({ session, page, waiting, onStart, onPrivacy }: BeforeProps): ReactElement {
  const words = useWords();
  const settings = useStore(session.settings);
  const greeting = settings === null ? null : (presetFor(settings, words.locale)?.greeting ?? settings.greeting);
  const tel = page.tel ?? settings?.tel;
  const signedOut = useSignedOut(settings?.auth === 'clerk');
  const paused = settings?.paused === true;
  const consent = page.consent ?? settings?.consent.mode;
  return (
    <div className="oh-before">
      <span className="oh-portrait oh-portrait-resting" aria-hidden="true">
        {page.avatar === undefined ? <PhoneCall size={30} /> : <img src={page.avatar} alt="" width={80} height={80} />}
      </span>
      <p className="oh-intro-title">{paused ? words.errors.SITE_PAUSED : words.introTitle}</p>
      <p className="oh-intro" dir="auto">{paused ? words.remedies.later : (greeting ?? words.intro)}</p>
      {!paused && consent === 'choice' && <RecordingChoice session={session} page={page} />}
      {!paused && (signedOut
        ? <SignIn session={session} onDone={() => undefined} />
        : (
          <button type="button" className="oh-primary" data-oh-autofocus="" aria-busy={waiting} onClick={onStart}>
            <Phone size={18} aria-hidden="true" /> {waiting ? words.opening : words.start}
          </button>
        ))}
      {tel != null && <Telephone number={tel} />}
      {consent === 'notice' && <p className="oh-small">{words.consentRecorded}</p>}
      <div className="oh-foot">
        <p className="oh-small"><Mic size={14} aria-hidden="true" /> {words.micPromise}</p>
        <button type="button" className="oh-link" onClick={onPrivacy}><ShieldCheck size={14} aria-hidden="true" /> {words.privacy}</button>
      </div>
    </div>
  );
}

/** A number to dial: works where calls from a browser do not. */
export function Telephone({ number }: { number: string }): ReactElement {
  const words = useWords();
  return (
    <a className="oh-secondary" href={`tel:${number.replace(/[^\d+*#,;]/g, '')}`}>
      <Phone size={16} aria-hidden="true" /> {say(words, 'phoneInstead', { number })}
    </a>
  );
}

export function SignIn({ session, onDone }: { session: Session; onDone: () => void }): ReactElement {
  const words = useWords();
  return (
    <button
      type="button" className="oh-primary" data-oh-autofocus=""
      onClick={() => {
        const { onSignInRequired } = session.props();
        if (onSignInRequired === undefined) openClerk(onDone);
        else onSignInRequired();
      }}
    >
      <LogIn size={18} aria-hidden="true" /> {words.signIn}
    </button>
  );
}

/** Clerk tells when somebody has signed in: the button is then the call's. */
function useSignedOut(asks: boolean): boolean {
  const [signedOut, setSignedOut] = useState(false);
  useEffect(() => {
    if (!asks) return;
    const look = (): void => { setSignedOut(isSignedOut()); };
    look();
    const timer = setInterval(look, 500);
    return () => { clearInterval(timer); };
  }, [asks]);
  return asks && signedOut;
}
