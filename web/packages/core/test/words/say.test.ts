// Templates, plurals, numbers, durations, the disguise, and what does not compile.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { en, errorWords, fill, formatNumber, loadWords, micPlaceOf, say, speakDuration } from '../../src/words/index';
import type { Words } from '../../src/words/index';
import { pseudo } from '../../src/words/pseudo';

afterEach(() => { vi.unstubAllGlobals(); });

it('P11 fills places with names and numbers as the language writes them', async () => {
  expect(say(en, 'joined', { name: 'Anna' })).toBe('Anna joined');
  expect(say(en, 'retryIn', { seconds: 30 })).toBe('Try again in 30 s');
  expect(say(en, 'warnings.muted-talking')).toBe('You are muted');
  expect(say(await loadWords('fa'), 'retryIn', { seconds: 30 })).toContain('۳۰');
  expect(formatNumber(1234.5, 'de')).toBe('1.234,5');
});
it('P11 puts a foreign name into a sentence from right to left without shuffling it', async () => {
  expect(say(await loadWords('he'), 'joined', { name: 'Anna (2)' })).toBe('\u2068Anna (2)\u2069 בשיחה');
  expect(say(en, 'joined', { name: 'دانا' })).toBe('دانا joined');
});
it('never treats a value as a template', () => {
  expect(say(en, 'joined', { name: '{name} $& $1' })).toBe('{name} $& $1 joined');
  expect(fill('{a}{b}', { a: '{b}', b: 'x' })).toBe('{b}x');
  expect(fill('{a} {gone}', { a: 1 })).toBe('1 {gone}');
});
it('P11 counts as each language does', async () => {
  const count = async (tag: Parameters<typeof loadWords>[0], numbers: number[]): Promise<string[]> => {
    const words = await loadWords(tag);
    return numbers.map((n) => say(words, 'minutes', { count: n }));
  };
  expect(await count('en', [0, 1, 2])).toEqual(['0 minutes', '1 minute', '2 minutes']);
  expect(await count('ru', [1, 3, 5, 11, 21, 22])).toEqual(['1 минуту', '3 минуты', '5 минут', '11 минут', '21 минуту', '22 минуты']);
  expect(await count('pl', [1, 2, 5, 12, 22])).toEqual(['1 minuta', '2 minuty', '5 minut', '12 minut', '22 minuty']);
  expect(await count('ar', [1, 2, 3, 11, 100])).toEqual(['دقيقة واحدة', 'دقيقتان', '3 دقائق', '11 دقيقة', '100 دقيقة']);
  expect(await count('ro', [1, 5, 20])).toEqual(['1 minut', '5 minute', '20 de minute']);
  expect(await count('ja', [1, 2])).toEqual(['1 分', '2 分']);
});
it.each([
  ['en', '1 hour 2 minutes'], ['de', '1 Stunde 2 Minuten'], ['fr', '1 heure 2 minutes'], ['cs', '1 hodina 2 minuty'], ['he', 'שעה אחת ו-שתי דקות'], ['zh-CN', '1 小时 2 分钟'],
] as const)('S33 speaks an hour and two minutes in %s', async (tag, spoken) => {
  expect(speakDuration(3_725_000, await loadWords(tag)).replace(/[\u2068\u2069]/g, '')).toBe(spoken);
});
it('P11 works in a browser without Intl.PluralRules or with a locale it does not know', () => {
  expect(formatNumber(5, 'not a locale')).toBe('5');
  vi.stubGlobal('Intl', {});
  expect(say(en, 'minutes', { count: 1 })).toBe('1 minute');
  expect(say(en, 'minutes', { count: 3 })).toBe('3 minutes');
});

describe('S28 the help for a blocked microphone', () => {
  const AGENTS = {
    chrome: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36',
    edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0',
    firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    safari: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    iphone: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    android: 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36',
  };
  it.each([
    ['chrome', false, 'chrome'], ['edge', false, 'chrome'], ['firefox', false, 'firefox'], ['safari', false, 'safari'], ['iphone', false, 'ios'],
    ['android', false, 'chrome'], ['android', true, 'android'], ['safari', true, 'mac'], ['edge', true, 'windows'], ['chrome', true, 'site'],
  ] as const)('%s (system: %s) → %s', (agent, system, place) => {
    expect(micPlaceOf(AGENTS[agent], system)).toBe(place);
    expect(errorWords(en, system ? 'MIC_DENIED_SYSTEM' : 'MIC_DENIED', place).sentence).toBe(en.micHelp[place]);
  });
});

it('P11 has a disguise that shows what is not translatable', () => {
  const words = pseudo();
  expect(words.start).toMatch(/^\[Štárt vöîçé çáll .+\]$/);
  expect(words.start.length).toBeGreaterThanOrEqual(en.start.length * 1.4);
  expect(say(words, 'joined', { name: 'Anna' })).toMatch(/^\[Anna jöîñéd .+\]$/);
  expect(say(words, 'minutes', { count: 1 })).toMatch(/^\[1 mîñüté .+\]$/);
});

it('P11 makes a missing or unknown text a type error (checked by tsc)', () => {
  // @ts-expect-error: a language without the rest of the texts is no dictionary
  const partial: Words = { locale: 'xx', start: 'Go' };
  // @ts-expect-error: nor is one whose plural lacks its general form
  const plural: Words['minutes'] = { one: 'a minute' };
  // @ts-expect-error: nor one with an error code left out
  const errors: Words['errors'] = { MIC_DENIED: 'No' };
  const wrong = (): string[] => [
    // @ts-expect-error: this text does not exist
    say(en, 'strat'),
    // @ts-expect-error: this one needs a name
    say(en, 'joined'),
    // @ts-expect-error: and no other value than a name
    say(en, 'joined', { nmae: 'Anna' }),
  ];
  expect([partial, plural, errors, wrong]).toHaveLength(4);
});
