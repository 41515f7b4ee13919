'use client';
// use-resume.ts — on mount: if this tab had a call before the page changed, load the call code at once and go on.

import { useEffect } from 'react';
import type { Session } from './session';

function hasTicket(site: string): boolean {
  try {
    return sessionStorage.getItem(`offhook.resume.${site}`) !== null;
  } catch {
    return false;
  }
}

export function useResumeOnMount(wanted: boolean, site: string, load: () => Promise<Session | null>, found: () => void): void {
  useEffect(() => {
    if (!wanted || !hasTicket(site)) return;
    let mounted = true;
    void load().then((session) => {
      if (mounted && session?.handle.resume() === true) found();
    });
    return () => { mounted = false; };
    // The page's wish at the moment it was drawn first; later changes do not bring back an old call.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
}
