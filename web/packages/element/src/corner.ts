// corner.ts — the button in the corner of the page: what everybody sees, before and beside a call.

import { CLOSE, PHONE, WAVE } from './icons';
import { drawing, node, redraw, setAttributes, setText } from './nodes';

export interface Corner {
  readonly node: HTMLElement;
  readonly launcher: HTMLButtonElement;
  setLabel(text: string): void;
  /** ✕ beside the button; null: the button cannot be sent away. */
  setDismiss(name: string | null): void;
  /** What the button shows of a call; clock null: no call is running. */
  setCall(state: string, active: boolean, clock: string | null): void;
  setOpen(open: boolean, panelId: string | null): void;
}

export interface CornerDeeds {
  readonly toggle: () => void;
  readonly intend: () => void;
  readonly dismiss: () => void;
}

export function createCorner(deeds: CornerDeeds): Corner {
  const icon = drawing(PHONE);
  const label = node('span', { class: 'launcher-label', part: 'launcher-label' }, node('slot', { name: 'launcher-label' }));
  const fallback = label.firstElementChild as HTMLSlotElement;
  const clock = node('span', { class: 'clock', 'aria-hidden': 'true', hidden: true });
  const launcher = node('button', {
    type: 'button', class: 'launcher', part: 'launcher', 'aria-haspopup': 'dialog', 'aria-expanded': 'false', 'data-oh-state': 'idle',
  }, node('span', { class: 'launcher-icon', part: 'launcher-icon' }, node('slot', { name: 'launcher-icon' }, icon)), label, clock);
  launcher.addEventListener('click', deeds.toggle);
  for (const sign of ['pointerenter', 'focus', 'touchstart']) launcher.addEventListener(sign, deeds.intend, { passive: true });
  const badge = node('button', { type: 'button', class: 'badge', part: 'badge', hidden: true }, drawing(CLOSE, 14));
  badge.addEventListener('click', deeds.dismiss);

  return {
    node: node('div', { class: 'corner' }, launcher, badge),
    launcher,
    setLabel(text) { setText(fallback, text); },
    setDismiss(name) { setAttributes(badge, { hidden: name === null, 'aria-label': name }); },
    setCall(state, active, time) {
      redraw(icon, active ? WAVE : PHONE);
      setAttributes(launcher, { 'data-oh-state': state, 'data-clock': time !== null });
      setAttributes(clock, { hidden: time === null });
      label.className = time === null ? 'launcher-label' : 'launcher-label said'; // its words stay the button's name
      setText(clock, time ?? '');
    },
    setOpen(open, panelId) { setAttributes(launcher, { 'aria-expanded': String(open), 'aria-controls': panelId }); },
  };
}
