'use client';
// call-panel.tsx — the panel above the button: before, during and after a call. Its own chunk, without livekit-client.

import { Suspense, lazy, useEffect, useRef } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import { LazyMotion, MotionConfig } from 'framer-motion';
import * as m from 'framer-motion/m';
import { ChevronDown, Mic, Phone, X } from 'lucide-react';
import { isActive } from '@offhook/core';
import type { CallHandle, CallState } from '@offhook/core';
import { Announcer } from './announcer';
import { CallButtons, CallView } from './call-view';
import type { Labels } from './labels';
import { Ended, Failed } from './outcome';
import { useCall } from './use-call';
import type * as VoiceModule from './voice-call-interface';

const loadVoice = (): Promise<typeof VoiceModule> => import('./voice-call-interface');
const VoiceCallInterface = lazy(async () => ({ default: (await loadVoice()).VoiceCallInterface }));
const loadMotion = (): Promise<typeof import('./motion-features').default> =>
  import('./motion-features').then((module) => module.default);

const PANEL_MOTION = {
  open: { opacity: 1, y: 0, scale: 1, display: 'flex' },
  shut: { opacity: 0, y: 16, scale: 0.97, transitionEnd: { display: 'none' } },
};
const SPRING = { type: 'spring', duration: 0.18, bounce: 0.15 } as const;

export interface CallPanelProps {
  readonly id: string;
  readonly handle: CallHandle;
  readonly labels: Labels;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Views that look alike share a key, so that only real changes are animated. */
function viewOf(state: CallState): 'before' | 'call' | 'ended' | 'failed' {
  if (state === 'idle') return 'before';
  if (state === 'ended') return state;
  if (state === 'failed' || state === 'missed') return 'failed';
  return 'call';
}

export function CallPanel({ id, handle, labels, open, onClose }: CallPanelProps): ReactElement {
  const call = useCall(handle);
  const view = viewOf(call.state);
  const panel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!open) return;
    // The sound code is large: fetch it while the person is still reading.
    void loadVoice().catch(() => undefined);
    panel.current?.querySelector<HTMLElement>('[data-oh-autofocus]')?.focus({ preventScroll: true });
  }, [open]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    onClose();
  };

  return (
    <LazyMotion features={loadMotion} strict>
      <MotionConfig reducedMotion="user" transition={SPRING}>
        <m.div
          ref={panel} id={id} className="oh-panel" role="dialog" aria-label={labels.panel}
          aria-hidden={!open} data-oh-state={call.state} data-oh-open={open}
          initial={false} animate={open ? 'open' : 'shut'} variants={PANEL_MOTION}
          onKeyDown={onKeyDown}
        >
          <header className="oh-header">
            <h2 className="oh-title"><Phone size={16} aria-hidden="true" /> {labels.panel}</h2>
            <button
              type="button" className="oh-icon-button" onClick={onClose}
              aria-label={isActive(call.state) ? labels.minimise : labels.close}
            >
              {isActive(call.state) ? <ChevronDown size={20} /> : <X size={20} />}
            </button>
          </header>
          <m.div key={view} className="oh-body" initial={{ opacity: 0 }} animate={{ opacity: 1 }}>
            {view === 'before' && <Before handle={handle} labels={labels} />}
            {view === 'call' && (
              <Suspense fallback={<CallView handle={handle} labels={labels}><CallButtons handle={handle} labels={labels} /></CallView>}>
                <VoiceCallInterface call={handle} labels={labels} />
              </Suspense>
            )}
            {view === 'ended' && <Ended handle={handle} labels={labels} />}
            {view === 'failed' && <Failed key={call.attempt} handle={handle} labels={labels} />}
          </m.div>
        </m.div>
      </MotionConfig>
      <Announcer handle={handle} labels={labels} first={open ? labels.saidOpened : ''} />
    </LazyMotion>
  );
}

function Before({ handle, labels }: { handle: CallHandle; labels: Labels }): ReactElement {
  return (
    <div className="oh-before">
      <p className="oh-intro-title">{labels.introTitle}</p>
      <p className="oh-intro">{labels.intro}</p>
      <button type="button" className="oh-primary" data-oh-autofocus="" onClick={() => { handle.start(); }}>
        <Phone size={18} aria-hidden="true" /> {labels.start}
      </button>
      <p className="oh-small"><Mic size={14} aria-hidden="true" /> {labels.micPromise}</p>
    </div>
  );
}
