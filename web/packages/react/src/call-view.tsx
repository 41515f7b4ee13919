'use client';
// call-view.tsx — what a running call looks like: who, how it stands, how long, both voices, and the controls below.

import type { ReactElement, ReactNode } from 'react';
import { Bot, Check, CircleDot, Mic, MicOff, Volume2, VolumeX } from 'lucide-react';
import { durationOf, formatClock, isJoined } from '@offhook/core';
import type { Call, CallState } from '@offhook/core';
import { say, statusOf, waitOf } from '@offhook/core/words';
import type { Words } from '@offhook/core/words';
import { nameOf } from './call-words';
import { Face } from './face';
import { LevelBars } from './level-bars';
import { Notices } from './notices';
import { Quality } from './quality';
import { useCall, useNow, usePart, useScope, useSeconds } from './scope';

export interface CallViewProps {
  /** The other side muted itself. */
  readonly peerMuted?: boolean;
  /** The other side is a machine. */
  readonly agent?: boolean;
  readonly avatar?: string | undefined;
  readonly children: ReactNode;
}

export function CallView({ peerMuted = false, agent = false, avatar, children }: CallViewProps): ReactElement {
  const { handle, words } = useScope();
  const call = useCall(handle);
  const peer = call.peers[0];
  return (
    <div className="oh-call" data-oh-state={call.state}>
      <Face avatar={avatar} agent={agent} />
      {peer !== undefined && (
        <p className="oh-peer">
          <span dir="auto">{peer.name}</span>
          {agent && <span className="oh-badge"><Bot size={12} aria-hidden="true" /> {words.assistant}</span>}
        </p>
      )}
      <p className="oh-status" data-oh-state={call.state}>{statusOf(call, words)}</p>
      {call.connectedAt !== null && <Facts call={call} />}
      <Note call={call} words={words} peerMuted={peerMuted} />
      {STEPS.some(([state]) => state === call.state) && <Steps state={call.state} />}
      {isJoined(call.state) && <Meters peerMuted={peerMuted} />}
      <Notices />
      {call.state === 'interrupted' && (
        <button type="button" className="oh-primary" data-oh-autofocus="" onClick={() => { handle.continue(); }}>{words.goOn}</button>
      )}
      {children}
    </div>
  );
}

function Facts({ call }: { call: Call }): ReactElement {
  const { words } = useScope();
  return (
    <div className="oh-facts">
      <CallTimer />
      {call.state === 'connected' && <Quality />}
      {call.recording !== 'off' && (
        <span className="oh-recording" data-oh-recording={call.recording}>
          <CircleDot size={14} aria-hidden="true" /> {call.recording === 'on' ? words.recording : words.recordingPaused}
        </span>
      )}
    </div>
  );
}

export function CallTimer(): ReactElement {
  const { words } = useScope();
  const duration = useDuration();
  return (
    <div className="oh-timer" role="timer" aria-label={words.duration} aria-live="off" data-oh-running={duration !== null}>
      {formatClock(duration ?? 0)}
    </div>
  );
}

/** How long the call has been going on; draws anew each second while it does. */
export function useDuration(): number | null {
  const connectedAt = usePart((call) => call.connectedAt);
  const { handle } = useScope();
  const now = useNow(usePart((call) => call.connectedAt !== null && call.endedAt === null));
  return durationOf(handle.get(), Math.max(now, connectedAt ?? 0));
}

function Note({ call, words, peerMuted }: { call: Call; words: Words; peerMuted: boolean }): ReactElement {
  const peer = call.peers[0];
  let text = '';
  if (call.state === 'requesting-mic') return <MicNote />;
  if (call.state === 'reconnecting') return <Reconnecting />;
  if (call.state === 'queued') text = waitOf(call, words);
  else if (call.state === 'connected' && peer !== undefined) text = say(words, peerMuted ? 'peerMuted' : 'joined', { name: peer.name });
  return <p className="oh-note">{text}</p>;
}

/** The browser asks in a place people miss: after a while, say where. */
function MicNote(): ReactElement {
  const { words } = useScope();
  return <p className="oh-note">{useSeconds() < 10 ? words.requestingMicHint : words.promptLost}</p>;
}

function Reconnecting(): ReactElement {
  const { words } = useScope();
  const seconds = useSeconds();
  return (
    <p className="oh-note">
      {seconds > 0 && <span className="oh-seconds" aria-hidden="true">{say(words, 'reconnectingFor', { seconds })}</span>}
      {words.reconnectingHint}
    </p>
  );
}

const STEPS: readonly (readonly [CallState, 'opening' | 'securing' | 'ringing'])[] = [
  ['opening', 'opening'], ['connecting', 'securing'], ['ringing', 'ringing'],
];

/** The way to a call, as far as it has been gone. */
function Steps({ state }: { state: CallState }): ReactElement {
  const { words } = useScope();
  const at = STEPS.findIndex(([one]) => one === state);
  return (
    <ol className="oh-steps" aria-hidden="true">
      {STEPS.map(([one, word], index) => (
        <li key={one} data-oh-step={index < at ? 'done' : index === at ? 'now' : 'next'}>
          <span className="oh-step-mark">{index < at && <Check size={12} />}</span>{words[word]}
        </li>
      ))}
    </ol>
  );
}

function Meters({ peerMuted }: { peerMuted: boolean }): ReactElement {
  const { handle, words } = useScope();
  const call = useCall(handle);
  const talking = call.state === 'connected';
  return (
    <div className="oh-meters">
      <div className="oh-meter">
        {call.muted ? <MicOff size={16} aria-hidden="true" /> : <Mic size={16} aria-hidden="true" />}
        <span className="oh-meter-name">{words.you}</span>
        <LevelBars handle={handle} side="local" active={isJoined(call.state) && !call.muted} />
      </div>
      <div className="oh-meter">
        {call.speakerMuted ? <VolumeX size={16} aria-hidden="true" /> : <Volume2 size={16} aria-hidden="true" />}
        <span className="oh-meter-name" dir="auto">{nameOf(call, words)}</span>
        <LevelBars handle={handle} side="remote" active={talking && !call.speakerMuted && !peerMuted} />
      </div>
    </div>
  );
}
