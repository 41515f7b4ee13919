'use client';
// use-call.ts — React's view of a call, and the callbacks that hang on it.

import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { IDLE, isActive } from '@offhook/core';
import type { Call, CallError, CallHandle, CallState, Phone } from '@offhook/core';

export function useCall(handle: CallHandle): Call {
  return useSyncExternalStore(handle.subscribe, handle.get, () => IDLE);
}

export function usePhone(handle: CallHandle): Phone | null {
  return useSyncExternalStore(handle.subscribe, handle.phone, () => null);
}

export interface CallCallbacks {
  readonly onStateChange?: ((state: CallState) => void) | undefined;
  /** The other side is there for the first time. */
  readonly onConnected?: (() => void) | undefined;
  /** The call is over, whoever ended it; once per call that was in the room. */
  readonly onDisconnect?: (() => void) | undefined;
}

export function useCallCallbacks(handle: CallHandle, callbacks: CallCallbacks): void {
  const latest = useLatest(callbacks);
  useEffect(() => {
    let before = handle.get();
    let wasConnected = before.connectedAt !== null;
    return handle.subscribe(() => {
      const now = handle.get();
      const last = before;
      before = now;
      if (now.state === last.state) return;
      if (now.state === 'opening') wasConnected = false;
      latest.current.onStateChange?.(now.state);
      if (now.state === 'connected' && !wasConnected) {
        wasConnected = true;
        latest.current.onConnected?.();
      }
      if (isActive(last.state) && now.state === 'ended') latest.current.onDisconnect?.();
      else if (now.state === 'failed' && ['ringing', 'connected', 'reconnecting'].includes(last.state)) {
        latest.current.onDisconnect?.();
      }
    });
  }, [handle, latest]);
}

/** The newest value, readable from callbacks that outlive a render. */
export function useLatest<T>(value: T): { readonly current: T } {
  const ref = useRef(value);
  useEffect(() => { ref.current = value; });
  return ref;
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

/** The two log lines people search their consoles for. */
export function logCallError(error: CallError, during: CallState): void {
  if (during === 'opening' || during === 'requesting-mic') console.error('Failed to start call:', error);
  else console.error('LiveKit error:', error);
}
