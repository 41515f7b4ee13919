// launcher-words.ts — the few words of the closed button in every language: they are in the first chunk, so that the
// button never changes its text after it was drawn. [the button, hide it, try again (when the rest could not be loaded)]

import { negotiate } from './negotiate';

export { directionOf } from './negotiate';
export type { Direction } from './negotiate';

export const LAUNCHER_WORDS: Readonly<Record<string, string>> = {
  de: 'Sprechen Sie mit uns|Diese Schaltfläche ausblenden|Erneut versuchen',
  en: 'Talk to us|Hide this button|Try again',
};

export interface LauncherWords {
  readonly locale: string;
  readonly launcher: string;
  readonly hide: string;
  readonly retry: string;
}

/** For these wishes, most wanted first (a `lang` attribute, the page's language, navigator.languages). */
export function launcherWords(wishes: readonly (string | null | undefined)[]): LauncherWords {
  const locale = negotiate(wishes, Object.keys(LAUNCHER_WORDS)) ?? 'en';
  const [launcher = '', hide = '', retry = ''] = (LAUNCHER_WORDS[locale] ?? '').split('|');
  return { locale, launcher, hide, retry };
}
