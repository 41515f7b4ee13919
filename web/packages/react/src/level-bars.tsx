'use client';
// level-bars.tsx — five bars that move with a voice. Writes one CSS variable per frame, draws nothing anew.

import { useEffect, useRef } from 'react';
import type { ReactElement, RefObject } from 'react';
import type { CallHandle } from '@offhook/core';

const FRAME_MS = 33; // 30 pictures a second are enough for bars
const CALM_MS = 500; // and two for people who asked for less motion

export function useLevel(handle: CallHandle, side: 'local' | 'remote', active: boolean): RefObject<HTMLDivElement | null> {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null || !active) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    let frame = 0;
    let last = -CALM_MS;
    let shown = 0;
    // The browser stops animation frames by itself while the page is hidden.
    const draw = (time: number): void => {
      frame = requestAnimationFrame(draw);
      if (time - last < (calm ? CALM_MS : FRAME_MS)) return;
      last = time;
      const level = handle.levels()[side];
      // Rises at once, falls slowly: easier to read than the raw value.
      shown = Math.max(level, shown * 0.8);
      element.style.setProperty('--oh-level', shown.toFixed(2));
    };
    frame = requestAnimationFrame(draw);
    return () => {
      cancelAnimationFrame(frame);
      element.style.setProperty('--oh-level', '0');
    };
  }, [handle, side, active]);
  return ref;
}

export function LevelBars({ handle, side, active }: { handle: CallHandle; side: 'local' | 'remote'; active: boolean }): ReactElement {
  const ref = useLevel(handle, side, active);
  return (
    <div ref={ref} className="oh-bars" data-oh-side={side} data-oh-active={active} aria-hidden="true">
      <i /><i /><i /><i /><i />
    </div>
  );
}
