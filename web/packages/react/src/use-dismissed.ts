'use client';
// use-dismissed.ts — has the person hidden this button?

import { useCallback, useSyncExternalStore } from 'react';
import { recall, remember } from './memory';

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => { listeners.delete(listener); };
}

const places = { true: 'localStorage', session: 'sessionStorage' } as const;

export function useDismissed(dismissible: boolean | 'session'): readonly [dismissed: boolean, dismiss: () => void] {
  const where = dismissible === false ? null : places[dismissible === true ? 'true' : 'session'];
  const dismissed = useSyncExternalStore(subscribe, () => where !== null && recall('dismissed', where) === 'yes', () => false);
  const dismiss = useCallback(() => {
    if (where === null) return;
    remember('dismissed', 'yes', where);
    for (const listener of [...listeners]) listener();
  }, [where]);
  return [dismissed, dismiss];
}
