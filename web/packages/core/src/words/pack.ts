// pack.ts — a dictionary as one string, in the order of English: the names of the keys travel once, not with every
// language. words-plugin.mjs packs when a bundle is built; this module unpacks in the browser.

import { en } from './en';
import type { Words } from './words';

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

export function unpack(packed: string): Words {
  const lines = packed.split('\n');
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
