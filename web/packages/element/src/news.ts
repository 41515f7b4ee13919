// news.ts — tells the page what changed in the call, as DOM events.

import { durationOf } from '@offhook/core';
import type { Call } from '@offhook/core';

type Emit = (type: string, detail?: unknown, cancelable?: boolean) => boolean;

/** Every event that follows from a call having gone from `before` to `now`. */
export function tellPage(before: Call, now: Call, emit: Emit): void {
  if (before.muted !== now.muted) emit('oh-mute', { muted: now.muted });
  if (before.speakerMuted !== now.speakerMuted) emit('oh-speaker', { muted: now.speakerMuted });
  if (before.peers !== now.peers) emit('oh-participant', { participants: now.peers });
  if (before.state === now.state) return;
  emit('oh-state', { state: now.state, before: before.state });
  if (now.state === 'requesting-mic') emit('oh-permission', { state: 'asked' });
  if (before.state === 'requesting-mic' && now.state === 'connecting') emit('oh-permission', { state: 'granted' });
  if (now.state === 'connected') emit(before.state === 'reconnecting' ? 'oh-reconnected' : 'oh-connected', { callId: now.credentials?.callId ?? null, peer: now.peers[0] ?? null });
  if (now.state === 'reconnecting') emit('oh-reconnecting');
  if (now.state === 'ended') emit('oh-ended', { reason: now.endReason, durationMs: durationOf(now, now.endedAt ?? 0), callId: now.credentials?.callId ?? null });
  if (now.state === 'failed' && now.error !== null) {
    if (now.error.code.startsWith('MIC_DENIED')) emit('oh-permission', { state: 'denied' });
    emit('oh-error', { code: now.error.code, status: now.error.status ?? null, detail: now.error.detail ?? null, during: before.state });
  }
}
