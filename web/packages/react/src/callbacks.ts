// callbacks.ts — tells the page what happens in its call.

import { isActive, isJoined } from '@offhook/core';
import type { Call, CallHandle } from '@offhook/core';
import type { CallNews, CallOptionsProps } from './props';

type Callbacks = Pick<CallOptionsProps, 'onStateChange' | 'onConnected' | 'onDisconnect' | 'onDisconnected' | 'onQuality' | 'onEvent'>;

/** Returns: stop telling. The newest callbacks count, not those of the first drawing. */
export function followCall(handle: CallHandle, latest: { readonly current: Callbacks }): () => void {
  let before = handle.get();
  let wasConnected = before.connectedAt !== null;
  return handle.subscribe(() => {
    const now = handle.get();
    const last = before;
    before = now;
    const page = latest.current;
    for (const type of changes(last, now)) page.onEvent?.({ type, call: now });
    if (now.quality !== last.quality) page.onQuality?.(now.quality);
    if (now.state === last.state) return;
    if (now.state === 'opening') wasConnected = false;
    page.onStateChange?.(now.state);
    if (now.state === 'connected' && !wasConnected) {
      wasConnected = true;
      page.onConnected?.();
    }
    const over = isActive(last.state) && (now.state === 'ended' || ((now.state === 'failed' || now.state === 'missed') && isJoined(last.state)));
    if (!over) return;
    page.onDisconnect?.();
    page.onDisconnected?.();
  });
}

function changes(before: Call, now: Call): readonly CallNews['type'][] {
  const news: CallNews['type'][] = [];
  if (before.state !== now.state) news.push('state');
  if (before.quality !== now.quality) news.push('quality');
  if (before.warnings !== now.warnings) news.push('warning');
  if (before.muted !== now.muted) news.push('mute');
  if (before.speakerMuted !== now.speakerMuted) news.push('speaker');
  if (before.recording !== now.recording) news.push('recording');
  return news;
}
