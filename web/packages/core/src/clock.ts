// clock.ts — durations as people read them and as screen readers say them.

import { say } from './words/words';
import type { Words } from './words/words';

/** 75 000 → "01:15"; from one hour on "1:00:00". */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${String(hours)}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}

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
