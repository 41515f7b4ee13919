// Every language: whole, in the right plural forms, with the places of English and within its size.
import { gzipSync } from 'node:zlib';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ERROR_CODES } from '../../src/index';
import { LAUNCHER_WORDS, LOCALES, en, errorWords, launcherWords, loadWords, localeFor, say, speakDuration, withLabels } from '../../src/words/index';
import type { LocaleTag, Words } from '../../src/words/index';
import { alphabetOf, pack, transcribe, unpack } from '../../src/words/pack';
import { packWords } from '../../words-plugin.mjs';

type Text = string | Readonly<Record<string, string>>;

/** All texts by path; plural forms stay together. */
function texts(words: object, prefix = ''): Map<string, Text> {
  const all = new Map<string, Text>();
  for (const [key, value] of Object.entries(words) as [string, Text][]) {
    const at = `${prefix}${key}`;
    if (typeof value === 'string' || 'other' in value) all.set(at, value);
    else for (const [inner, text] of texts(value, `${at}.`)) all.set(inner, text);
  }
  return all;
}

const formsOf = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const places = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([place]) => place).sort();
const graphemes = (text: string): number => [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].length;
const everyday = (locale: string): Set<string> => {
  // Numbers up to the millions and fractions: every category that the language has for them.
  const rules = new Intl.PluralRules(locale);
  return new Set([...Array.from({ length: 1000 }, (_, n) => n), 1e6, 2e6, 1.5].map((n) => rules.select(n)));
};

const ENGLISH = texts(en);
const loaded = new Map<LocaleTag, Words>();
beforeAll(async () => {
  for (const { tag } of LOCALES) loaded.set(tag, await loadWords(tag));
});
const wordsOf = (tag: LocaleTag): Words => {
  const words = loaded.get(tag);
  if (words === undefined) throw new Error(`no ${tag}`);
  return words;
};

it('P11 offers at least twenty languages, by the name each calls itself', () => {
  expect(LOCALES.length).toBeGreaterThanOrEqual(29);
  expect(new Set(LOCALES.map(({ name }) => name)).size).toBe(LOCALES.length);
  expect(LOCALES.filter(({ dir }) => dir === 'rtl').map(({ tag }) => tag)).toEqual(['ar', 'fa', 'he']);
  for (const { tag, dir } of LOCALES) {
    const { textInfo } = new Intl.Locale(tag) as unknown as { readonly textInfo: { readonly direction: string } };
    expect(textInfo.direction, tag).toBe(dir);
  }
});

describe.each(LOCALES.map(({ tag }) => tag))('%s', (tag) => {
  it('P11 knows itself and has exactly the texts of English', () => {
    expect(wordsOf(tag).locale).toBe(tag);
    expect([...texts(wordsOf(tag)).keys()]).toEqual([...ENGLISH.keys()]);
  });
  it('P11 loses and invents no place', () => {
    for (const [key, text] of texts(wordsOf(tag))) {
      const english = ENGLISH.get(key) ?? '';
      const wanted = places(typeof english === 'string' ? english : (english.other ?? ''));
      if (typeof text === 'string') expect(places(text), `${tag} ${key}`).toEqual(wanted);
      // "one minute", "two days" may be words of their own; the general form names the number.
      else for (const [category, form] of Object.entries(text)) {
        const own = places(form);
        if (!['zero', 'one', 'two'].includes(category) || own.length > 0) expect(own, `${tag} ${key} ${category}`).toEqual(wanted);
      }
    }
  });
  it('P11 has the plural forms of its language, no more and no fewer', () => {
    const needed = new Set([...everyday(tag), 'other']);
    for (const [key, text] of texts(wordsOf(tag))) {
      if (typeof text !== 'string') expect(new Set(Object.keys(text)), `${tag} ${key}`).toEqual(needed);
    }
  });
  it('P11 is clean: nothing empty, no stray blanks, nothing that breaks packing', () => {
    for (const [key, text] of texts(wordsOf(tag))) {
      for (const form of formsOf(text)) {
        expect(form, `${tag} ${key}`).not.toBe('');
        expect(form, `${tag} ${key}`).not.toMatch(/^\s|\s$|\s{2}|\n|\.\.\.|(?<!\S)"|oops/i);
        if (typeof text !== 'string') expect(form).not.toMatch(/[|=]/);
      }
    }
  });
  it('S28 has a short title and a way out for every error code', () => {
    for (const code of ERROR_CODES) {
      const { title, sentence } = errorWords(wordsOf(tag), code);
      expect(graphemes(title), `${code}: ${title}`).toBeLessThanOrEqual(60);
      expect(title).not.toMatch(/[.。।]$/);
      expect(sentence.length).toBeGreaterThan(3);
    }
  });
  it('S33 announces what happened with name and duration', () => {
    const words = wordsOf(tag);
    expect(say(words, 'said.connected', { name: 'Anna' })).toContain('Anna');
    const duration = speakDuration(252_000, words);
    expect(say(words, 'said.ended', { duration })).toContain(duration);
    expect(duration).toContain(new Intl.NumberFormat(tag).format(12));
    expect(duration).not.toMatch(/[{}]/);
    const said = Object.values(words.said);
    expect(new Set(said).size, 'no two announcements sound alike').toBe(said.length);
  });
  it('travels packed and comes back the same', () => {
    const packed = pack(wordsOf(tag));
    expect(unpack(packed)).toEqual(wordsOf(tag));
    const alphabet = alphabetOf(packed);
    expect(unpack(transcribe(packed, alphabet), alphabet)).toEqual(wordsOf(tag));
  });
  it('is one of the languages of the closed button', () => {
    const { locale, launcher, hide, retry } = launcherWords([tag]);
    expect([locale, launcher, hide, retry]).toEqual([tag, wordsOf(tag).launcher, wordsOf(tag).hide, wordsOf(tag).retry]);
  });
});

it('P11 differs from English in every language, text by text', () => {
  for (const { tag } of LOCALES) {
    if (tag === 'en') continue;
    const same = [...texts(wordsOf(tag))].filter(([key, text]) => key !== 'together' && JSON.stringify(text) === JSON.stringify(ENGLISH.get(key)));
    // A few words are international: "Volume", "Assistant", "Copy" are not forgotten ones.
    expect(same.length, `${tag}: ${same.map(([key]) => key).join(' ')}`).toBeLessThanOrEqual(3);
  }
});

it('N02 keeps each language under 3 KB gzip as esbuild ships it', async () => {
  const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../src/words');
  const { outputFiles, metafile } = await build({
    stdin: { contents: "export { loadWords } from './locales';", resolveDir: folder, loader: 'ts' },
    outdir: folder, bundle: true, splitting: true, format: 'esm', minify: true, write: false, metafile: true, plugins: [packWords()],
  });
  const sizes = new Map<string, number>();
  for (const [name, output] of Object.entries(metafile.outputs)) {
    const tag = /words\/([a-z]{2}(?:-[A-Z]{2})?)\.ts$/.exec(Object.keys(output.inputs)[0] ?? '')?.[1];
    const file = outputFiles.find((item) => item.path.endsWith(path.basename(name)));
    if (tag !== undefined && file !== undefined) sizes.set(tag, gzipSync(file.contents, { level: 9 }).length);
  }
  expect([...sizes.keys()].filter((tag) => tag !== 'en').sort()).toEqual(LOCALES.map(({ tag }) => tag as string).filter((tag) => tag !== 'en').sort());
  for (const [tag, size] of sizes) if (tag !== 'en') expect(size, tag).toBeLessThanOrEqual(3072);
  const launcher = gzipSync(JSON.stringify(LAUNCHER_WORDS), { level: 9 }).length;
  expect(launcher).toBeLessThanOrEqual(1600);
}, 60_000);

describe('choosing a language', () => {
  it.each([
    ['pt-PT', 'pt'], ['pt-BR', 'pt'], ['de-CH-1901', 'de'], ['en-XA', 'en'], ['zh-Hant-HK', 'zh-TW'], ['zh-HK', 'zh-TW'], ['zh-Hant', 'zh-TW'],
    ['zh-TW', 'zh-TW'], ['zh', 'zh-CN'], ['zh-Hans-TW', 'zh-CN'], ['zh_SG', 'zh-CN'], ['nb-NO', 'nb'], ['no', 'nb'], ['nn-NO', 'nb'], ['iw', 'he'],
    ['iw-IL', 'he'], ['in-ID', 'id'], ['mo', 'ro'], ['ES-419', 'es'], ['fr_CA', 'fr'], ['xx', 'en'], ['', 'en'], ['*', 'en'], ['constructor', 'en'],
  ])('P11 %s is served as %s', (wish, tag) => { expect(localeFor([wish])).toBe(tag); });
  it('P11 takes the first wish that can be met', () => {
    expect(localeFor([null, undefined, 'xx', 'ja-JP', 'de'])).toBe('ja');
    expect(localeFor([])).toBe('en');
  });
  it('P12 stays within the list of the site', () => {
    expect(localeFor(['fr', 'de'], ['de-DE', 'pt-PT'])).toBe('de');
    expect(localeFor(['fr'], ['de', 'it'])).toBe('de');
    expect(localeFor(['fr'], ['de', 'en'])).toBe('en');
    expect(localeFor(['fr'], ['klingon'])).toBe('fr');
  });
  it('P11 falls back to English when a language does not load', async () => {
    vi.resetModules();
    vi.doMock('../../src/words/sv', () => { throw new Error('offline'); });
    const { loadWords: load } = await import('../../src/words/locales');
    expect((await load('sv')).locale).toBe('en');
    vi.doUnmock('../../src/words/sv');
    vi.resetModules();
  });
});

describe('a page that brings its own words', () => {
  it('P10 replaces any text, group or plural, and keeps the rest', () => {
    const own = withLabels(en, { start: 'Ring us', errors: { NO_ANSWER: 'We are at lunch' }, queueWait: { other: '{count} min' }, said: { opened: 'Hello' } });
    expect(own.start).toBe('Ring us');
    expect(errorWords(own, 'NO_ANSWER').title).toBe('We are at lunch');
    expect(errorWords(own, 'CAPACITY').title).toBe(en.errors.CAPACITY);
    expect(say(own, 'queueWait', { count: 1 })).toBe('1 min');
    expect(own.said.opened).toBe('Hello');
    expect(own.said.calling).toBe(en.said.calling);
    expect(en.start).toBe('Start voice call');
  });
  it('P10 changes nothing when it brings nothing', () => {
    expect(withLabels(en, undefined)).toBe(en);
    expect(withLabels(en, {})).toEqual(en);
  });
});
