'use client';
// floating-call-button.tsx — the button in the corner. Small on purpose: the panel, and after it the sound code, load on
// first intent.

import { Component, Suspense, lazy, useEffect, useId, useRef, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { CallError, createCall, createTokenClient, durationOf, formatClock, isActive } from '@offhook/core';
import type { CallHandle, CallState, OpenPhone, TokenRequest } from '@offhook/core';
import { ENGLISH } from './labels';
import type { Labels } from './labels';
import { logCallError, useCall, useCallCallbacks, useLatest, useNow } from './use-call';
import type * as PanelModule from './call-panel';

const loadPanel = (): Promise<typeof PanelModule> => import('./call-panel');
const CallPanel = lazy(async () => ({ default: (await loadPanel()).CallPanel }));

const openLiveKitPhone: OpenPhone = async (report) => {
  try {
    return (await import('./line')).openLine(report);
  } catch (cause) {
    throw new CallError(navigator.onLine ? 'SIGNAL_FAILED' : 'NET_OFFLINE', { detail: 'the call code could not be loaded', cause });
  }
};

export interface FloatingCallButtonProps {
  readonly voiceApiUrl?: string;
  /** Sent with the token request; the server treats all of it as a wish. */
  readonly participantName?: string;
  readonly invite?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly metadata?: string;
  /** Your user's session token (Clerk: `() => getToken()`), sent as `Authorization: Bearer …`. */
  readonly getAuthToken?: () => Promise<string | null | undefined> | string | null | undefined;
  readonly theme?: 'auto' | 'light' | 'dark';
  readonly labels?: Partial<Labels>;
  readonly defaultOpen?: boolean;
  readonly open?: boolean;
  readonly onOpenChange?: (open: boolean) => void;
  readonly className?: string;
  readonly onStateChange?: (state: CallState) => void;
  readonly onConnected?: () => void;
  readonly onDisconnect?: () => void;
  readonly onError?: (error: CallError) => void;
  /** Another way to carry the sound; default: LiveKit. For tests and stories. */
  readonly openPhone?: OpenPhone;
}

export function FloatingCallButton(props: FloatingCallButtonProps): ReactElement {
  const { theme = 'auto', className = '' } = props;
  const labels: Labels = { ...ENGLISH, ...props.labels };
  const latest = useLatest(props);
  const [handle] = useState(() => newCall(latest));
  const call = useCall(handle);
  useCallCallbacks(handle, props);

  const [ownOpen, setOwnOpen] = useState(props.defaultOpen ?? false);
  const open = props.open ?? ownOpen;
  const [wasOpen, setWasOpen] = useState(open);
  if (open && !wasOpen) setWasOpen(true);
  const panelId = useId();
  const launcher = useRef<HTMLButtonElement>(null);

  useEffect(() => () => { handle.hangUp(); }, [handle]);

  const setOpen = (next: boolean): void => {
    setOwnOpen(next);
    props.onOpenChange?.(next);
    if (next) return;
    if (!isActive(handle.get().state)) handle.dismiss();
    launcher.current?.focus({ preventScroll: true });
  };
  const prefetch = (): void => { void loadPanel().catch(() => undefined); };

  return (
    <div className={`oh-root oh-floating ${className}`.trim()} data-oh-theme={theme} data-oh-state={call.state} data-oh-open={open}>
      {wasOpen && (
        <LoadGuard labels={labels}>
          <Suspense fallback={null}>
            <CallPanel id={panelId} handle={handle} labels={labels} open={open} onClose={() => { setOpen(false); }} />
          </Suspense>
        </LoadGuard>
      )}
      <button
        ref={launcher} type="button" className="oh-launcher" data-oh-state={call.state}
        aria-expanded={open} aria-haspopup="dialog" aria-controls={wasOpen ? panelId : undefined}
        onPointerEnter={prefetch} onFocus={prefetch} onTouchStart={prefetch}
        onClick={() => { setOpen(!open); }}
      >
        <LauncherIcon active={isActive(call.state)} />
        <LauncherText handle={handle} labels={labels} />
      </button>
    </div>
  );
}

function newCall(latest: { readonly current: FloatingCallButtonProps }): CallHandle {
  return createCall({
    getCredentials: (signal) => {
      const { voiceApiUrl, getAuthToken } = latest.current;
      return createTokenClient({ url: voiceApiUrl, getAuthToken }, requestOf(latest.current))(signal);
    },
    openPhone: (report) => (latest.current.openPhone ?? openLiveKitPhone)(report),
    onError: (error, during) => {
      logCallError(error, during);
      latest.current.onError?.(error);
    },
  });
}

/** Only what was given: absent fields vanish in JSON. */
function requestOf({ participantName, invite, attributes, metadata }: FloatingCallButtonProps): TokenRequest {
  return { participantName, invite, attributes, metadata };
}

/** "Talk to us", and during a call also how long it has been going on. */
function LauncherText({ handle, labels }: { handle: CallHandle; labels: Labels }): ReactElement {
  const call = useCall(handle);
  const running = isActive(call.state) && call.connectedAt !== null;
  const now = useNow(running);
  const duration = running ? durationOf(call, now) : null;
  return (
    <span className="oh-launcher-text">
      <span className={duration === null ? undefined : 'oh-visually-hidden'}>{labels.launcher}</span>
      {duration !== null && <span className="oh-launcher-clock" aria-hidden="true">{formatClock(duration)}</span>}
    </span>
  );
}

function LauncherIcon({ active }: { active: boolean }): ReactElement {
  return (
    <svg className="oh-launcher-icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      {active
        ? <path d="M4 10v4M8 6.5v11M12 4v16M16 7.5v9M20 10v4" />
        : <path d="M5.2 3.8h3l1.7 4.5-2 1.6a12.3 12.3 0 0 0 6.2 6.2l1.6-2 4.5 1.7v3a1.6 1.6 0 0 1-1.7 1.6A17.1 17.1 0 0 1 3.6 5.5 1.6 1.6 0 0 1 5.2 3.8Z" />}
    </svg>
  );
}

/** When a chunk cannot be loaded (new release, lost connection), say so instead of taking the page down. */
class LoadGuard extends Component<{ labels: Labels; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidCatch(error: unknown): void {
    console.error('Failed to start call:', error);
  }

  override render(): ReactNode {
    const { labels, children } = this.props;
    if (!this.state.failed) return children;
    return (
      <div className="oh-panel" role="alert" data-oh-state="failed" data-oh-open="true">
        <p className="oh-sentence">{labels.loadFailed}</p>
        <button type="button" className="oh-primary" onClick={() => { location.reload(); }}>{labels.reload}</button>
      </div>
    );
  }
}
