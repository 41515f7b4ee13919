'use client';
// call-controls.tsx — the inside of a LiveKitRoom: status, timer, both voices, microphone, speaker, end.

import type { ReactElement } from 'react';
import { useLocalParticipant, useRoomContext, useTracks } from '@livekit/components-react';
import { Track } from 'livekit-client';
import { VolumeX } from 'lucide-react';
import type { CallHandle } from '@offhook/core';
import { CallButtons } from './call-buttons';
import { CallView } from './call-view';
import { Notice } from './notices';
import type { Labels } from './props';
import { OwnScope } from './own-scope';
import { usePart, useScope } from './scope';

export interface CallControlsProps {
  /** The call these controls belong to. */
  readonly call: CallHandle;
  readonly labels?: Labels | undefined;
  readonly locale?: string | undefined;
  /** `buttons`: only the row of buttons. */
  readonly variant?: 'full' | 'buttons';
  /** Address of a picture of the other side. */
  readonly avatar?: string | undefined;
  readonly onEnd?: (() => void) | undefined;
  /** Shows a button for settings of your own. */
  readonly onMore?: (() => void) | undefined;
}

export function CallControls({ call, labels, locale, ...rest }: CallControlsProps): ReactElement {
  return <OwnScope handle={call} labels={labels} locale={locale}><Inside {...rest} /></OwnScope>;
}

function Inside({ variant = 'full', avatar, onEnd, onMore }: Omit<CallControlsProps, 'call' | 'labels' | 'locale'>): ReactElement {
  const { isMicrophoneEnabled, microphoneTrack } = useLocalParticipant();
  const remote = useTracks([Track.Source.Microphone, Track.Source.Unknown], { onlySubscribed: true })
    .filter((track) => !track.participant.isLocal && track.publication.kind === Track.Kind.Audio);
  const buttons = <CallButtons onEnd={onEnd} onMore={onMore} muted={microphoneTrack === undefined ? undefined : !isMicrophoneEnabled} />;
  if (variant === 'buttons') return buttons;
  return (
    <CallView
      avatar={avatar} agent={remote.some((track) => track.participant.isAgent)}
      peerMuted={remote.length > 0 && remote.every((track) => track.publication.isMuted)}
    >
      <SoundBlocked />
      {buttons}
    </CallView>
  );
}

/** Browsers may hold sound back until something is pressed. */
function SoundBlocked(): ReactElement | null {
  const room = useRoomContext();
  const { words } = useScope();
  if (!usePart((call) => call.soundBlocked)) return null;
  return (
    <Notice icon={<VolumeX size={16} />} text={words.soundBlocked} code="sound-blocked">
      <button type="button" className="oh-link" onClick={() => { void room.startAudio().catch(() => undefined); }}>{words.soundOn}</button>
    </Notice>
  );
}
