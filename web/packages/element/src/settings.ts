// settings.ts — what this browser keeps for the visitor: language, dismissal, agreed terms. No cookie, nothing is sent.
// Storage may be forbidden (private windows, sandboxed frames): then nothing is kept.

const PREFIX = 'offhook:';

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** null forgets. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // nothing is kept
  }
}
