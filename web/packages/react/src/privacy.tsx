'use client';
// privacy.tsx — what this button sends, said from the server's real settings.

import type { ReactElement } from 'react';
import { ShieldCheck } from 'lucide-react';
import type { VoiceConfig } from '@offhook/core';
import { say } from '@offhook/core/words';
import type { Words } from '@offhook/core/words';
import { useBorrowedFocus } from './focus';
import { useWords } from './scope';
import type { Session } from './session';
import { useStore } from './store';

/** The server calls go to, as far as the page knows it before a call. */
function hostOf(session: Session): string {
  const told = session.settings.get()?.privacy.host;
  if (typeof told === 'string' && told !== '') return told;
  return new URL(session.props().voiceApiUrl ?? '/', location.href).host;
}

export function linesOf(words: Words, settings: VoiceConfig | null, host: string): readonly string[] {
  const sheet = words.privacySheet;
  const privacy = settings?.privacy ?? {};
  const days = Number(privacy.eventDays);
  return [
    sheet.sound,
    say(words, 'privacySheet.server', { host }),
    sheet.address,
    sheet.page,
    ...(settings !== null && settings.auth !== 'anonymous' ? [sheet.user] : []),
    ...(Number.isFinite(days) && days > 0 ? [say(words, 'privacySheet.events', { count: days })] : []),
    sheet.tab,
    ...(privacy.recording === undefined ? [] : [privacy.recording === false ? sheet.unrecorded : sheet.recorded]),
  ];
}

export function Privacy({ session, onBack }: { session: Session; onBack: () => void }): ReactElement {
  const words = useWords();
  const settings = useStore(session.settings);
  const title = useBorrowedFocus<HTMLHeadingElement>();
  return (
    <section className="oh-sheet" aria-label={words.privacy}>
      <h3 className="oh-sheet-title" ref={title} tabIndex={-1}><ShieldCheck size={18} aria-hidden="true" /> {words.privacy}</h3>
      <ul className="oh-privacy">{linesOf(words, settings, hostOf(session)).map((line) => <li key={line}>{line}</li>)}</ul>
      <button type="button" className="oh-secondary" onClick={onBack}>{words.back}</button>
    </section>
  );
}
