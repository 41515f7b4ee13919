// settings.ts — what this browser keeps for the visitor: language, dismissal, agreed terms, habits. Never a person, never
// a call; no cookie, nothing is sent. Storage may be forbidden (private windows, sandboxed frames): then nothing is kept.

const PREFIX = 'offhook.'; // the names are those of the React button

export function recall(key: string): string | null {
  try {
    return sessionStorage.getItem(PREFIX + key) ?? localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** `session`: only as long as this tab lives. */
export function remember(key: string, value: string, session = false): void {
  try {
    (session ? sessionStorage : localStorage).setItem(PREFIX + key, value);
  } catch {
    // then not
  }
}
