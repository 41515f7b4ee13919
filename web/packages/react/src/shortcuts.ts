// shortcuts.ts — single keys inside the panel: M microphone, S speaker, space to hold and talk. Never while typing.

import type { KeyboardEvent } from 'react';
import { isJoined } from '@offhook/core';
import type { CallHandle } from '@offhook/core';

const TYPING = 'input, select, textarea, [contenteditable="true"]';

export function onShortcut(event: KeyboardEvent<HTMLElement>, handle: CallHandle, down: boolean): void {
  const call = handle.get();
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || !isJoined(call.state) || target.closest(TYPING) !== null) return;
  // Space presses the button that has the focus; only elsewhere is it free.
  if (event.key === ' ' && call.pushToTalk && target.closest('button, a') === null) {
    event.preventDefault();
    if (!event.repeat) handle.holdToTalk(down);
    return;
  }
  if (!down || event.repeat) return;
  const key = event.key.toLowerCase();
  if (key === 'm' && !call.pushToTalk) handle.setMuted(!call.muted);
  else if (key === 's') handle.setSpeakerMuted(!call.speakerMuted);
}
