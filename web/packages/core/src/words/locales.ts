// locales.ts — the languages we have, as they call themselves, and how to load one. English is always at hand.

import { en } from './en';
import { directionOf, negotiate } from './negotiate';
import type { Direction } from './negotiate';
import type { Words } from './words';

const NAMES = {
  ar: 'العربية',
  cs: 'Čeština',
  da: 'Dansk',
  de: 'Deutsch',
  el: 'Ελληνικά',
  en: 'English',
  es: 'Español',
  fa: 'فارسی',
  fi: 'Suomi',
  fr: 'Français',
  he: 'עברית',
  hi: 'हिन्दी',
  hu: 'Magyar',
  id: 'Bahasa Indonesia',
  it: 'Italiano',
  ja: '日本語',
  ko: '한국어',
  nb: 'Norsk bokmål',
  nl: 'Nederlands',
  pl: 'Polski',
  pt: 'Português',
  ro: 'Română',
  ru: 'Русский',
  sv: 'Svenska',
  th: 'ไทย',
  tr: 'Türkçe',
  uk: 'Українська',
  vi: 'Tiếng Việt',
  'zh-CN': '简体中文',
  'zh-TW': '繁體中文',
} as const;

export type LocaleTag = keyof typeof NAMES;

export interface Locale {
  readonly tag: LocaleTag;
  /** In the language itself, as a language picker shows it. */
  readonly name: string;
  readonly dir: Direction;
}

export const LOCALES: readonly Locale[] = (Object.keys(NAMES) as LocaleTag[])
  .map((tag) => ({ tag, name: NAMES[tag], dir: directionOf(tag) }));

const LOADERS: Readonly<Record<Exclude<LocaleTag, 'en'>, () => Promise<{ readonly words: Words }>>> = {
  ar: () => import('./ar'),
  cs: () => import('./cs'),
  da: () => import('./da'),
  de: () => import('./de'),
  el: () => import('./el'),
  es: () => import('./es'),
  fa: () => import('./fa'),
  fi: () => import('./fi'),
  fr: () => import('./fr'),
  he: () => import('./he'),
  hi: () => import('./hi'),
  hu: () => import('./hu'),
  id: () => import('./id'),
  it: () => import('./it'),
  ja: () => import('./ja'),
  ko: () => import('./ko'),
  nb: () => import('./nb'),
  nl: () => import('./nl'),
  pl: () => import('./pl'),
  pt: () => import('./pt'),
  ro: () => import('./ro'),
  ru: () => import('./ru'),
  sv: () => import('./sv'),
  th: () => import('./th'),
  tr: () => import('./tr'),
  uk: () => import('./uk'),
  vi: () => import('./vi'),
  'zh-CN': () => import('./zh-CN'),
  'zh-TW': () => import('./zh-TW'),
};

/** The best of our languages for these wishes, most wanted first; `offered` is the site's own list, if it has one. */
export function localeFor(wishes: readonly (string | null | undefined)[], offered?: readonly string[]): LocaleTag {
  const ours = Object.keys(NAMES) as LocaleTag[];
  const theirs = (offered ?? []).map((tag) => negotiate([tag], ours)).filter((tag) => tag !== undefined);
  const list = theirs.length > 0 ? theirs : ours;
  return (negotiate([...wishes, 'en'], list) ?? list[0] ?? 'en') as LocaleTag;
}

/** A chunk per language. When it cannot be loaded, English is better than nothing; the next call tries again. */
export async function loadWords(tag: LocaleTag): Promise<Words> {
  if (tag === 'en') return en;
  try {
    return (await LOADERS[tag]()).words;
  } catch {
    return en;
  }
}
