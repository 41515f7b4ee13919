'use client';
// use-locale.ts — the launcher's words in the visitor's language; on the server and while hydrating in the page's or English.

import { useSyncExternalStore } from 'react';
import { launcherWords } from '@offhook/core/launcher-words';
import type { LauncherWords } from '@offhook/core/launcher-words';
import { recall } from '@offhook/core/memory';

const listeners = new Set<() => void>();
/** Chosen in the panel while this page is open. */
let chosen: string | null = null;

export function chooseLocale(tag: string): void {
  chosen = tag;
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => { listeners.delete(listener); };
}

/** Wishes, most wanted first. What the person chose counts more than what the page says. */
export function localeWishes(prop: string | undefined): readonly (string | null | undefined)[] {
  if (typeof document === 'undefined') return [prop];
  return [chosen ?? recall('locale'), prop, document.documentElement.lang, ...navigator.languages];
}

export function useLauncherWords(prop: string | undefined): LauncherWords {
  const wishes = useSyncExternalStore(subscribe, () => localeWishes(prop).join(), () => prop ?? '');
  return launcherWords(wishes.split(','));
}
