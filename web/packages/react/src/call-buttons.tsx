'use client';
// call-buttons.tsx — microphone, speaker, settings, end; and the big button of push to talk. Toggle buttons keep one name;
// aria-pressed says their state.

import type { KeyboardEvent, ReactElement, ReactNode, RefObject } from 'react';
import { Mic, MicOff, PhoneOff, SlidersHorizontal, Volume2, VolumeX } from 'lucide-react';
import { isJoined } from '@offhook/core';
import type { CallState } from '@offhook/core';
import { useLeftOverFocus } from './focus';
import { usePart, useScope } from './scope';

export interface CallButtonsProps {
  /** What the microphone really is; default: what the call machine says. */
  readonly muted?: boolean | undefined;
  readonly onEnd?: (() => void) | undefined;
  /** Opens the settings; without it there is no button for them. */
  readonly onMore?: (() => void) | undefined;
}

const BEFORE_MIC: readonly CallState[] = ['opening', 'priming', 'requesting-mic', 'ending'];

export function CallButtons({ muted, onEnd, onMore }: CallButtonsProps): ReactElement {
  const { handle, words } = useScope();
  const state = usePart((call) => call.state);
  const speakerMuted = usePart((call) => call.speakerMuted);
  const heldMuted = usePart((call) => call.muted);
  const pushToTalk = usePart((call) => call.pushToTalk);
  const isMuted = muted ?? heldMuted;
  // The button that was pressed to get here is gone: its focus belongs to this call now, and to what does no harm when the
  // same key is pressed once more.
  const speaker = useLeftOverFocus<HTMLButtonElement>();
  return (
    <>
      {pushToTalk && isJoined(state) && <HoldToTalk talking={!isMuted} />}
      <div className="oh-controls">
        {!pushToTalk && (
          <Toggle
            label={words.mute} short={words.muteShort} pressed={isMuted} disabled={BEFORE_MIC.includes(state)}
            icon={isMuted ? <MicOff size={22} /> : <Mic size={22} />} onPress={() => { handle.setMuted(!isMuted); }}
          />
        )}
        <Toggle
          button={speaker} label={words.speaker} short={words.speakerShort} pressed={speakerMuted} disabled={state === 'ending'}
          icon={speakerMuted ? <VolumeX size={22} /> : <Volume2 size={22} />} onPress={() => { handle.setSpeakerMuted(!speakerMuted); }}
        />
        {onMore !== undefined && (
          <button type="button" className="oh-control" aria-label={words.settings} onClick={onMore}>
            <span className="oh-control-face"><SlidersHorizontal size={20} /></span>
            <span className="oh-control-name" aria-hidden="true">{words.settings}</span>
          </button>
        )}
        <button
          type="button" className="oh-control oh-control-end" aria-label={words.end} disabled={state === 'ending'}
          onClick={() => {
            handle.hangUp();
            onEnd?.();
          }}
        >
          <span className="oh-control-face"><PhoneOff size={22} /></span>
          <span className="oh-control-name" aria-hidden="true">{words.endShort}</span>
        </button>
      </div>
    </>
  );
}

interface ToggleProps {
  /** Not `ref`: React 18 keeps that to itself. */
  readonly button?: RefObject<HTMLButtonElement | null>;
  readonly label: string;
  readonly short: string;
  readonly pressed: boolean;
  readonly disabled: boolean;
  readonly icon: ReactNode;
  readonly onPress: () => void;
}

function Toggle({ button, label, short, pressed, disabled, icon, onPress }: ToggleProps): ReactElement {
  return (
    <button
      ref={button} type="button" className="oh-control" aria-label={label} aria-pressed={pressed} disabled={disabled} data-oh-autofocus=""
      onClick={onPress}
    >
      <span className="oh-control-face">{icon}</span>
      <span className="oh-control-name" aria-hidden="true">{short}</span>
    </button>
  );
}

/** Held with a finger, the mouse, space or Enter. */
function HoldToTalk({ talking }: { talking: boolean }): ReactElement {
  const { handle, words } = useScope();
  const hold = (down: boolean) => (): void => { handle.holdToTalk(down); };
  const onKey = (down: boolean) => (event: KeyboardEvent): void => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) handle.holdToTalk(down);
  };
  return (
    <button
      type="button" className="oh-hold" aria-pressed={talking}
      onPointerDown={hold(true)} onPointerUp={hold(false)} onPointerCancel={hold(false)} onPointerLeave={hold(false)}
      onKeyDown={onKey(true)} onKeyUp={onKey(false)} onBlur={hold(false)} onContextMenu={(event) => { event.preventDefault(); }}
    >
      <Mic size={20} aria-hidden="true" /> {talking ? words.talking : words.hold}
    </button>
  );
}
