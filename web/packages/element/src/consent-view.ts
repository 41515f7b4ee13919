// consent-view.ts — what a visitor agrees to before the first call, once per version of the terms; or a choice before each.

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

/** Two answers, and either calls: nobody is recorded who has not said so. */
export function createRecordingChoice(scene: Scene): HTMLElement {
  const { words, host } = scene;
  const answer = (value: boolean, name: string): HTMLElement => {
    const radio = node('input', { type: 'radio', name: 'record' });
    radio.checked = host.recording === value;
    radio.addEventListener('change', () => { host.recording = value; });
    return node('label', { class: 'choice' }, radio, name);
  };
  return node('fieldset', { class: 'answers' },
    node('legend', { dir: 'auto' }, presetOf(scene, 'terms') ?? words.consentRecorded), answer(true, words.recordYes), answer(false, words.recordNo));
}
