// memory.ts — the few choices a browser remembers: hidden button, language, consent, shortcuts. Never a person, never a call.

export type Remembered = 'dismissed' | 'locale' | 'consent' | 'shortcuts';

type Where = 'localStorage' | 'sessionStorage';

/** Storage may be forbidden: then nothing is remembered. */
export function recall(what: Remembered, where: Where = 'localStorage'): string | null {
  try {
    return window[where].getItem(`offhook.${what}`);
  } catch {
    return null;
  }
}

export function remember(what: Remembered, value: string, where: Where = 'localStorage'): void {
  try {
    window[where].setItem(`offhook.${what}`, value);
  } catch {
    // then not
  }
}
