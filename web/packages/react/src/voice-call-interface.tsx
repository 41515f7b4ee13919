'use client';
// voice-call-interface.tsx — one call in a LiveKit room. Loads livekit-client: import it lazily.

import { useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactElement } from 'react';
import { LiveKitRoom, RoomAudioRenderer } from '@livekit/components-react';
import { createCall, createReporter, isActive, readCredentials } from '@offhook/core';
import type { CallError, CallHandle, CallState, Credentials } from '@offhook/core';
import { Announcer } from './announcer';
import { CallButtons } from './call-buttons';
import { CallControls } from './call-controls';
import { CallView } from './call-view';
import { followCall } from './callbacks';
import { isLine, openLine } from './line';
import type { Line } from './line';
import { Ended, Failed, Missed } from './outcome';
import { OwnScope } from './own-scope';
import type { Labels } from './props';
import { useCall, useCallPart, usePhone, useWords } from './scope';
import { useLatest } from './use-session';

export interface VoiceCallInterfaceProps {
  readonly token?: string;
  /** ws:// or wss:// address of the server. */
  readonly livekitHost?: string;
  /** The same under LiveKit's name. */
  readonly serverUrl?: string;
  readonly roomName?: string;
  readonly participantName?: string;
  readonly theme?: 'auto' | 'light' | 'dark';
  readonly locale?: string;
  readonly labels?: Labels;
  /** Address of a picture of the other side. */
  readonly avatar?: string | undefined;
  readonly className?: string;
  readonly onConnected?: () => void;
  /** The call is over, whoever ended it. */
  readonly onDisconnect?: () => void;
  readonly onDisconnected?: () => void;
  readonly onStateChange?: (state: CallState) => void;
  readonly onError?: (error: CallError) => void;
  /** A call that somebody else runs (FloatingCallButton does); token and address are then not needed. */
  readonly call?: CallHandle;
  /** Shows a button for settings of your own. */
  readonly onMore?: () => void;
}

export function VoiceCallInterface(props: VoiceCallInterfaceProps): ReactElement {
  if (props.call === undefined) return <OwnCall {...props} />;
  return (
    <OwnScope handle={props.call} labels={props.labels} locale={props.locale}>
      <CallInRoom handle={props.call} avatar={props.avatar} onMore={props.onMore} />
    </OwnScope>
  );
}

/** Runs a call of its own with the token it was given: starts when mounted, hangs up when unmounted. */
function OwnCall(props: VoiceCallInterfaceProps): ReactElement {
  const latest = useLatest(props);
  const [handle] = useState(() => createCall({
    getCredentials: () => Promise.resolve(credentialsOf(latest.current)),
    openPhone: (report) => Promise.resolve(openLine(report)),
    onError: createReporter((error) => { latest.current.onError?.(error); }),
  }));
  useEffect(() => followCall(handle, latest), [handle, latest]);
  useEffect(() => {
    // One turn later, so that StrictMode's rehearsal (mount, unmount, mount) starts one call, not two.
    const timer = setTimeout(() => { handle.start(); }, 0);
    return () => {
      clearTimeout(timer);
      handle.hangUp();
      handle.dismiss(); // a failed call still waits for the microphone
    };
  }, [handle]);
  return (
    <OwnScope handle={handle} labels={props.labels} locale={props.locale}>
      <Alone handle={handle} {...props} />
    </OwnScope>
  );
}

function Alone({ handle, theme = 'auto', avatar, className = '', onMore }: VoiceCallInterfaceProps & { handle: CallHandle }): ReactElement {
  const words = useWords();
  const state = useCallPart(handle, (call) => call.state);
  const attempt = useCallPart(handle, (call) => call.attempt);
  const start = (): void => { handle.start(); };
  return (
    <div className={`oh-root oh-inline oh-alone ${className}`.trim()} data-oh-theme={theme} data-oh-state={state} role="group" aria-label={words.panel}>
      {state === 'failed' && <Failed key={attempt} session={null} onStart={start} tel={undefined} />}
      {state === 'missed' && <Missed onStart={start} tel={undefined} />}
      {state === 'ended' && <Ended onStart={start} />}
      {(isActive(state) || state === 'idle') && <CallInRoom handle={handle} avatar={avatar} onMore={onMore} />}
      <Announcer first="" />
    </div>
  );
}

function credentialsOf(props: VoiceCallInterfaceProps): Credentials {
  return readCredentials({
    token: props.token,
    livekitHost: props.livekitHost ?? props.serverUrl,
    roomName: props.roomName,
    participantName: props.participantName,
  });
}

interface InRoomProps {
  readonly handle: CallHandle;
  readonly avatar: string | undefined;
  readonly onMore: (() => void) | undefined;
}

function CallInRoom(props: InRoomProps): ReactElement {
  const phone = usePhone(props.handle);
  if (isLine(phone)) return <LineInRoom key={props.handle.get().attempt} line={phone} {...props} />;
  return <CallView avatar={props.avatar}><CallButtons onMore={props.onMore} /></CallView>;
}

const NO_LINE = (): null => null;

function LineInRoom({ handle, line, avatar, onMore }: InRoomProps & { line: Line }): ReactElement {
  const { speakerMuted, volume } = useCall(handle);
  const wanted = useSyncExternalStore(line.subscribe, line.wanted, NO_LINE);
  // LiveKitRoom disconnects its room when it unmounts, also in StrictMode's rehearsal: connect only after that.
  const [settled, setSettled] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => { setSettled(true); }, 0);
    return () => { clearTimeout(timer); };
  }, []);
  const [onConnected] = useState(() => () => { line.connected(); });
  const [onError] = useState(() => (error: Error) => {
    // A failed connection comes back through the call machine, which logs it.
    if (!line.failed(error) && isActive(handle.get().state)) console.error('LiveKit error:', error);
  });
  return (
    <LiveKitRoom
      room={line.room}
      serverUrl={wanted?.serverUrl}
      token={wanted?.token}
      connect={settled && wanted !== null}
      audio={false /* the phone publishes the microphone it already holds */}
      video={false}
      onConnected={onConnected}
      onError={onError}
      className="oh-room"
    >
      <RoomAudioRenderer volume={speakerMuted ? 0 : volume} muted={speakerMuted} />
      <CallControls call={handle} avatar={avatar} onMore={onMore} />
    </LiveKitRoom>
  );
}
