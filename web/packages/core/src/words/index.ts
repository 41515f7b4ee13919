// index.ts — @offhook/core/words: the dictionary, its languages and how to speak it. For the chunk after the launcher.

export { en } from './en';
export { fill, formatNumber, say, withLabels } from './words';
export type { Params, Plural, WordKey, Words, WordsOverrides } from './words';
export { errorWords, micPlaceOf } from './error-words';
export type { ErrorWords, MicPlace } from './error-words';
export { statusOf, waitOf } from './status';
export { speakDuration } from './spoken';
export { directionOf, negotiate } from './negotiate';
export type { Direction } from './negotiate';
export { LOCALES, loadWords, localeFor } from './locales';
export type { Locale, LocaleTag } from './locales';
export { LAUNCHER_WORDS, launcherWords } from './launcher-words';
export type { LauncherWords } from './launcher-words';
