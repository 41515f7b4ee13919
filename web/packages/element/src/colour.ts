// colour.ts — a page's accent colour, made readable: WCAG contrast is computed, not hoped for.

import { contrast, mix } from '@offhook/core/colour';
import type { Rgb } from '@offhook/core/colour';

/** Any CSS colour the browser knows → its channels; null for anything else. */
export function readColour(text: string): Rgb | null {
  // A canvas normalises colours without touching layout; two different starting values unmask what it ignored.
  const pen = document.createElement('canvas').getContext('2d');
  if (pen === null) return null;
  const [one, other] = ['#000', '#fff'].map((before) => {
    pen.fillStyle = before;
    pen.fillStyle = text;
    return pen.fillStyle;
  });
  const hex = one === other ? /^#(..)(..)(..)$/.exec(one ?? '') : null;
  return hex === null ? null : hex.slice(1).map((part) => parseInt(part, 16)) as unknown as Rgb;
}

const write = (colour: Rgb): string => `rgb(${colour.join()})`;

const WHITE: Rgb = [255, 255, 255];
const DARK: Rgb = [23, 32, 29]; // the panel's surface in the dark
const TEXT = 4.5; // WCAG 1.4.3
const SHAPE = 3; // WCAG 1.4.11

/** The custom properties that follow from an accent; null when it is no colour. */
export function accentProperties(accent: string, dark: boolean): Readonly<Record<string, string>> | null {
  const wish = readColour(accent);
  if (wish === null) return null;
  const [ground, away] = dark ? [DARK, 255] : [WHITE, 0];
  /** Moved away from the ground just far enough to stand out from it. */
  const until = (ratio: number): Rgb => {
    let share = 0;
    while (share < 1 && contrast(mix(wish, away, share), ground) < ratio) share += 0.05;
    return mix(wish, away, Math.min(1, share));
  };
  const fill = until(SHAPE);
  const on = contrast(fill, WHITE) >= TEXT ? 255 : 0; // one of them always has 4.5
  return {
    '--oh-accent': write(fill),
    // Away from what is written on it, so that hovering never costs contrast.
    '--oh-accent-strong': write(mix(fill, 255 - on, 0.16)),
    '--oh-accent-text': write(until(TEXT)),
    '--oh-on-accent': write([on, on, on]),
  };
}
