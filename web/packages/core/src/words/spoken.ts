// spoken.ts — durations as screen readers say them.

import { say } from './words';
import type { Words } from './words';

/** 252 000 → "4 minutes 12 seconds", in the language of `words`; the two largest units are enough. */
export function speakDuration(ms: number, words: Words): string {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const parts: string[] = [];
  if (hours > 0) parts.push(say(words, 'hours', { count: hours }));
  if (minutes > 0) parts.push(say(words, 'minutes', { count: minutes }));
  if (hours === 0 && (seconds > 0 || minutes === 0)) parts.push(say(words, 'seconds', { count: seconds }));
  const [first = '', second] = parts;
  return second === undefined ? first : words.together.replace('{first}', first).replace('{second}', second);
}
