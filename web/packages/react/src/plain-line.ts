'use client';
// plain-line.ts — a LiveKit phone that connects and plays by itself: for pages that draw the call on their own.

import { RoomEvent, Track } from 'livekit-client';
import type { RemoteTrack } from 'livekit-client';
import { createLiveKitPhone } from '@offhook/core/livekit-phone';
import type { OpenPhone } from '@offhook/core';

export const openPlainLine: OpenPhone = (report) => {
  const phone = createLiveKitPhone({ report });
  const playing = new Set<HTMLMediaElement>();
  phone.room.on(RoomEvent.TrackSubscribed, (track: RemoteTrack) => {
    if (track.kind !== Track.Kind.Audio) return;
    const element = track.attach();
    playing.add(element);
    document.body.append(element); // some browsers play only what is in the page
  });
  phone.room.on(RoomEvent.TrackUnsubscribed, (track: RemoteTrack) => {
    for (const element of track.detach()) {
      playing.delete(element);
      element.remove();
    }
  });
  return Promise.resolve({
    ...phone,
    async close(keep) {
      for (const element of playing) element.remove();
      playing.clear();
      await phone.close(keep);
    },
  });
};
