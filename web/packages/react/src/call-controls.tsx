'use client';
// call-controls.tsx — the inside of a LiveKitRoom: status, timer, both voices, microphone, speaker, end.

import type { ReactElement } from 'react';
import { useLocalParticipant, useRoomContext, useTracks } from '@livekit/components-react';
import { Track } from 'livekit-client';
import type { CallHandle } from '@offhook/core';
import { CallButtons, CallView } from './call-view';
import { ENGLISH } from './labels';
import type { Labels } from './labels';
import { useCall } from './use-call';

export interface CallControlsProps {
  /** The call these controls belong to. */
  readonly call: CallHandle;
  readonly labels?: Labels;
  readonly onEnd?: () => void;
}

export function CallControls({ call: handle, labels = ENGLISH, onEnd }: CallControlsProps): ReactElement {
  const room = useRoomContext();
  const { isMicrophoneEnabled, microphoneTrack } = useLocalParticipant();
  const remote = useTracks([Track.Source.Microphone, Track.Source.Unknown], { onlySubscribed: true })
    .filter((track) => !track.participant.isLocal && track.publication.kind === Track.Kind.Audio);
  const call = useCall(handle);
  const peerMuted = remote.length > 0 && remote.every((track) => track.publication.isMuted);
  return (
    <CallView handle={handle} labels={labels} peerMuted={peerMuted}>
      {call.soundBlocked && (
        <div className="oh-sound" role="group" aria-label={labels.soundBlocked}>
          <span>{labels.soundBlocked}</span>
          <button type="button" className="oh-link" onClick={() => { void room.startAudio().catch(() => undefined); }}>
            {labels.soundOn}
          </button>
        </div>
      )}
      <CallButtons
        handle={handle} labels={labels} onEnd={onEnd}
        muted={microphoneTrack === undefined ? undefined : !isMicrophoneEnabled}
      />
    </CallView>
  );
}
