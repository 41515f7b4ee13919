'use client';
// voice-call-interface.tsx — one call in a LiveKit room. Loads livekit-client: import it lazily.

import { useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactElement } from 'react';
import { LiveKitRoom, RoomAudioRenderer } from '@livekit/components-react';
import { createCall, isActive, readCredentials } from '@offhook/core';
import type { CallError, CallHandle, Credentials } from '@offhook/core';
import { Announcer } from './announcer';
import { CallControls } from './call-controls';
import { CallButtons, CallView } from './call-view';
import { ENGLISH } from './labels';
import type { Labels } from './labels';
import { isLine, openLine } from './line';
import type { Line } from './line';
import { Ended, Failed } from './outcome';
import { logCallError, useCall, useCallCallbacks, useLatest, usePhone } from './use-call';

export interface VoiceCallInterfaceProps {
  readonly token?: string;
  /** ws:// or wss:// address of the server. */
  readonly livekitHost?: string;
  /** The same under LiveKit's name. */
  readonly serverUrl?: string;
  readonly roomName?: string;
  readonly participantName?: string;
  readonly onConnected?: () => void;
  readonly onDisconnect?: () => void;
  readonly onError?: (error: CallError) => void;
  readonly labels?: Partial<Labels>;
  /** A call that somebody else runs (FloatingCallButton does); the props above are then not needed. */
  readonly call?: CallHandle;
}

export function VoiceCallInterface(props: VoiceCallInterfaceProps): ReactElement {
  return props.call === undefined
    ? <OwnCall {...props} />
    : <CallInRoom handle={props.call} labels={{ ...ENGLISH, ...props.labels }} />;
}

/** Runs a call of its own with the token it was given: starts when mounted, hangs up when unmounted. */
function OwnCall(props: VoiceCallInterfaceProps): ReactElement {
  const latest = useLatest(props);
  const [handle] = useState(() => createCall({
    getCredentials: () => Promise.resolve(credentialsOf(latest.current)),
    openPhone: (report) => Promise.resolve(openLine(report)),
    onError: (error, during) => {
      logCallError(error, during);
      latest.current.onError?.(error);
    },
  }));
  useCallCallbacks(handle, props);
  useEffect(() => {
    // One turn later, so that StrictMode's rehearsal (mount, unmount, mount) starts one call, not two.
    const timer = setTimeout(() => { handle.start(); }, 0);
    return () => {
      clearTimeout(timer);
      handle.hangUp();
    };
  }, [handle]);
  const call = useCall(handle);
  const labels = { ...ENGLISH, ...props.labels };
  return (
    <div className="oh-root oh-inline" data-oh-state={call.state} role="group" aria-label={labels.panel}>
      {call.state === 'failed' || call.state === 'missed' ? <Failed key={call.attempt} handle={handle} labels={labels} />
        : call.state === 'ended' ? <Ended handle={handle} labels={labels} />
          : <CallInRoom handle={handle} labels={labels} />}
      <Announcer handle={handle} labels={labels} first="" />
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

function CallInRoom({ handle, labels }: { handle: CallHandle; labels: Labels }): ReactElement {
  const phone = usePhone(handle);
  if (!isLine(phone)) {
    return (
      <CallView handle={handle} labels={labels}>
        <CallButtons handle={handle} labels={labels} />
      </CallView>
    );
  }
  return <LineInRoom key={handle.get().attempt} handle={handle} line={phone} labels={labels} />;
}

const NO_LINE = (): null => null;

function LineInRoom({ handle, line, labels }: { handle: CallHandle; line: Line; labels: Labels }): ReactElement {
  const call = useCall(handle);
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
      <RoomAudioRenderer volume={call.speakerMuted ? 0 : 1} muted={call.speakerMuted} />
      <CallControls call={handle} labels={labels} />
    </LiveKitRoom>
  );
}
