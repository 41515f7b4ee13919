'use client';
// call-panel.tsx — the panel above the button: before, during and after a call. Its own chunk, without livekit-client.

import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, ReactNode, RefObject } from 'react';
import { LazyMotion, MotionConfig } from 'framer-motion';
import * as m from 'framer-motion/m';
import { isActive } from '@offhook/core';
import type { CallHandle, CallState } from '@offhook/core';
import { directionOf, withLabels } from '@offhook/core/words';
import { consentMode, hasAgreed } from './agreement';
import { Announcer } from './announcer';
import { Before } from './before';
import { CallButtons } from './call-buttons';
import { CallView } from './call-view';
import { Consent } from './consent';
import { Elsewhere } from './elsewhere';
import { keepInside } from './focus';
import { PanelHead } from './panel-head';
import { Ended, Failed, Missed } from './outcome';
import { Priming } from './priming';
import { Privacy } from './privacy';
import type { FloatingCallButtonProps } from './props';
import { ScopeProvider, useCallPart, usePhone } from './scope';
import type { Session } from './session';
import { Settings } from './settings';
import { onShortcut } from './shortcuts';
import { useStore } from './store';
import { useLatest } from './use-session';
import { useSheetScreen } from './use-sheet-screen';
import type * as VoiceModule from './voice-call-interface';

export { Pill, Running } from './pill';

let voice: typeof VoiceModule | null = null;
/** Not React.lazy: what could not be loaded it keeps for ever, and throws it into the page. */
async function loadVoice(): Promise<typeof VoiceModule | null> {
  try {
    voice = await import('./voice-call-interface');
  } catch { /* no line is opened without it either (session.ts), and that is told */ }
  return voice;
}
const loadMotion = (): Promise<typeof import('./motion-features').default> =>
  import('./motion-features').then((module) => module.default);

const PANEL_MOTION = { open: { opacity: 1, y: 0, scale: 1 }, shut: { opacity: 0, y: 16, scale: 0.97 } };
const SPRING = { type: 'spring', duration: 0.18, bounce: 0.15 } as const;

/** What lies over the panel's body. */
export type Sheet = 'settings' | 'privacy' | 'consent' | null;

export interface CallPanelProps {
  readonly id: string;
  readonly session: Session;
  readonly page: FloatingCallButtonProps;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** Gets the keyboard back when the panel closes; null inside: whatever had it before. */
  readonly launcher: RefObject<HTMLElement | null>;
}

export function CallPanel({ id, session, page, open, onOpenChange, launcher }: CallPanelProps): ReactElement {
  const { handle } = session;
  const words = withLabels(useStore(session.words), page.labels);
  const state = useCallPart(handle, (call) => call.state);
  const [sheet, setSheet] = useState<Sheet>(null);
  const [large, setLarge] = useState(false);
  // Not by the animation's own end: that of a panel closing would come late, and hide the one just opened again.
  const [gone, setGone] = useState(!open);
  if (open && gone) setGone(false);
  const panel = useRef<HTMLDivElement>(null);
  const modal = useSheetScreen() && (page.mode ?? 'floating') === 'floating';

  useEffect(() => {
    if (!open) return;
    session.note('open', { variant: page.mode ?? 'floating' });
    // The sound code is large: fetch it while the person is still reading.
    void loadVoice();
    if (page.mode === 'inline') return;
    const before = launcher.current ?? document.activeElement;
    const own = panel.current;
    own?.querySelector<HTMLElement>('[data-oh-autofocus]:not(:disabled)')?.focus({ preventScroll: true });
    return () => {
      const active = document.activeElement;
      // The person may be somewhere else by now: leave them there.
      const lost = active === null || active === document.body || own?.contains(active) === true;
      if (lost && before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [open, page.mode, session, launcher]);

  const close = (): void => {
    session.note('close', { state: handle.get().state });
    setSheet(null);
    onOpenChange(false);
    if (!isActive(handle.get().state)) handle.dismiss();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (modal) keepInside(event);
    if (event.defaultPrevented) return;
    if (event.key === 'Escape' && page.mode !== 'inline') {
      event.preventDefault();
      if (sheet === null) close();
      else setSheet(null);
    } else if ((page.shortcuts ?? true) && session.choices.get().shortcuts) {
      onShortcut(event, handle, event.type === 'keydown');
    }
  };
  const shown = useLatest(open);
  const [waiting, setWaiting] = useState(false);
  const start = async (): Promise<void> => {
    if (waiting) return;
    setWaiting(true);
    await session.known(); // whether anything has to be asked first
    setWaiting(false);
    if (!shown.current) return; // closed meanwhile
    if (consentMode(page, session) === 'required' && !hasAgreed(page, session)) setSheet('consent');
    else await session.start();
  };

  return (
    <ScopeProvider handle={handle} words={words}>
      <LazyMotion features={loadMotion} strict>
        <MotionConfig reducedMotion="user" transition={SPRING}>
          {modal && open && <div className="oh-backdrop" onClick={close} />}
          <m.div
            ref={panel} id={id} className="oh-panel" role={page.mode === 'inline' ? 'group' : 'dialog'} aria-label={words.panel}
            aria-modal={modal && open ? true : undefined} aria-hidden={!open} data-oh-state={state} data-oh-open={open} data-oh-large={large}
            lang={words.locale} dir={directionOf(words.locale)} tabIndex={-1}
            initial={false} animate={open ? 'open' : 'shut'} variants={PANEL_MOTION} style={{ display: gone ? 'none' : 'flex' }}
            onAnimationComplete={(which) => { if (which === 'shut' && !open) setGone(true); }} onKeyDown={onKeyDown} onKeyUp={onKeyDown}
          >
            <PanelHead
              session={session} page={page} large={large} sheet={sheet} onSheet={setSheet} onClose={close}
              onLarge={page.expandable === true ? () => { setLarge(!large); } : undefined}
            />
            {sheet !== null && <Over sheet={sheet} page={page} session={session} onSheet={setSheet} />}
            <div className="oh-body-frame" hidden={sheet !== null}>
              <Body session={session} page={page} state={state} onSheet={setSheet} waiting={waiting} onStart={() => { void start(); }} />
            </div>
          </m.div>
        </MotionConfig>
        <Announcer first={open && page.mode !== 'inline' ? words.said.opened : ''} />
      </LazyMotion>
    </ScopeProvider>
  );
}

interface PartProps {
  readonly session: Session;
  readonly page: FloatingCallButtonProps;
  readonly onSheet: (sheet: Sheet) => void;
}

function Over({ sheet, page, session, onSheet }: PartProps & { sheet: Exclude<Sheet, null> }): ReactElement {
  const back = (): void => { onSheet(null); };
  switch (sheet) {
    case 'settings': return <Settings session={session} page={page} onPrivacy={() => { onSheet('privacy'); }} onBack={back} />;
    case 'privacy': return <Privacy session={session} onBack={back} />;
    case 'consent': return <Consent session={session} page={page} onBack={back} />;
  }
}

/** Views that look alike share a key, so that only real changes are animated. */
function viewOf(state: CallState): 'before' | 'priming' | 'call' | 'ended' | 'missed' | 'failed' {
  switch (state) {
    case 'idle': return 'before';
    case 'priming': case 'ended': case 'missed': case 'failed': return state;
    default: return 'call';
  }
}

interface BodyProps extends PartProps {
  readonly state: CallState;
  readonly waiting: boolean;
  readonly onStart: () => void;
}

function Body({ session, page, state, onSheet, waiting, onStart }: BodyProps): ReactElement {
  const { handle } = session;
  const elsewhere = useCallPart(handle, (call) => call.elsewhere);
  const attempt = useCallPart(handle, (call) => call.attempt);
  const view = elsewhere && !isActive(state) ? 'elsewhere' : viewOf(state);
  const more = (): void => { onSheet('settings'); };
  const parts: Readonly<Record<typeof view, () => ReactNode>> = {
    elsewhere: () => <Elsewhere />,
    before: () => <Before session={session} page={page} waiting={waiting} onStart={onStart} onPrivacy={() => { onSheet('privacy'); }} />,
    priming: () => <Priming />,
    call: () => <Voice handle={handle} avatar={page.avatar} onMore={more} />,
    ended: () => <Ended onStart={onStart} />,
    missed: () => <Missed onStart={onStart} tel={telOf(page, session)} />,
    failed: () => <Failed key={attempt} session={session} onStart={onStart} tel={telOf(page, session)} />,
  };
  return (
    <m.div key={view} className="oh-body" initial={{ opacity: 0 }} animate={{ opacity: 1 }}>
      {parts[view]()}
    </m.div>
  );
}

interface VoiceProps {
  readonly handle: CallHandle;
  readonly avatar: string | undefined;
  readonly onMore: () => void;
}

function Voice({ handle, avatar, onMore }: VoiceProps): ReactElement {
  const [loaded, setLoaded] = useState(voice);
  const phone = usePhone(handle);
  useEffect(() => {
    if (loaded === null) void loadVoice().then(setLoaded);
  }, [loaded, phone]);
  if (loaded === null) return <CallView avatar={avatar}><CallButtons onMore={onMore} /></CallView>;
  return <loaded.VoiceCallInterface call={handle} avatar={avatar} onMore={onMore} />;
}

function telOf(page: FloatingCallButtonProps, session: Session): string | undefined {
  return page.tel ?? session.settings.get()?.tel ?? undefined;
}
