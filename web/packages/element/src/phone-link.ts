// phone-link.ts — the telephone as the other way, where the site has one.

import { say } from '@offhook/core/words';
import { node } from './nodes';
import type { Scene } from './scene';

export function createPhoneLink({ host, site, words }: Scene): HTMLElement | null {
  const number = host.getAttribute('tel') ?? site.tel ?? '';
  const dialled = number.replace(/[^\d+*#]/g, '');
  if (dialled === '') return null;
  return node('a', { class: 'secondary', part: 'secondary', href: `tel:${dialled}` }, say(words, 'phoneInstead', { number }));
}
