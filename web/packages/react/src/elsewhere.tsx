'use client';
// elsewhere.tsx — one call per browser: another tab has it, and this one may take it over.

import type { ReactElement } from 'react';
import { ArrowLeftRight } from 'lucide-react';
import { useLeftOverFocus } from './focus';
import { useScope } from './scope';

export function Elsewhere(): ReactElement {
  const { handle, words } = useScope();
  const button = useLeftOverFocus<HTMLButtonElement>();
  return (
    <div className="oh-outcome" data-oh-view="elsewhere">
      <span className="oh-outcome-icon" aria-hidden="true"><ArrowLeftRight size={26} /></span>
      <p className="oh-status">{words.elsewhere}</p>
      <button ref={button} type="button" className="oh-primary" data-oh-autofocus="" onClick={() => { void handle.takeOver(); }}>
        {words.takeOver}
      </button>
    </div>
  );
}
