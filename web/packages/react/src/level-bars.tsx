'use client';
// level-bars.tsx — five bars that move with a voice. Writes one CSS variable per frame, draws nothing anew.

import { useEffect, useRef } from 'react';
import type { ReactElement, RefObject } from 'react';
import { drawLevels } from '@offhook/core/levels';
import type { CallHandle } from '@offhook/core';

export function useLevel(handle: CallHandle, side: 'local' | 'remote', active: boolean): RefObject<HTMLDivElement | null> {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null || !active) return;
    return drawLevels(handle, { local: [], remote: [], [side]: [element] });
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
