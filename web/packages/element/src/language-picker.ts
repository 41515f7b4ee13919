// language-picker.ts — the languages of the button, each under its own name.

import { localeFor, LOCALES } from '@offhook/core/words';
import { node } from './nodes';
import type { Scene } from './scene';

export function createLanguagePicker({ host, site, words }: Scene): HTMLElement {
  const offered = site.languages?.map((tag) => localeFor([tag])) ?? LOCALES.map(({ tag }) => tag);
  const select = node('select', {}, ...LOCALES.filter(({ tag }) => offered.includes(tag)).map(({ tag, name, dir }) =>
    node('option', { value: tag, lang: tag, dir, selected: tag === words.locale }, name)));
  select.addEventListener('change', () => { host.speak(select.value); });
  return node('label', { class: 'field' }, words.language, select);
}
