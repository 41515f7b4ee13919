'use client';
// launcher.tsx — the closed button. Drawn in the first frame, so it knows nothing but its two words.

import type { ReactElement, ReactNode, Ref } from 'react';
import type { CallState } from '@offhook/core';
import type { LauncherState, Variant } from './props';

export interface LauncherProps {
  readonly launcher: LauncherState;
  readonly text: string;
  readonly variant: Variant;
  readonly disabled: boolean;
  readonly locale: string;
  /** Pressed, and the panel's code is still on its way. */
  readonly loading: boolean;
  readonly anchor: Ref<HTMLButtonElement>;
  /** What a running call says in place of the text. */
  readonly running: ReactNode;
}

export function Launcher({ launcher, text, locale, variant, disabled, loading, anchor, running }: LauncherProps): ReactElement {
  return (
    <button
      ref={anchor} className="oh-launcher" data-oh-state={launcher.state} data-oh-variant={variant} data-oh-loading={loading}
      lang={locale} disabled={disabled} {...launcher.props}
    >
      <LauncherIcon state={launcher.state} />
      <span className="oh-launcher-text">
        {running ?? <span className={variant === 'tiny' ? 'oh-visually-hidden' : undefined}>{text}</span>}
      </span>
    </button>
  );
}

const RESTING: readonly CallState[] = ['idle', 'ended', 'missed', 'failed'];

function LauncherIcon({ state }: { state: CallState }): ReactElement {
  return (
    <svg className="oh-launcher-icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      {RESTING.includes(state)
        ? <path d="M5.2 3.8h3l1.7 4.5-2 1.6a12.3 12.3 0 0 0 6.2 6.2l1.6-2 4.5 1.7v3a1.6 1.6 0 0 1-1.7 1.6A17.1 17.1 0 0 1 3.6 5.5 1.6 1.6 0 0 1 5.2 3.8Z" />
        : <path d="M4 10v4M8 6.5v11M12 4v16M16 7.5v9M20 10v4" />}
    </svg>
  );
}

export function Dismiss({ label, onDismiss }: { label: string; onDismiss: () => void }): ReactElement {
  return (
    <button type="button" className="oh-dismiss" aria-label={label} onClick={onDismiss}>
      <svg viewBox="0 0 24 24" width="14" height="14" aria-hidden="true" focusable="false"><path d="M6 6l12 12M18 6 6 18" /></svg>
    </button>
  );
}
