'use client';
// call-view.tsx — what a running call looks like: who, how it stands, how long, both voices, and the controls below.

import { useEffect, useRef } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { AudioLines, Mic, MicOff, PhoneOff, UserRound, Volume2, VolumeX } from 'lucide-react';
import { durationOf, formatClock, isJoined } from '@offhook/core';
import type { Call, CallHandle } from '@offhook/core';
import type { Labels } from './labels';
import { LevelBars, useLevel } from './level-bars';
import { useCall, useNow } from './use-call';

export function statusOf(call: Call, labels: Labels): string {
  switch (call.state) {
    case 'idle': return labels.introTitle;
    case 'opening': return labels.opening;
    case 'priming': case 'requesting-mic': return labels.requestingMic;
    case 'checking': case 'connecting': return labels.connecting;
    case 'ringing': case 'queued': return call.peerLeft ? labels.ringingAgain : labels.ringing;
    case 'connected': return labels.connected;
    case 'reconnecting': case 'interrupted': return labels.reconnecting;
    case 'ending': return labels.ending;
    case 'ended': return call.endReason === 'cancelled' ? labels.cancelled : labels.ended;
    case 'missed': case 'failed': return call.error === null ? labels.ended : (labels.errors[call.error.code] ?? call.error.text).title;
  }
}

function noteOf(call: Call, labels: Labels, peerMuted: boolean): string {
  if (call.state === 'requesting-mic') return labels.requestingMicHint;
  if (call.state === 'reconnecting') return labels.reconnectingHint;
  const peer = call.peers[0];
  if (call.state !== 'connected' || peer === undefined) return '';
  return peerMuted ? labels.peerMuted(peer.name) : labels.joined(peer.name);
}

export function CallTimer({ call, labels }: { call: Call; labels: Labels }): ReactElement {
  const now = useNow(call.connectedAt !== null && call.endedAt === null);
  const duration = durationOf(call, Math.max(now, call.connectedAt ?? 0));
  return (
    <div className="oh-timer" role="timer" aria-label={labels.duration} aria-live="off" data-oh-running={duration !== null}>
      {formatClock(duration ?? 0)}
    </div>
  );
}

export interface CallViewProps {
  readonly handle: CallHandle;
  readonly labels: Labels;
  /** The other side muted itself. */
  readonly peerMuted?: boolean;
  readonly children: ReactNode;
}

export function CallView({ handle, labels, peerMuted = false, children }: CallViewProps): ReactElement {
  const call = useCall(handle);
  const talking = call.state === 'connected';
  const halo = useLevel(handle, 'remote', talking);
  const peer = call.peers[0];
  return (
    <div className="oh-call" data-oh-state={call.state}>
      <div className="oh-face" ref={halo} aria-hidden="true">
        <span className="oh-halo" />
        <span className="oh-portrait">{peer === undefined ? <AudioLines size={30} /> : <UserRound size={32} />}</span>
      </div>
      {peer !== undefined && <p className="oh-peer" dir="auto">{peer.name}</p>}
      <p className="oh-status" data-oh-state={call.state}>
        {statusOf(call, labels)}
      </p>
      <CallTimer call={call} labels={labels} />
      <p className="oh-note">{noteOf(call, labels, peerMuted)}</p>
      <div className="oh-meters">
        <div className="oh-meter">
          {call.muted ? <MicOff size={16} aria-hidden="true" /> : <Mic size={16} aria-hidden="true" />}
          <span className="oh-meter-name">{labels.you}</span>
          <LevelBars handle={handle} side="local" active={isJoined(call.state) && !call.muted} />
        </div>
        <div className="oh-meter">
          {call.speakerMuted ? <VolumeX size={16} aria-hidden="true" /> : <Volume2 size={16} aria-hidden="true" />}
          <span className="oh-meter-name" dir="auto">{peer?.name ?? labels.them}</span>
          <LevelBars handle={handle} side="remote" active={talking && !call.speakerMuted && !peerMuted} />
        </div>
      </div>
      {children}
    </div>
  );
}

export interface CallButtonsProps {
  readonly handle: CallHandle;
  readonly labels: Labels;
  /** What the microphone really is; default: what the call machine says. */
  readonly muted?: boolean;
  readonly onEnd?: (() => void) | undefined;
}

/** Microphone, speaker, end. Toggle buttons keep one name; aria-pressed says their state. */
export function CallButtons({ handle, labels, muted, onEnd }: CallButtonsProps): ReactElement {
  const call = useCall(handle);
  const isMuted = muted ?? call.muted;
  const joined = isJoined(call.state);
  const end = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    // The button that was pressed to get here is gone: its focus belongs to this call now.
    const active = document.activeElement;
    if (active === null || active === document.body) end.current?.focus({ preventScroll: true });
  }, []);

  return (
    <div className="oh-controls">
      <button
        type="button" className="oh-control" aria-label={labels.mute} aria-pressed={isMuted}
        disabled={!joined && call.state !== 'connecting'}
        onClick={() => { handle.setMuted(!isMuted); }}
      >
        <span className="oh-control-face">{isMuted ? <MicOff size={22} /> : <Mic size={22} />}</span>
        <span className="oh-control-name" aria-hidden="true">{labels.muteShort}</span>
      </button>
      <button
        type="button" className="oh-control" aria-label={labels.speaker} aria-pressed={call.speakerMuted}
        onClick={() => { handle.setSpeakerMuted(!call.speakerMuted); }}
      >
        <span className="oh-control-face">{call.speakerMuted ? <VolumeX size={22} /> : <Volume2 size={22} />}</span>
        <span className="oh-control-name" aria-hidden="true">{labels.speakerShort}</span>
      </button>
      <button
        ref={end} type="button" className="oh-control oh-control-end" aria-label={labels.end}
        disabled={call.state === 'ending'} data-oh-autofocus=""
        onClick={() => {
          handle.hangUp();
          onEnd?.();
        }}
      >
        <span className="oh-control-face"><PhoneOff size={22} /></span>
        <span className="oh-control-name" aria-hidden="true">{labels.endShort}</span>
      </button>
    </div>
  );
}
