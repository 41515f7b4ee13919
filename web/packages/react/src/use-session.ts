'use client';
// use-session.ts — the call behind a button, loaded on intent: the first chunk knows only its shape.

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { CallState } from '@offhook/core';
import type { CallOptionsProps } from './props';
import type { Session } from './session';

export interface SessionSlot {
  readonly session: Session | null;
  /** The code could not be loaded; `load` tries again. */
  readonly failed: boolean;
  /** null: it could not be loaded, or the component is gone. */
  readonly load: () => Promise<Session | null>;
}

/** The newest value, readable from callbacks that outlive a render. */
export function useLatest<T>(value: T): { readonly current: T } {
  const ref = useRef(value);
  useEffect(() => { ref.current = value; });
  return ref;
}

/** `line`: connected by the <LiveKitRoom> of our panel; `plain`: by itself. */
export function useSession(props: CallOptionsProps, phone: 'line' | 'plain' = 'line'): SessionSlot {
  const latest = useLatest(props);
  const [session, setSession] = useState<Session | null>(null);
  const [failed, setFailed] = useState(false);
  const held = useRef<{ mounted: boolean; session: Session | null }>({ mounted: false, session: null });

  const load = useCallback(async (): Promise<Session | null> => {
    const slot = held.current;
    try {
      const { openSession } = await import('./session');
      if (!slot.mounted) return null;
      slot.session ??= openSession(latest, phone);
      setSession(slot.session);
      setFailed(false);
      return slot.session;
    } catch (error) {
      console.error('Failed to start call:', error);
      if (slot.mounted) setFailed(true);
      return null;
    }
  }, [latest, phone]);

  useEffect(() => {
    const slot = held.current;
    slot.mounted = true;
    return () => {
      slot.mounted = false;
      slot.session?.close();
      slot.session = null;
      setSession(null);
    };
  }, []);

  return { session, failed, load };
}

const NEVER = (): (() => void) => () => undefined;

/** The call's state alone: a button need not draw itself anew for anything else. */
export function useCallState(session: Session | null): CallState {
  return useSyncExternalStore(
    session?.handle.subscribe ?? NEVER,
    () => session?.handle.get().state ?? 'idle',
    () => 'idle',
  );
}
