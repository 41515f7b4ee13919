// before-view.ts — the panel before a call: what happens when you press Start, and Start.

import { MIC, PHONE } from './panel-icons';
import { drawing, node, setAttributes, setText } from './nodes';
import { createPhoneLink } from './phone-link';
import { consentOf, presetOf } from './scene';
import type { Scene, View } from './scene';

export function createBeforeView(scene: Scene): View {
  const { words, site, host, call: handle } = scene;
  const label = node('span', {}, words.start);
  const start = node('button', { type: 'button', class: 'primary', part: 'primary', 'data-autofocus': '' }, drawing(PHONE, 18), label);
  start.addEventListener('click', () => {
    setText(label, words.opening);
    void scene.start().then(() => { setText(label, words.start); });
  });
  const takeOver = node('button', { type: 'button', class: 'link' }, words.takeOver);
  takeOver.addEventListener('click', () => { void handle.takeOver(); });
  const elsewhere = node('div', { class: 'notice', role: 'group', 'aria-label': words.elsewhere }, node('span', {}, words.elsewhere), takeOver);
  const mode = consentOf(scene);
  const own = node('slot');
  if (mode === 'choice') host.recording = host.recording === true; // nobody is recorded who has not said so
  if (mode === 'choice' || (site.languages?.length ?? 0) > 1) void import('./sheets').then((sheets) => sheets.complete(scene, start, own), () => undefined);
  return {
    node: node('div', { class: 'view before' },
      node('slot', { name: 'intro' },
        node('p', { class: 'intro-title' }, words.introTitle),
        node('p', { class: 'intro' }, presetOf(scene, 'greeting') ?? words.intro)),
      elsewhere,
      start,
      createPhoneLink(scene),
      mode === 'notice' && node('p', { class: 'small' }, presetOf(scene, 'terms') ?? words.consentRecorded),
      node('p', { class: 'small' }, drawing(MIC, 14), words.micPromise),
      own),
    update(call) { setAttributes(elsewhere, { hidden: !call.elsewhere }); },
  };
}
