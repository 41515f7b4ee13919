'use client';
// pill.tsx — a call whose panel is minimised: its length and name on the button, microphone and end beside it.

import type { ReactElement } from 'react';
import { Mic, MicOff, PhoneOff } from 'lucide-react';
import { formatClock, isActive, isJoined } from '@offhook/core';
import { statusOf, withLabels } from '@offhook/core/words';
import { useDuration } from './call-view';

import type { Labels } from './props';
import { ScopeProvider, useCall, usePart, useScope } from './scope';
import type { Session } from './session';
import { useStore } from './store';

interface Props {
  readonly session: Session;
  readonly labels: Labels | undefined;
}

/** Stands in the launcher in place of its text, and is its name: a call is running, and how it stands. */
export function Running({ session, labels }: Props): ReactElement {
  return (
    <ScopeProvider handle={session.handle} words={withLabels(useStore(session.words), labels)}><RunningText /></ScopeProvider>
  );
}

function RunningText(): ReactElement {
  const { handle, words } = useScope();
  const duration = useDuration();
  const name = usePart((call) => call.peers[0]?.name ?? '');
  const status = statusOf(useCall(handle), words);
  return (
    <>
      <span className="oh-visually-hidden">{`${words.panel}: ${status}`}</span>
      <span className="oh-launcher-running" aria-hidden="true">
        <span className="oh-launcher-clock">{duration === null ? status : formatClock(duration)}</span>
        {name !== '' && <span className="oh-launcher-name" dir="auto">{name}</span>}
      </span>
    </>
  );
}

export function Pill({ session, labels }: Props): ReactElement | null {
  return (
    <ScopeProvider handle={session.handle} words={withLabels(useStore(session.words), labels)}><PillButtons /></ScopeProvider>
  );
}

function PillButtons(): ReactElement | null {
  const { handle, words } = useScope();
  const state = usePart((call) => call.state);
  const muted = usePart((call) => call.muted);
  const pushToTalk = usePart((call) => call.pushToTalk);
  if (!isActive(state)) return null;
  return (
    <span className="oh-pill">
      {isJoined(state) && !pushToTalk && (
        <button type="button" className="oh-pill-button" aria-label={words.mute} aria-pressed={muted} onClick={() => { handle.setMuted(!muted); }}>
          {muted ? <MicOff size={20} /> : <Mic size={20} />}
        </button>
      )}
      <button type="button" className="oh-pill-button oh-pill-end" aria-label={words.end} disabled={state === 'ending'} onClick={() => { handle.hangUp(); }}>
        <PhoneOff size={20} />
      </button>
    </span>
  );
}
