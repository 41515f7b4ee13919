// machine.ts — the life of one call as a pure function: (call, event) → [call, effects].
//
//   idle ──start──▶ opening ──token-ok──▶ requesting-mic ──mic-ok──▶ connecting ──joined──▶ ringing ⇄ connected
//                      │                       │                        │                     │         │
//                      └── token-failed ───────┴── mic-failed ──────────┴── join-failed       └─line-lost┘
//                                     ▼                                                            ▼
//                                  failed ◀──────────────── line-closed (with an error) ───── reconnecting
//   any active state ──hang-up──▶ ending ──closed──▶ ended          failed | ended ──start──▶ opening
//
// No clock, no promise, no DOM: times arrive inside events, work leaves as effects. What is muted is orthogonal.

import { CallError } from './errors';
import type { Credentials } from './token';

export type CallState =
  | 'idle' | 'opening' | 'requesting-mic' | 'connecting' | 'ringing' | 'connected' | 'reconnecting'
  | 'ending' | 'ended' | 'failed';

export const CALL_STATES: readonly CallState[] = [
  'idle', 'opening', 'requesting-mic', 'connecting', 'ringing', 'connected', 'reconnecting', 'ending', 'ended', 'failed',
];

/** Why an ended call ended. `cancelled`: by this person, before anybody was heard. */
export type EndReason = 'local' | 'remote' | 'cancelled';

export interface Peer {
  readonly id: string;
  readonly name: string;
}

export interface Call {
  readonly state: CallState;
  /** Counts starts; the runner drops what a former attempt still reports. */
  readonly attempt: number;
  readonly muted: boolean;
  readonly speakerMuted: boolean;
  readonly credentials: Credentials | null;
  readonly peers: readonly Peer[];
  /** Somebody was here and went away. */
  readonly peerLeft: boolean;
  /** When the other side was first there (milliseconds of the caller's clock). */
  readonly connectedAt: number | null;
  readonly endedAt: number | null;
  readonly endReason: EndReason | null;
  readonly error: CallError | null;
  /** The browser refuses to play sound until somebody presses something. */
  readonly soundBlocked: boolean;
}

export type CallEvent =
  | { readonly type: 'start' }
  | { readonly type: 'token-ok'; readonly credentials: Credentials }
  | { readonly type: 'token-failed'; readonly error: CallError }
  | { readonly type: 'mic-ok' }
  | { readonly type: 'mic-failed'; readonly error: CallError }
  | { readonly type: 'joined'; readonly now: number; readonly peers: readonly Peer[] }
  | { readonly type: 'join-failed'; readonly error: CallError }
  | { readonly type: 'peer-joined'; readonly now: number; readonly peer: Peer }
  | { readonly type: 'peer-left'; readonly id: string }
  | { readonly type: 'line-lost' }
  | { readonly type: 'line-back' }
  /** The line is gone for good: with an error it failed, without one the other side ended the call. */
  | { readonly type: 'line-closed'; readonly now: number; readonly error: CallError | null }
  | { readonly type: 'hang-up' }
  | { readonly type: 'closed'; readonly now: number }
  | { readonly type: 'dismiss' }
  | { readonly type: 'set-muted'; readonly muted: boolean }
  /** The microphone was muted or opened by somebody else (server, headset). */
  | { readonly type: 'mic-changed'; readonly muted: boolean }
  | { readonly type: 'set-speaker-muted'; readonly muted: boolean }
  | { readonly type: 'sound-blocked'; readonly blocked: boolean };

export type Effect =
  | { readonly type: 'get-token' }
  | { readonly type: 'open-mic' }
  | { readonly type: 'join'; readonly credentials: Credentials }
  | { readonly type: 'mute'; readonly muted: boolean }
  | { readonly type: 'mute-speaker'; readonly muted: boolean }
  /** Leave the room and stop the microphone; answer with `closed`. */
  | { readonly type: 'close' }
  | { readonly type: 'report-error'; readonly error: CallError; readonly during: CallState };

export type Step = readonly [call: Call, effects: readonly Effect[]];

export const IDLE: Call = {
  state: 'idle', attempt: 0, muted: false, speakerMuted: false, credentials: null, peers: [], peerLeft: false,
  connectedAt: null, endedAt: null, endReason: null, error: null, soundBlocked: false,
};

/** Is a line being opened, open, or closing? */
export function isActive(state: CallState): boolean {
  return state !== 'idle' && state !== 'ended' && state !== 'failed';
}

/** Are we in the room (possibly alone, possibly getting back into it)? */
export function isJoined(state: CallState): boolean {
  return state === 'ringing' || state === 'connected' || state === 'reconnecting';
}

/** How long the two sides were connected, in milliseconds; null when they never were. */
export function durationOf(call: Call, now: number): number | null {
  if (call.connectedAt === null) return null;
  return Math.max(0, (call.endedAt ?? now) - call.connectedAt);
}

const stay = (call: Call): Step => [call, []];

function fail(call: Call, error: CallError, now: number | null = null): Step {
  return [
    { ...call, state: 'failed', error, endedAt: now, peers: [], soundBlocked: false },
    [{ type: 'close' }, { type: 'report-error', error, during: call.state }],
  ];
}

/** Ringing or connected, as the number of people says. */
function settle(call: Call, now: number): Call {
  if (call.peers.length === 0) return { ...call, state: 'ringing' };
  return { ...call, state: 'connected', connectedAt: call.connectedAt ?? now, peerLeft: false };
}

function withPeer(peers: readonly Peer[], peer: Peer): readonly Peer[] {
  return [...peers.filter((other) => other.id !== peer.id), peer];
}

export function step(call: Call, event: CallEvent): Step {
  const { state } = call;
  switch (event.type) {
    case 'start':
      if (isActive(state)) return stay(call);
      // A new call starts with an open microphone; the loudspeaker stays as the person left it.
      return [{ ...IDLE, state: 'opening', attempt: call.attempt + 1, speakerMuted: call.speakerMuted }, [{ type: 'get-token' }]];

    case 'token-ok':
      if (state !== 'opening') return stay(call);
      return [{ ...call, state: 'requesting-mic', credentials: event.credentials }, [{ type: 'open-mic' }]];

    case 'token-failed':
      return state === 'opening' ? fail(call, event.error) : stay(call);

    case 'mic-ok':
      if (state !== 'requesting-mic' || call.credentials === null) return stay(call);
      return [{ ...call, state: 'connecting' }, [{ type: 'join', credentials: call.credentials }]];

    case 'mic-failed':
      return state === 'requesting-mic' ? fail(call, event.error) : stay(call);

    case 'joined':
      if (state !== 'connecting') return stay(call);
      return stay(settle({ ...call, peers: event.peers.reduce(withPeer, call.peers) }, event.now));

    case 'join-failed':
      return state === 'connecting' ? fail(call, event.error) : stay(call);

    case 'peer-joined': {
      const next = { ...call, peers: withPeer(call.peers, event.peer) };
      if (state === 'connecting') return stay(next); // `joined` decides
      if (state === 'ringing' || state === 'connected') return stay(settle(next, event.now));
      return state === 'reconnecting' ? stay({ ...next, connectedAt: call.connectedAt ?? event.now }) : stay(call);
    }

    case 'peer-left': {
      if (!isJoined(state) && state !== 'connecting') return stay(call);
      const peers = call.peers.filter((peer) => peer.id !== event.id);
      if (peers.length === call.peers.length) return stay(call);
      const next = { ...call, peers, peerLeft: peers.length === 0 };
      return stay(state === 'connected' && peers.length === 0 ? { ...next, state: 'ringing' } : next);
    }

    case 'line-lost':
      return state === 'ringing' || state === 'connected' ? stay({ ...call, state: 'reconnecting' }) : stay(call);

    case 'line-back':
      if (state !== 'reconnecting') return stay(call);
      return stay({ ...call, state: call.peers.length > 0 ? 'connected' : 'ringing' });

    case 'line-closed':
      if (state === 'connecting') return fail(call, event.error ?? new CallError('SIGNAL_FAILED'), event.now);
      if (!isJoined(state)) return stay(call);
      if (event.error !== null) return fail(call, event.error, event.now);
      return [
        { ...call, state: 'ended', endedAt: event.now, endReason: 'remote', peers: [], soundBlocked: false },
        [{ type: 'close' }],
      ];

    case 'hang-up':
      if (!isActive(state) || state === 'ending') return stay(call);
      return [
        { ...call, state: 'ending', endReason: call.connectedAt === null ? 'cancelled' : 'local', soundBlocked: false },
        [{ type: 'close' }],
      ];

    case 'closed':
      return state === 'ending' ? stay({ ...call, state: 'ended', endedAt: event.now, peers: [] }) : stay(call);

    case 'dismiss':
      if (state !== 'ended' && state !== 'failed') return stay(call);
      return stay({ ...IDLE, attempt: call.attempt, speakerMuted: call.speakerMuted });

    case 'set-muted':
      if (!isActive(state) || state === 'ending' || event.muted === call.muted) return stay(call);
      return [{ ...call, muted: event.muted }, [{ type: 'mute', muted: event.muted }]];

    case 'mic-changed':
      return isJoined(state) && event.muted !== call.muted ? stay({ ...call, muted: event.muted }) : stay(call);

    case 'set-speaker-muted':
      if (event.muted === call.speakerMuted) return stay(call);
      return [{ ...call, speakerMuted: event.muted }, [{ type: 'mute-speaker', muted: event.muted }]];

    case 'sound-blocked':
      if (event.blocked === call.soundBlocked || !(isJoined(state) || state === 'connecting')) return stay(call);
      return stay({ ...call, soundBlocked: event.blocked });
  }
}
