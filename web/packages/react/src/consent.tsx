'use client';
// consent.tsx — what is asked about recording: what must be agreed to before the first call (remembered by the version of the
// text: a new text asks anew), or a choice before each.

import { useId } from 'react';
import type { ReactElement } from 'react';
import { ShieldCheck } from 'lucide-react';
import { say } from '@offhook/core/words';
import { agree, textOf } from './agreement';
import { useBorrowedFocus } from './focus';
import type { FloatingCallButtonProps } from './props';
import { useWords } from './scope';
import type { Session } from './session';
import { useStore } from './store';

export interface ConsentProps {
  readonly session: Session;
  readonly page: FloatingCallButtonProps;
  readonly onBack: () => void;
}

export function Consent({ session, page, onBack }: ConsentProps): ReactElement {
  const words = useWords();
  const settings = useStore(session.settings);
  const button = useBorrowedFocus<HTMLButtonElement>();
  const text = textOf(page, settings, words.locale);
  const name = page.name ?? (settings === null || settings.name === '' ? location.host : settings.name);
  return (
    <section className="oh-sheet oh-outcome" role="alertdialog" aria-label={words.consentTitle} aria-describedby="oh-consent-text">
      <span className="oh-outcome-icon" aria-hidden="true"><ShieldCheck size={26} /></span>
      <h3 className="oh-sheet-title">{words.consentTitle}</h3>
      <div className="oh-terms" id="oh-consent-text" tabIndex={0} role="group" aria-label={words.consentTitle}>
        <p dir="auto">{text ?? say(words, 'consentText', { name })}</p>
        {settings?.privacy.recording === true && <p>{words.consentRecorded}</p>}
      </div>
      <button
        ref={button} type="button" className="oh-primary"
        onClick={() => {
          agree(page, session);
          onBack();
          void session.start();
        }}
      >
        {words.agree}
      </button>
      <button type="button" className="oh-secondary" onClick={onBack}>{words.decline}</button>
    </section>
  );
}

/** Two answers, and either calls: nobody is recorded who has not said so. */
export function RecordingChoice({ session, page }: Omit<ConsentProps, 'onBack'>): ReactElement {
  const words = useWords();
  const settings = useStore(session.settings);
  const { recording } = useStore(session.choices);
  const name = useId();
  const answer = (value: boolean, label: string): ReactElement => (
    <label className="oh-answer">
      <input type="radio" name={name} checked={recording === value} onChange={() => { session.choose({ recording: value }); }} /> {label}
    </label>
  );
  return (
    <fieldset className="oh-answers">
      <legend dir="auto">{textOf(page, settings, words.locale) ?? words.consentRecorded}</legend>
      {answer(true, words.recordYes)}
      {answer(false, words.recordNo)}
    </fieldset>
  );
}
