'use client';
// scope.tsx — what every part of the panel needs: the call and the words. And React's view of a call, in slices, so that a
// part draws itself anew only for what it shows.

import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { IDLE } from '@offhook/core';
import type { Call, CallHandle, Phone } from '@offhook/core';
import type { Words } from '@offhook/core/words';

export interface Scope {
  readonly handle: CallHandle;
  readonly words: Words;
}

export const ScopeContext = createContext<Scope | null>(null);

export function ScopeProvider({ handle, words, children }: Scope & { children: ReactNode }): ReactElement {
  const [scope, setScope] = useState<Scope>({ handle, words });
  if (scope.handle !== handle || scope.words !== words) setScope({ handle, words });
  return <ScopeContext.Provider value={scope}>{children}</ScopeContext.Provider>;
}

export function useScope(): Scope {
  const scope = useContext(ScopeContext);
  if (scope === null) throw new Error('this part of the call panel stands outside of a call');
  return scope;
}

export function useWords(): Words {
  return useScope().words;
}

/** One thing about a call. `select` must return a value that stays the same while nothing changed. */
export function useCallPart<T>(handle: CallHandle, select: (call: Call) => T): T {
  return useSyncExternalStore(handle.subscribe, () => select(handle.get()), () => select(IDLE));
}

/** The same, of the call around. */
export function usePart<T>(select: (call: Call) => T): T {
  return useCallPart(useScope().handle, select);
}

const whole = (call: Call): Call => call;

/** The whole call: draws anew whenever anything about it changes. */
export function useCall(handle: CallHandle): Call {
  return useCallPart(handle, whole);
}

export function usePhone(handle: CallHandle): Phone | null {
  return useSyncExternalStore(handle.subscribe, handle.phone, () => null);
}

/** The time, once per second while `running`. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    const tick = (): void => { setNow(Date.now()); };
    tick();
    const timer = setInterval(tick, 1000);
    return () => { clearInterval(timer); };
  }, [running]);
  return now;
}

/** Seconds since this was first drawn. */
export function useSeconds(): number {
  const [since] = useState(() => Date.now());
  return Math.max(0, Math.floor((useNow(true) - since) / 1000));
}
