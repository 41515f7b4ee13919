// extras.ts — what only some pages want of the closed button: an accent colour, a way to send the button away.

import { launcherWords } from '@offhook/core/launcher-words';
import { accentProperties } from './colour';
import css from './extras.css?inline';
import type { Host } from './host';
import { CLOSE } from './icons';
import { drawing, node, setAttributes } from './nodes';
import { remember } from '@offhook/core/memory';
import { addStyle } from './style';

// Written by build.mjs; nothing where a bundler has no file of it.
declare const OFFHOOK_EXTRAS_STYLE: string | undefined;

export { accentProperties };

/** ✕ beside the button, unless a call is running. What is remembered is read in element.ts. */
export function drawDismiss(host: Host, shown: boolean): void {
  let badge = host.corner.node.querySelector<HTMLElement>('.badge');
  if (badge === null) {
    void addStyle(host.shadow, css, host.styleWays(typeof OFFHOOK_EXTRAS_STYLE === 'string' ? OFFHOOK_EXTRAS_STYLE : ''));
    badge = node('button', { type: 'button', class: 'badge', part: 'badge' }, drawing(CLOSE, 14));
    badge.addEventListener('click', () => {
      remember('dismissed', 'yes', host.getAttribute('dismissible') === 'session');
      host.draw();
      host.emit('oh-close', { dismissed: true });
    });
    host.corner.node.append(badge);
  }
  setAttributes(badge, { hidden: !shown, 'aria-label': launcherWords(host.wishes()).hide });
}
