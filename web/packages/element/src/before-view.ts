// before-view.ts — the panel before a call: what happens when you press Start, and Start.

import { MIC, PHONE } from './panel-icons';
import { drawing, node } from './nodes';
import type { Scene, View } from './scene';

export function createBeforeView(scene: Scene): View {
  const { words } = scene;
  const start = node('button', { type: 'button', class: 'primary', part: 'primary', 'data-autofocus': '' }, drawing(PHONE, 18), words.start);
  start.addEventListener('click', () => { scene.start(); });
  return {
    node: node('div', { class: 'view before' },
      node('slot', { name: 'intro' },
        node('p', { class: 'intro-title' }, words.introTitle),
        node('p', { class: 'intro' }, words.intro)),
      start,
      node('p', { class: 'small' }, drawing(MIC, 14), words.micPromise),
      node('slot')),
    update() { /* nothing changes before a call */ },
  };
}
