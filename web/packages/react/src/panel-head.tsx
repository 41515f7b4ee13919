'use client';
// panel-head.tsx — the panel's first line: who this is, settings, larger, close.

import type { ReactElement } from 'react';
import { ArrowLeft, ChevronDown, Maximize2, Minimize2, Phone, Settings2, X } from 'lucide-react';
import { isActive } from '@offhook/core';
import type { Sheet } from './call-panel';
import type { FloatingCallButtonProps } from './props';
import { usePart, useWords } from './scope';
import type { Session } from './session';
import { useStore } from './store';

export interface PanelHeadProps {
  readonly session: Session;
  readonly page: FloatingCallButtonProps;
  readonly sheet: Sheet;
  readonly large: boolean;
  readonly onSheet: (sheet: Sheet) => void;
  readonly onClose: () => void;
  readonly onLarge: (() => void) | undefined;
}

export function PanelHead({ session, page, sheet, large, onSheet, onClose, onLarge }: PanelHeadProps): ReactElement {
  const words = useWords();
  const settings = useStore(session.settings);
  const active = usePart((call) => isActive(call.state));
  const logo = page.logo ?? settings?.theme.logo ?? undefined;
  const name = page.name ?? (settings === null || settings.name === '' ? words.panel : settings.name);
  return (
    <header className="oh-header">
      {sheet !== null && (
        <button type="button" className="oh-icon-button oh-flip" aria-label={words.back} onClick={() => { onSheet(null); }}><ArrowLeft size={20} /></button>
      )}
      <h2 className="oh-title">
        {logo === undefined ? <Phone size={16} aria-hidden="true" /> : <img src={logo} alt="" width={24} height={24} />}
        <span className="oh-title-text" dir="auto">{name}</span>
      </h2>
      {sheet === null && !active && (
        <button type="button" className="oh-icon-button" aria-label={words.settings} onClick={() => { onSheet('settings'); }}><Settings2 size={18} /></button>
      )}
      {onLarge !== undefined && (
        <button type="button" className="oh-icon-button" aria-label={words.enlarge} aria-pressed={large} onClick={onLarge}>
          {large ? <Minimize2 size={18} /> : <Maximize2 size={18} />}
        </button>
      )}
      {page.mode !== 'inline' && (
        <button type="button" className="oh-icon-button" aria-label={active ? words.minimise : words.close} onClick={onClose}>
          {active ? <ChevronDown size={20} /> : <X size={20} />}
        </button>
      )}
    </header>
  );
}
