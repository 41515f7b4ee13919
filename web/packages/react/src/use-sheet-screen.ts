'use client';
// use-sheet-screen.ts — is the window so narrow that the panel is a sheet over the page?

import { useSyncExternalStore } from 'react';

const QUERY = '(max-width: 480px)';

function subscribe(listener: () => void): () => void {
  const query = matchMedia(QUERY);
  query.addEventListener('change', listener);
  return () => { query.removeEventListener('change', listener); };
}

export function useSheetScreen(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(QUERY).matches, () => false);
}
