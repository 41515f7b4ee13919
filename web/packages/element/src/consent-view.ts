// consent-view.ts — what a visitor agrees to before the first call, once per version of the terms.

import { say } from '@offhook/core/words';
import { node } from './nodes';
import { presetOf } from './scene';
import type { Scene, View } from './scene';

export function createConsentView(scene: Scene, agreed: () => void): View {
  const { words, site, host } = scene;
  const agree = node('button', { type: 'button', class: 'primary', part: 'primary', 'data-autofocus': '' }, words.agree);
  agree.addEventListener('click', agreed);
  const decline = node('button', { type: 'button', class: 'secondary', part: 'secondary' }, words.decline);
  decline.addEventListener('click', () => { scene.show(null); });
  const text = presetOf(scene, 'terms') ?? say(words, 'consentText', { name: site.name ?? new URL(host.base).host });
  return {
    node: node('div', { class: 'view sheet' },
      node('slot', { name: 'consent' }, node('p', { class: 'sentence' }, text)),
      node('div', {}, agree, decline)),
    update() { /* nothing changes while one reads */ },
  };
}
