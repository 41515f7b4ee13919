'use client';
// priming.tsx — before the browser asks for the microphone: its own <microphone> element where it has one, and our button.

import { useEffect, useRef } from 'react';
import type { ReactElement } from 'react';
import { Mic } from 'lucide-react';
import { permissionElement } from '@offhook/core';
import { useLeftOverFocus } from './focus';
import { useScope } from './scope';

export function Priming(): ReactElement {
  const { handle, words } = useScope();
  const button = useLeftOverFocus<HTMLButtonElement>();
  const element = permissionElement();
  return (
    <div className="oh-outcome oh-priming" data-oh-state="priming">
      <div className="oh-prompt-picture" aria-hidden="true"><i /><i /><span><Mic size={18} /></span></div>
      <p className="oh-status" data-oh-state="priming">{words.primeTitle}</p>
      <p className="oh-sentence">{words.requestingMicHint}</p>
      {element !== null && <PermissionElement tag={element} />}
      <button
        ref={button} type="button" className={element === null ? 'oh-primary' : 'oh-secondary'} data-oh-autofocus=""
        onClick={() => { handle.allowMicrophone(); }}
      >
        <Mic size={18} aria-hidden="true" /> {words.primeTitle}
      </button>
      <button type="button" className="oh-link" onClick={() => { handle.hangUp(); }}>{words.end}</button>
    </div>
  );
}

/** The browser draws this one itself and tells when the person has answered. */
function PermissionElement({ tag }: { tag: 'microphone' | 'usermedia' }): ReactElement {
  const { handle } = useScope();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const answered = (): void => { handle.allowMicrophone(); };
    element.addEventListener('promptaction', answered);
    return () => { element.removeEventListener('promptaction', answered); };
  }, [handle]);
  const Tag = tag as 'div'; // React's types do not know it yet
  return <Tag ref={host} className="oh-permission" {...(tag === 'usermedia' ? { type: 'microphone' } : {})} />;
}
