'use client';
// use-return-of-focus.ts — when the panel closes, the keyboard goes back to the button that opened it.

import { useEffect, useRef } from 'react';
import type { RefObject } from 'react';

export function useReturnOfFocus(open: boolean, root: RefObject<HTMLElement | null>, launcher: RefObject<HTMLElement | null>): void {
  const opener = useRef<Element | null>(null);
  useEffect(() => {
    if (!open) return;
    opener.current = document.activeElement;
    const [own, button] = [root.current, launcher.current];
    return () => {
      const active = document.activeElement;
      // The person may be somewhere else by now: leave them there.
      if (active !== null && active !== document.body && own?.contains(active) !== true) return;
      const target = button ?? opener.current;
      if (target instanceof HTMLElement) target.focus({ preventScroll: true });
    };
  }, [open, root, launcher]);
}
