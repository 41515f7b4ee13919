// events.ts — counts what happens around the button, for the site's own server: POST /api/voice/events. Batched, sent when
// the page hides, no identifiers beyond the call's own id; nothing is stored on the device.

import type { CallError, ErrorCode } from './errors';
import { durationOf, isConnecting, isJoined, isOver } from './machine';
import type { Call, CallState, Route, Warning } from './machine';
import type { CallStats } from './stats';

/** The variants of the button, for comparing them. */
export type Variant = 'floating' | 'inline' | 'headless' | 'embed' | 'link';

export type Control =
  | 'mute' | 'unmute' | 'speaker-on' | 'speaker-off' | 'input' | 'output' | 'volume' | 'push-to-talk' | 'low-data' | 'retry'
  | 'tel' | 'sign-in' | 'copy-details' | 'take-over' | 'language' | 'privacy' | 'dismiss';

/** What may be noted. The server knows the same table (src/call/event.c) and takes nothing else. */
export interface EventFacts {
  readonly impression: { readonly variant: Variant };
  readonly open: { readonly variant: Variant };
  readonly close: { readonly state: CallState };
  readonly start: { readonly variant: Variant };
  readonly state: { readonly to: CallState; readonly from: CallState };
  readonly permission: {
    readonly result: 'granted' | 'denied' | 'dismissed' | 'missing' | 'busy';
    readonly method: 'prompt' | 'element';
    readonly waitMs: number;
  };
  readonly connected: {
    readonly route?: Route;
    readonly tokenMs?: number;
    readonly permissionMs?: number;
    readonly mediaMs?: number;
    readonly totalMs: number;
  };
  readonly reconnecting: Readonly<Record<string, never>>;
  readonly reconnected: { readonly result: 'resumed' | 'failed'; readonly ms: number };
  readonly quality: {
    readonly route?: Route;
    readonly rttMs?: number;
    readonly jitterMs?: number;
    readonly lossPct?: number;
    readonly concealedPct?: number;
  };
  readonly warning: { readonly warning: Warning };
  readonly error: { readonly code: ErrorCode; readonly phase: CallState };
  readonly ended: { readonly reason: 'hangup' | 'remote' | 'missed' | 'failed' | 'left-page'; readonly durationS?: number };
  readonly preflight: { readonly verdict: 'ready' | 'degraded' | 'blocked'; readonly route?: Route; readonly code?: ErrorCode; readonly rttMs?: number };
  readonly control: { readonly control: Control };
}

export type EventName = keyof EventFacts;

export interface EventsOptions {
  readonly url?: string;
  readonly site?: string;
  readonly variant?: Variant;
  readonly now?: () => number;
  readonly fetch?: typeof fetch;
  /** navigator.sendBeacon; null where there is none. */
  readonly beacon?: ((url: string, body: Blob) => boolean) | null;
  readonly document?: Pick<Document, 'addEventListener' | 'removeEventListener' | 'visibilityState'> | null;
}

/** The part of a CallHandle that is followed. */
export interface FollowedCall {
  readonly get: () => Call;
  readonly subscribe: (listener: () => void) => () => void;
  stats(): Promise<CallStats | null>;
}

export interface Events {
  note<N extends EventName>(name: N, facts: EventFacts[N]): void;
  /** Notes what a call does by itself. Returns: stop. */
  follow(handle: FollowedCall): () => void;
  flush(): void;
  close(): void;
}

type Note = Events['note'];

interface Noted {
  readonly name: EventName;
  readonly at: number;
  readonly facts: object;
  readonly call: string | null;
}

const WAIT_MS = 5000;
const BATCH = 20; // the server takes 64
const KEEP = 100; // of a page that is offline; older ones go first
const QUALITY_MS = 20_000;

function browserBeacon(): EventsOptions['beacon'] {
  if (typeof navigator === 'undefined' || typeof navigator.sendBeacon !== 'function') return null;
  return (url, data) => navigator.sendBeacon(url, data);
}

export function createEvents(options: EventsOptions = {}): Events {
  const url = options.url ?? '/api/voice/events';
  const now = options.now ?? Date.now;
  const doc = options.document === undefined ? (typeof document === 'undefined' ? null : document) : options.document;
  let waiting: Noted[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let callId: string | null = null;

  const onHide = (): void => {
    if (doc?.visibilityState === 'hidden') send(true);
  };
  doc?.addEventListener('visibilitychange', onHide);

  function post(batch: readonly Noted[], leaving: boolean): void {
    // Ages, not times: clocks of devices are wrong.
    const events = batch.map(({ name, at, facts }) => ({ name, ageMs: Math.max(0, Math.round(now() - at)), ...facts }));
    const body = JSON.stringify({ site: options.site, call: batch[0]?.call ?? undefined, events });
    const beacon = options.beacon === undefined ? browserBeacon() : options.beacon;
    // text/plain needs no CORS preflight: a leaving page cannot wait for one.
    if (leaving && beacon?.(url, new Blob([body], { type: 'text/plain' })) === true) return;
    (options.fetch ?? globalThis.fetch)(url, {
      method: 'POST', headers: { 'content-type': 'text/plain' }, body, keepalive: true, credentials: 'omit',
    }).catch(() => { waiting = [...batch, ...waiting].slice(-KEEP); }); // with the next batch
  }

  function send(leaving: boolean): void {
    clearTimeout(timer);
    timer = undefined;
    const all = waiting;
    waiting = [];
    while (all.length > 0) {
      // One call to a batch: that is what ties its events together.
      const other = all.findIndex(({ call }) => call !== all[0]?.call);
      post(all.splice(0, Math.min(BATCH, other < 0 ? all.length : other)), leaving);
    }
  }

  const note: Note = (name, facts) => {
    waiting.push({ name, at: now(), facts, call: callId });
    if (waiting.length > KEEP) waiting.shift();
    if (waiting.length >= BATCH) send(false);
    else timer ??= setTimeout(() => { send(false); }, WAIT_MS);
  };

  return {
    note,
    follow: (handle) => followCall(handle, note, now, options.variant ?? 'floating', (id) => { callId = id; }),
    flush: () => { send(false); },
    close() {
      doc?.removeEventListener('visibilitychange', onHide);
      send(true);
    },
  };
}

function permissionResult(error: CallError | null): EventFacts['permission']['result'] {
  if (error === null) return 'granted';
  if (error.code === 'MIC_NOT_FOUND') return 'missing';
  if (error.code === 'MIC_IN_USE') return 'busy';
  return /dismiss/i.test(error.detail ?? '') ? 'dismissed' : 'denied';
}

function endReason(call: Call): EventFacts['ended']['reason'] {
  if (call.state === 'missed' || call.state === 'failed') return call.state;
  if (call.endReason === 'page' || call.endReason === 'moved') return 'left-page';
  return call.endReason === 'local' || call.endReason === 'cancelled' ? 'hangup' : 'remote';
}

/** When the steps of this attempt began. */
type Steps = Partial<Record<CallState, number>>;

function span(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.round(to - from);
}

function followCall(handle: FollowedCall, note: Note, now: () => number, variant: Variant, setCall: (id: string | null) => void): () => void {
  let before = handle.get();
  let steps: Steps = {};
  let sampling: ReturnType<typeof setInterval> | undefined;

  function onState(call: Call, last: Call): void {
    if (call.state === 'opening') {
      steps = {};
      setCall(null);
      note('start', { variant });
    }
    const at = (steps[call.state] = now());
    setCall(call.credentials?.callId ?? null);
    note('state', { to: call.state, from: last.state });
    if (last.state === 'requesting-mic' && (call.state === 'failed' || isConnecting(call.state))) {
      note('permission', {
        result: permissionResult(call.error), method: steps.priming === undefined ? 'prompt' : 'element',
        waitMs: span(steps['requesting-mic'], at) ?? 0,
      });
    }
    if (call.state === 'connected' && last.connectedAt === null) noteConnected(call, at);
    if (call.state === 'reconnecting') note('reconnecting', {});
    if (last.state === 'reconnecting' && call.state !== 'ending') {
      note('reconnected', { result: isJoined(call.state) ? 'resumed' : 'failed', ms: span(steps.reconnecting, at) ?? 0 });
    }
    if (isOver(call.state)) noteEnd(call, last);
  }

  function noteConnected(call: Call, at: number): void {
    const mic = steps['requesting-mic'];
    const making = steps.checking ?? steps.connecting;
    note('connected', {
      route: call.route ?? undefined, tokenMs: span(steps.opening, steps.priming ?? mic), permissionMs: span(mic, making),
      mediaMs: span(making, at), totalMs: span(steps.opening, at) ?? 0,
    });
  }

  function noteEnd(call: Call, last: Call): void {
    if (call.state === 'failed' && call.error !== null) note('error', { code: call.error.code, phase: last.state });
    const lasted = durationOf(call, call.endedAt ?? now());
    note('ended', { reason: endReason(call), durationS: lasted === null ? undefined : Math.round(lasted / 1000) });
  }

  async function sample(): Promise<void> {
    const stats = await handle.stats().catch(() => null);
    if (stats === null || handle.get().state !== 'connected') return;
    const percent = (share: number | null): number | undefined => (share === null ? undefined : Math.round(share * 1000) / 10);
    note('quality', {
      route: stats.route ?? undefined, rttMs: stats.roundTripMs ?? undefined, jitterMs: stats.jitterMs ?? undefined,
      lossPct: percent(stats.lossIn), concealedPct: percent(stats.concealed),
    });
  }

  const stop = handle.subscribe(() => {
    const last = before;
    const call = handle.get();
    before = call;
    for (const warning of call.warnings) if (!last.warnings.includes(warning)) note('warning', { warning });
    if (call.state !== last.state) onState(call, last);
    if (call.state === 'connected') sampling ??= setInterval(() => { void sample(); }, QUALITY_MS);
    else {
      clearInterval(sampling);
      sampling = undefined;
    }
  });
  return () => {
    stop();
    clearInterval(sampling);
  };
}
