// looks.ts — where the element sits and how it is coloured, from its attributes and the site's own settings.
// Writes through the CSSOM only (style.setProperty): a style-src without 'unsafe-inline' has nothing against that.

import { setAttributes } from './nodes';

export const PLACEMENTS = ['bottom-end', 'bottom-center', 'bottom-start', 'top-end', 'top-center', 'top-start'] as const;
export type Placement = (typeof PLACEMENTS)[number];

export interface Looks {
  readonly placement: string | null;
  readonly variant: string | null;
  readonly inline: boolean;
  readonly dir: 'ltr' | 'rtl';
  readonly dark: boolean;
  /** The custom properties of the page's own colour (colour.ts). */
  readonly accent: Readonly<Record<string, string>> | null;
  readonly radius: string | null;
  readonly z: string | null;
}

/** 'bottom-end' in a right-to-left page is on the left; physical, because the oldest browsers have no logical insets. */
export function sideOf(placement: string, dir: 'ltr' | 'rtl'): 'left' | 'right' | 'center' {
  if (/center$|^(top|bottom)$/.test(placement)) return 'center';
  if (placement.endsWith('left')) return 'left';
  if (placement.endsWith('right')) return 'right';
  return placement.endsWith('start') === (dir === 'ltr') ? 'left' : 'right';
}

const ACCENT = ['--oh-accent', '--oh-accent-strong', '--oh-accent-text', '--oh-on-accent'];

/** "12" → "12px": what a person writes for a length. */
const lengthOf = (value: string): string => (/^\d+(\.\d+)?$/.test(value) ? `${value}px` : value);

export function applyLooks(host: HTMLElement, root: HTMLElement, looks: Looks): void {
  const placement = looks.placement ?? 'bottom-end';
  setAttributes(root, {
    dir: looks.dir,
    'data-inline': looks.inline,
    'data-block': placement.startsWith('top') ? 'top' : 'bottom',
    'data-side': sideOf(placement, looks.dir),
    'data-variant': looks.variant,
  });
  setAttributes(host, { 'data-oh-dark': looks.dark });
  const set = (name: string, value: string | null | undefined): void => { root.style.setProperty(name, value ?? ''); }; // '' removes it
  for (const name of ACCENT) set(name, looks.accent?.[name]);
  set('--oh-radius', looks.radius === null ? null : lengthOf(looks.radius));
  set('--oh-z', looks.z);
}
