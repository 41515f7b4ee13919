// shortcuts.ts — single keys, heard only while the focus is in the panel (WCAG 2.1.4), and they can be turned off.
// m: microphone, s: speaker, Escape: back or close.

import { isJoined } from '@offhook/core';
import type { CallHandle } from '@offhook/core';

export interface ShortcutDeeds {
  readonly call: CallHandle;
  readonly enabled: () => boolean;
  readonly escape: () => void;
}

export function listenForShortcuts(panel: HTMLElement, { call, enabled, escape }: ShortcutDeeds): void {
  panel.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      escape();
      return;
    }
    const busy = event.target instanceof Element && event.target.closest('input, select, textarea') !== null;
    if (busy || event.repeat || !enabled()) return;
    const now = call.get();
    if (event.key === 'm' && (isJoined(now.state) || now.state === 'connecting') && !now.pushToTalk) call.setMuted(!now.muted);
    if (event.key === 's') call.setSpeakerMuted(!now.speakerMuted);
  });
}
