// levels.ts — bars that move with the voices. One CSS variable per frame and side, nothing is laid out anew.

import type { CallHandle } from './call';

const FRAME_MS = 33; // 30 pictures a second are enough for bars
const CALM_MS = 500; // and two for people who asked for less motion

export interface LevelTargets {
  readonly local: readonly HTMLElement[];
  readonly remote: readonly HTMLElement[];
}

/** Draws until stopped. Browsers pause it in hidden pages by themselves. */
export function drawLevels(call: CallHandle, targets: LevelTargets): () => void {
  const pause = matchMedia('(prefers-reduced-motion: reduce)').matches ? CALM_MS : FRAME_MS;
  const shown = { local: 0, remote: 0 };
  let last = -CALM_MS;
  let frame = 0;
  const write = (side: 'local' | 'remote', level: number): void => {
    // Rises at once, falls slowly: easier to read than the raw value.
    shown[side] = Math.max(level, shown[side] * 0.8);
    for (const target of targets[side]) target.style.setProperty('--oh-level', shown[side].toFixed(2));
  };
  const draw = (time: number): void => {
    frame = requestAnimationFrame(draw);
    if (time - last < pause) return;
    last = time;
    const levels = call.levels();
    write('local', levels.local);
    write('remote', levels.remote);
  };
  frame = requestAnimationFrame(draw);
  return () => {
    cancelAnimationFrame(frame);
    for (const target of [...targets.local, ...targets.remote]) target.style.setProperty('--oh-level', '0');
  };
}
