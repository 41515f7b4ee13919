// words.ts — the shape of everything the button says, and how a sentence is filled in. No sentence is glued together from
// parts: `{name}` is a place in a template, and what depends on a number is a set of plural forms (CLDR categories).

import type { en } from './en';
import { directionOf } from './negotiate';

export type PluralCategory = 'zero' | 'one' | 'two' | 'few' | 'many' | 'other';
export type Plural = { readonly other: string } & Readonly<Partial<Record<PluralCategory, string>>>;

type Widened<T> = T extends string ? string
  : T extends { readonly other: string; readonly one: string } ? Plural
    : { readonly [K in keyof T]: Widened<T[K]> };

/** The dictionary of one language. A key that English has and another language lacks is a type error there. */
export type Words = Widened<typeof en>;

/** What a page may replace (the `labels` of React and of the element): any text, one by one. */
export type WordsOverrides = {
  readonly [K in keyof Words]?: Words[K] extends string | Plural ? Words[K] : Partial<Words[K]>;
};

type English = typeof en;
type GroupKey = { [K in keyof English]: English[K] extends string | { readonly other: string; readonly one: string } ? never : K }[keyof English];
/** "joined", "said.connected": a text by its path. */
export type WordKey = Exclude<keyof English, GroupKey> | { [G in GroupKey]: `${G}.${keyof English[G] & string}` }[GroupKey];

type At<K> = K extends keyof English ? English[K]
  : K extends `${infer G extends GroupKey}.${infer L}` ? (L extends keyof English[G] ? English[G][L] : never) : never;
type Template<T> = T extends string ? T : T extends { readonly other: infer O } ? O : never;
type Places<T> = T extends `${string}{${infer P}}${infer Rest}` ? P | Places<Rest> : never;

/** The values that the text under this key has places for. */
export type Params<K extends WordKey> = Readonly<Record<Places<Template<At<K>>>, string | number>>;

export type Dress = (value: string | number) => string;

/** Fills a template; a place without a value stays visible, so that nobody misses it. */
export function fill(template: string, params: Readonly<Record<string, string | number>>, dress: Dress = String): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = params[name];
    return value === undefined ? place : dress(value);
  });
}

export function formatNumber(value: number, locale: string): string {
  try {
    return new Intl.NumberFormat(locale).format(value);
  } catch {
    return String(value);
  }
}

export function categoryOf(count: number, locale: string): PluralCategory {
  try {
    return new Intl.PluralRules(locale).select(count);
  } catch {
    return count === 1 ? 'one' : 'other';
  }
}

/** A name in Latin letters must not shuffle a sentence that runs from right to left (and the other way round). */
function dressFor(locale: string): Dress {
  const rtl = directionOf(locale) === 'rtl';
  return (value) => {
    if (typeof value === 'number') return formatNumber(value, locale);
    return rtl ? `\u2068${value}\u2069` : value;
  };
}

function find(words: Words, key: string): string | Plural {
  let found: unknown = words;
  for (const part of key.split('.')) found = (found as Readonly<Record<string, unknown>>)[part];
  return found as string | Plural;
}

/** The text under `key`, filled in: say(words, 'joined', { name: 'Anna' }) → "Anna joined". */
export function say<K extends WordKey>(words: Words, key: K, ...rest: Places<Template<At<K>>> extends never ? [] : [params: Params<K>]): string {
  const params: Readonly<Record<string, string | number>> = rest[0] ?? {};
  const text = find(words, key);
  if (typeof text === 'string') return fill(text, params, dressFor(words.locale));
  const category = categoryOf(Number(params.count), words.locale);
  return fill(text[category] ?? text.other, params, dressFor(words.locale));
}

const isGroup = (value: unknown): value is object => typeof value === 'object' && value !== null && !('other' in value);

/** The page's own wording over ours. */
export function withLabels(words: Words, labels: WordsOverrides | undefined): Words {
  if (labels === undefined) return words;
  const own: Record<string, unknown> = { ...words };
  for (const [key, value] of Object.entries(labels) as [string, unknown][]) {
    if (value === undefined) continue;
    const base = own[key];
    own[key] = isGroup(value) && isGroup(base) ? { ...base, ...value } : value;
  }
  return own as unknown as Words;
}
