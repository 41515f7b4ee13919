// corner-call.ts — what the button in the corner shows of a call: its state, and how long it has been going on.

import type { Corner } from './corner';
import { PHONE, WAVE } from './icons';
import { node, redraw, setAttributes, setText } from './nodes';
import { isInTrouble } from './status';

/** clock null: nobody is connected. The label stays the button's name, only out of sight. */
export function showCall({ launcher, icon, text }: Corner, state: string, active: boolean, clock: string | null): void {
  redraw(icon, active ? WAVE : PHONE);
  setAttributes(launcher, { 'data-oh-state': state, 'data-clock': clock !== null, 'data-wait': active && clock === null, 'data-warn': isInTrouble(state) });
  let time = text.querySelector<HTMLElement>('.clock');
  if (time === null) {
    time = node('span', { class: 'clock', 'aria-hidden': 'true' });
    text.append(time);
  }
  setText(time, clock ?? '');
}
