// pack.ts — a dictionary as one string, in the order of English: the names of the keys travel once, not with every
// language. words-plugin.mjs packs when a bundle is built; this module unpacks in the browser.

import { en } from './en';
import type { Words } from './words';

/** What an alphabet changes places with: letters of one byte, which other scripts hardly use. */
const LATIN = 'etaoinsrhldcumfpgwybvkxjqzETAOINSRHLDCUMFPGWYBVKXJQZ';

/** Swaps the n-th letter of `alphabet` with the n-th of LATIN, both ways: done twice, nothing has changed. */
export function transcribe(text: string, alphabet: string): string {
  const other: Record<string, string> = {};
  for (let i = 0; i < alphabet.length; i++) {
    other[alphabet.charAt(i)] = LATIN.charAt(i);
    other[LATIN.charAt(i)] = alphabet.charAt(i);
  }
  return text.replace(/[^]/g, (letter) => other[letter] ?? letter);
}

/** The most frequent letters of two bytes and more, as many as can change places. */
export function alphabetOf(text: string): string {
  const counts = new Map<string, number>();
  for (const letter of text) if (letter.length === 1 && letter > '\x7f') counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, LATIN.length).map(([letter]) => letter).join('');
}

interface Tree {
  readonly [key: string]: string | Tree;
}

/** Texts are lines; plural forms of one text are `category=form`, kept apart by `|`. */
export function pack(words: Words): string {
  const lines: string[] = [];
  const walk = (shape: Tree, values: Tree): void => {
    for (const key of Object.keys(shape)) {
      const [form, value] = [shape[key], values[key]];
      if (typeof value === 'string') lines.push(value);
      else if (typeof form === 'object' && value !== undefined) {
        if ('other' in form) lines.push(Object.entries(value as Readonly<Record<string, string>>).map((pair) => pair.join('=')).join('|'));
        else walk(form, value);
      }
    }
  };
  walk(en, words);
  return lines.join('\n');
}

export function unpack(packed: string, alphabet = ''): Words {
  const lines = (alphabet === '' ? packed : transcribe(packed, alphabet)).split('\n');
  let next = 0;
  const walk = (shape: Tree): Tree => {
    const made: Record<string, string | Tree> = {};
    for (const key of Object.keys(shape)) {
      const form = shape[key];
      if (typeof form === 'object' && !('other' in form)) {
        made[key] = walk(form);
        continue;
      }
      const line = lines[next++] ?? '';
      if (typeof form === 'string') {
        made[key] = line;
        continue;
      }
      const forms: Record<string, string> = {};
      for (const part of line.split('|')) {
        const at = part.indexOf('=');
        forms[part.slice(0, at)] = part.slice(at + 1);
      }
      made[key] = forms;
    }
    return made;
  };
  return walk(en) as unknown as Words;
}
