'use client';
// use-dismissed.ts — has the person hidden this button?

import { useCallback, useSyncExternalStore } from 'react';
import { recall, remember } from '@offhook/core/memory';

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => { listeners.delete(listener); };
}

export function useDismissed(dismissible: boolean | 'session'): readonly [dismissed: boolean, dismiss: () => void] {
  const dismissed = useSyncExternalStore(subscribe, () => dismissible !== false && recall('dismissed') === 'yes', () => false);
  const dismiss = useCallback(() => {
    if (dismissible === false) return;
    remember('dismissed', 'yes', dismissible === 'session');
    for (const listener of [...listeners]) listener();
  }, [dismissible]);
  return [dismissed, dismiss];
}
