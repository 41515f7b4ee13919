// pseudo.ts — English in disguise: accents, two fifths longer, in brackets. Whoever sees a plain word on the screen has
// found one that no translator can reach; whoever sees a missing bracket has found clipped text. For tests only.

import { en } from './en';
import type { Words } from './words';

const PLAIN = 'aceginosuyzACEGINOSUYZ';
const ACCENTED = 'áçéğîñöšüýžÁÇÉĞÎÑÖŠÜÝŽ';

function disguise(text: string): string {
  const letters = text.replace(/\{\w+\}/g, '').length;
  const accented = text.split(/(\{\w+\})/).map((part) => (part.startsWith('{') ? part : part.replace(/[a-z]/gi, (letter) => {
    const at = PLAIN.indexOf(letter);
    return at < 0 ? letter : ACCENTED.charAt(at);
  }))).join('');
  // Words of ordinary length, so that lines can still break.
  const more = 'öné twö thréé föür fîvé šîx šévéñ éîğht ñîñé téñ élévéñ twélvé'.slice(0, Math.ceil(letters * 0.4)).trim();
  return `[${accented} ${more}]`;
}

export function pseudo(words: Words = en): Words {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return disguise(value);
    return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, walk(inner)]));
  };
  return { ...(walk(words) as Words), locale: 'en-XA' };
}
