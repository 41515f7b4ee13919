// call-timers.ts — the clocks of a call: slow, ringing too long, talking too long. One timer at most per clock, none when
// no call runs.

import { isJoined } from './machine';
import type { Call, CallEvent } from './machine';

export const SLOW_MS = 4000;
export const CHECK_LIMIT_MS = 3000;
export const DEFAULT_RING_S = 60;

interface Clock {
  /** What the timer was set for; a change sets it anew, null stops it. */
  key: string | null;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export interface CallTimers {
  /** To be called after every change of the call. */
  follow(call: Call): void;
}

/** Which attempt to get somewhere is going on; null: nobody waits for us. */
function effortOf({ state }: Call): string | null {
  if (state === 'opening') return 'opening';
  return state === 'checking' || state === 'connecting' ? 'connecting' : null;
}

export function createCallTimers(send: (event: CallEvent) => void): CallTimers {
  const slow: Clock = { key: null, timer: undefined };
  const check: Clock = { key: null, timer: undefined };
  const ring: Clock = { key: null, timer: undefined };
  const limit: Clock = { key: null, timer: undefined };

  function set(clock: Clock, key: string | null, ms: number, work: () => void): void {
    if (clock.key === key) return;
    clearTimeout(clock.timer);
    clock.key = key;
    clock.timer = key === null ? undefined : setTimeout(work, ms);
  }

  return {
    follow(call) {
      const attempt = String(call.attempt);
      const effort = effortOf(call);
      set(slow, effort === null ? null : `${attempt} ${effort}`, SLOW_MS, () => { send({ type: 'warning', warning: 'slow', on: true }); });

      set(check, call.state === 'checking' ? attempt : null, CHECK_LIMIT_MS, () => { send({ type: 'checked' }); });

      const ringS = call.credentials?.ringTimeout ?? DEFAULT_RING_S;
      const ringing = call.state === 'ringing' && ringS > 0;
      // A lost line stops nobody's patience: the clock of the ringing goes on, and starts anew only after an answer.
      if (call.state !== 'reconnecting' && call.state !== 'interrupted') {
        set(ring, ringing ? attempt : null, ringS * 1000, () => {
          ring.key = null;
          send({ type: 'no-answer', now: Date.now() });
        });
      }

      const longestS = call.credentials?.maxDuration ?? 0;
      const talking = isJoined(call.state) && call.connectedAt !== null && longestS > 0;
      const left = (call.connectedAt ?? 0) + longestS * 1000 - Date.now();
      set(limit, talking ? attempt : null, Math.max(0, left), () => { send({ type: 'max-duration', now: Date.now() }); });
    },
  };
}
