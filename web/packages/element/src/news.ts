// news.ts — tells the page what changed in the call, as DOM events.

import { durationOf } from '@offhook/core';
import type { Call } from '@offhook/core';

export type Emit = (type: string, detail?: unknown, cancelable?: boolean) => boolean;

/** Every event that follows from a call having gone from `before` to `now`. */
export function tellPage(before: Call, now: Call, emit: Emit): void {
  tellChanges(before, now, emit);
  for (const warning of now.warnings) if (!before.warnings.includes(warning)) emit('oh-warning', { warning });
  for (const warning of before.warnings) if (!now.warnings.includes(warning)) emit('oh-warning-cleared', { warning });
  if (before.state !== now.state) tellState(before, now, emit);
}

function tellChanges(before: Call, now: Call, emit: Emit): void {
  if (before.muted !== now.muted) emit('oh-mute', { muted: now.muted });
  if (before.speakerMuted !== now.speakerMuted || before.volume !== now.volume) {
    emit('oh-speaker', { muted: now.speakerMuted, volume: now.volume });
  }
  if (before.peers !== now.peers) emit('oh-participant', { participants: now.peers });
  if (before.quality !== now.quality || before.route !== now.route) emit('oh-quality', { ...now.quality, route: now.route });
  if (before.queue !== now.queue) emit('oh-queue', now.queue);
  if (before.recording !== now.recording) emit('oh-recording', { recording: now.recording });
}

function tellState(before: Call, now: Call, emit: Emit): void {
  const callId = now.credentials?.callId ?? null;
  emit('oh-state', { state: now.state, before: before.state });
  if (now.state === 'requesting-mic' || now.state === 'priming') emit('oh-permission', { state: 'prompt' });
  if (before.state === 'requesting-mic' && (now.state === 'connecting' || now.state === 'checking')) {
    emit('oh-permission', { state: 'granted' });
  }
  if (now.state === 'connected') {
    emit(before.state === 'reconnecting' ? 'oh-reconnected' : 'oh-connected', { callId, participant: now.peers[0] ?? null });
  }
  if (now.state === 'reconnecting') emit('oh-reconnecting', { callId });
  if (now.state === 'ended' || now.state === 'missed') {
    emit('oh-ended', { reason: now.state === 'missed' ? 'missed' : now.endReason, durationMs: durationOf(now, now.endedAt ?? 0), callId });
  }
  if (now.state !== 'failed' || now.error === null) return;
  if (now.error.code.startsWith('MIC_DENIED')) emit('oh-permission', { state: 'denied' });
  emit('oh-error', { code: now.error.code, status: now.error.status ?? null, detail: now.error.detail ?? null, during: before.state, callId });
}
