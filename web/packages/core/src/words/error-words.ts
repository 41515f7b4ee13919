// error-words.ts — what a person is told about an error: a title that says what happened, and a sentence that says what to
// do. Many codes share a sentence; that is why a language fits into 3 KB.

import type { ErrorCode } from '../errors';
import type { Words } from './words';

export interface ErrorWords {
  readonly title: string;
  readonly sentence: string;
  /** May the same person usefully press "Try again"? */
  readonly retry: boolean;
}

/** Where the microphone's permission is set, by browser or by system. */
export type MicPlace = keyof Words['micHelp'];

type Entry = readonly [title: keyof Words['errors'], remedy: keyof Words['remedies'] | 'micHelp', retry: boolean];

const yes = (title: Entry[0], remedy: Entry[1]): Entry => [title, remedy, true];
const no = (title: Entry[0], remedy: Entry[1]): Entry => [title, remedy, false];

const ENTRIES: Readonly<Record<ErrorCode, Entry>> = {
  MIC_DENIED: yes('MIC_DENIED', 'micHelp'),
  MIC_DENIED_SYSTEM: yes('MIC_DENIED_SYSTEM', 'micHelp'),
  MIC_NOT_FOUND: yes('MIC_NOT_FOUND', 'plug'),
  MIC_IN_USE: yes('MIC_IN_USE', 'free'),
  MIC_SILENT: yes('MIC_SILENT', 'choose'),
  OUTPUT_BLOCKED: yes('OUTPUT_BLOCKED', 'press'),
  INSECURE_CONTEXT: no('INSECURE_CONTEXT', 'https'),
  BROWSER_UNSUPPORTED: no('BROWSER_UNSUPPORTED', 'browser'),
  POLICY_BLOCKED: no('POLICY_BLOCKED', 'owner'),
  TOKEN_HTTP: yes('TOKEN_HTTP', 'wait'),
  TOKEN_INVALID: yes('TOKEN_HTTP', 'wait'),
  TOKEN_EXPIRED: yes('TOKEN_EXPIRED', 'again'),
  AUTH_REQUIRED: yes('AUTH_REQUIRED', 'signIn'),
  AUTH_FORBIDDEN: yes('AUTH_FORBIDDEN', 'access'),
  ORIGIN_DENIED: no('ORIGIN_DENIED', 'owner'),
  RATE_LIMITED: yes('RATE_LIMITED', 'wait'),
  BUDGET_EXCEEDED: yes('BUDGET_EXCEEDED', 'later'),
  SITE_PAUSED: yes('SITE_PAUSED', 'later'),
  CLOSED: yes('CLOSED', 'later'),
  CAPACITY: yes('CAPACITY', 'wait'),
  SIGNAL_FAILED: yes('SIGNAL_FAILED', 'internet'),
  SIGNAL_TIMEOUT: yes('SIGNAL_TIMEOUT', 'internet'),
  ICE_FAILED: yes('ICE_FAILED', 'network'),
  NET_UDP_BLOCKED: yes('NET_UDP_BLOCKED', 'network'),
  NET_OFFLINE: yes('NET_OFFLINE', 'internet'),
  DTLS_FAILED: yes('DTLS_FAILED', 'network'),
  MEDIA_STALLED: yes('MEDIA_STALLED', 'again'),
  PEER_LEFT: yes('PEER_LEFT', 'anew'),
  NO_ANSWER: yes('NO_ANSWER', 'later'),
  DECLINED: yes('DECLINED', 'later'),
  AGENT_TIMEOUT: yes('AGENT_TIMEOUT', 'again'),
  DUPLICATE_IDENTITY: yes('DUPLICATE_IDENTITY', 'moved'),
  ROOM_CLOSED: yes('ROOM_CLOSED', 'anew'),
  KICKED: yes('KICKED', 'anew'),
  MAX_DURATION: yes('MAX_DURATION', 'anew'),
  SERVER_DRAINING: yes('SERVER_DRAINING', 'wait'),
  INTERNAL: yes('INTERNAL', 'again'),
};

/** `place` (from micPlaceOf) makes the help for a blocked microphone precise. */
export function errorWords(words: Words, code: ErrorCode, place: MicPlace = 'site'): ErrorWords {
  const [title, remedy, retry] = ENTRIES[code];
  const sentence = remedy === 'micHelp' ? words.micHelp[place] : words.remedies[remedy];
  return { title: words.errors[title], sentence, retry };
}

/** Which help fits: `system` when the operating system, not the page's permission, is in the way. */
export function micPlaceOf(userAgent: string, system = false): MicPlace {
  const ios = /iPhone|iPad|iPod/.test(userAgent);
  const android = userAgent.includes('Android');
  if (ios) return 'ios';
  if (system) {
    if (android) return 'android';
    if (userAgent.includes('Macintosh')) return 'mac';
    return userAgent.includes('Windows') ? 'windows' : 'site';
  }
  if (userAgent.includes('Firefox/')) return android ? 'site' : 'firefox';
  if (/Chrom(e|ium)\//.test(userAgent)) return 'chrome';
  return userAgent.includes('Safari/') && userAgent.includes('Macintosh') ? 'safari' : 'site';
}
