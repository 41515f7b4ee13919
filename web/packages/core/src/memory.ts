// memory.ts — what this browser keeps for the visitor: language, dismissal, agreed terms, habits. Never a person, never a
// call; no cookie, nothing is sent. Storage may be forbidden (private windows, sandboxed frames): then nothing is kept.

const PREFIX = 'offhook.';

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

/** A habit that was switched; null: never. Earlier React buttons wrote `on` and `off`. */
export function recallSwitch(key: string): boolean | null {
  const kept = recall(key);
  return kept === null ? null : kept === 'yes' || kept === 'on';
}

export function rememberSwitch(key: string, on: boolean): void {
  remember(key, on ? 'yes' : 'no');
}
