'use client';
// use-look.ts — puts the page's colours and measures on the root element. Through the DOM, not as attributes in the markup:
// a strict Content-Security-Policy forbids those.

import { useEffect, useLayoutEffect } from 'react';
import type { RefObject } from 'react';
import type { FloatingCallButtonProps } from './props';

/** React 18 warns about layout effects on the server. */
export const useBrowserLayoutEffect = typeof window === 'undefined' ? useEffect : useLayoutEffect;

type Look = Pick<FloatingCallButtonProps, 'accent' | 'radius' | 'font' | 'offset' | 'zIndex' | 'theme'>;

const px = (value: number | string | undefined): string | undefined => (typeof value === 'number' ? `${String(value)}px` : value);

export function useLook(root: RefObject<HTMLElement | null>, { accent, radius, font, offset, zIndex, theme }: Look): void {
  const [inline, block] = typeof offset === 'number' ? [offset, offset] : (offset ?? []);
  useBrowserLayoutEffect(() => {
    const element = root.current;
    if (element === null) return;
    const set = (name: string, value: string | undefined): void => {
      if (value === undefined) element.style.removeProperty(name);
      else element.style.setProperty(name, value);
    };
    set('--oh-radius', px(radius));
    set('--oh-font', font);
    set('--oh-offset-inline', px(inline));
    set('--oh-offset-block', px(block));
    set('--oh-z', zIndex === undefined ? undefined : String(zIndex));
    if (accent === undefined) return;
    set('--oh-accent', accent);
    let unpaint: (() => void) | undefined;
    let shown = true;
    // What stands on the colour follows a moment later: judging colours is not for the first chunk.
    void import('./contrast').then(({ keepReadable }) => {
      if (shown) unpaint = keepReadable(element, accent);
    }, () => undefined);
    return () => {
      shown = false;
      set('--oh-accent', undefined);
      unpaint?.();
    };
  }, [root, accent, radius, font, inline, block, zIndex, theme]);
}
