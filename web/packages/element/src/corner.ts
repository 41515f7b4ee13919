// corner.ts — the button in the corner of the page: what everybody sees before a call. What it shows of a call is
// corner-call.ts, a later chunk.

import { AGAIN, PHONE } from './icons';
import { drawing, node, redraw, setAttributes, setText } from './nodes';

export interface Corner {
  readonly node: HTMLElement;
  readonly launcher: HTMLButtonElement;
  readonly icon: SVGSVGElement;
  /** Holds the label, and during a call the clock over it. */
  readonly text: HTMLElement;
  setLabel(text: string): void;
  /** The rest could not be loaded: a press tries again. */
  setFailed(failed: boolean): void;
  setOpen(open: boolean, panelId: string | null): void;
}

export interface CornerDeeds {
  readonly toggle: () => void;
  readonly intend: () => void;
}

export function createCorner(deeds: CornerDeeds): Corner {
  const icon = drawing(PHONE);
  const label = node('slot', { name: 'launcher-label' });
  const text = node('span', { class: 'text' }, node('span', { class: 'label', part: 'launcher-label' }, label));
  const launcher = node('button', { type: 'button', class: 'launcher', part: 'launcher', 'aria-haspopup': 'dialog', 'data-oh-state': 'idle' },
    node('span', { class: 'icon', part: 'launcher-icon' }, node('slot', { name: 'launcher-icon' }, icon)), text);
  launcher.addEventListener('click', deeds.toggle);
  for (const sign of ['pointerenter', 'focus', 'touchstart']) launcher.addEventListener(sign, deeds.intend, { passive: true });
  return {
    node: node('div', { class: 'corner' }, launcher),
    launcher, icon, text,
    setFailed(failed) { if (failed) redraw(icon, AGAIN); },
    setLabel(words) { setText(label, words); },
    setOpen(open, panelId) { setAttributes(launcher, { 'aria-expanded': String(open), 'aria-controls': panelId }); },
  };
}
