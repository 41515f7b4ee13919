// diagnostics.ts — what a support ticket needs: codes, ids, timings. No names, no addresses, nothing a person typed.

import type { Call, CallState, Recording, Route, Warning, Quality } from './machine';
import { durationOf } from './machine';

/** When a state was entered, milliseconds of the device's clock. */
export interface Moment {
  readonly state: CallState;
  readonly at: number;
}

export interface Diagnostics {
  readonly state: CallState;
  readonly attempt: number;
  readonly code: string | null;
  readonly status: number | null;
  readonly detail: string | null;
  readonly callId: string | null;
  readonly endReason: string | null;
  readonly startedAt: string | null;
  /** Milliseconds from the start to each state, in order. */
  readonly timeline: readonly { readonly state: CallState; readonly ms: number }[];
  readonly durationMs: number | null;
  readonly route: Route | null;
  readonly quality: Quality;
  readonly recording: Recording;
  readonly warnings: readonly Warning[];
  readonly muted: boolean;
  readonly speakerMuted: boolean;
  readonly lowData: boolean;
  readonly resumed: boolean;
  readonly microphones: number;
  readonly loudspeakers: number;
  readonly online: boolean | null;
  readonly userAgent: string | null;
}

/** Addresses and e-mail addresses may hide in what a machine said. */
export function withoutPersonalData(text: string): string {
  return text
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '(token)')
    .replace(/[\w.+-]+@[\w-]+\.[\w.-]+/g, '(e-mail)')
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '(address)')
    .replace(/\b(?:[0-9a-f]{1,4}:){3,}[0-9a-f:]*\b/gi, '(address)')
    .replace(/([?&][\w-]+=)[^&\s]+/g, '$1…')
    .slice(0, 500);
}

export function describeCall(call: Call, moments: readonly Moment[], now: number = Date.now()): Diagnostics {
  const start = moments[0]?.at ?? null;
  const browser = typeof navigator === 'undefined' ? null : navigator;
  return {
    state: call.state,
    attempt: call.attempt,
    code: call.error?.code ?? null,
    status: call.error?.status ?? null,
    detail: call.error?.detail === undefined ? null : withoutPersonalData(call.error.detail),
    callId: call.credentials?.callId ?? null,
    endReason: call.endReason,
    startedAt: start === null ? null : new Date(start).toISOString(),
    timeline: moments.map(({ state, at }) => ({ state, ms: at - (start ?? at) })),
    durationMs: durationOf(call, now),
    route: call.route,
    quality: call.quality,
    recording: call.recording,
    warnings: call.warnings,
    muted: call.muted,
    speakerMuted: call.speakerMuted,
    lowData: call.lowData,
    resumed: call.resumed,
    microphones: call.devices.inputs.length,
    loudspeakers: call.devices.outputs.length,
    online: browser?.onLine ?? null,
    userAgent: browser?.userAgent ?? null,
  };
}
