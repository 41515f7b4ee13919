// machine.ts — the life of one call as a pure function: (call, event) → [call, effects].
//
//   idle ─start─▶ opening ─token-ok─▶ [priming] ─▶ requesting-mic ─mic-ok─▶ [checking] ─▶ connecting
//                    │                   │               │                     │             │ joined
//                    └─token-failed──────┴───mic-failed──┴─────────join-failed─┘             ▼
//                                     ▼                           queued ⇄ ringing ⇄ connected
//   missed ◀──no-answer── ringing   failed ◀──line-closed (error)── reconnecting ⇄ ┘   └ ⇄ interrupted
//   any active state ──hang-up──▶ ending ──closed──▶ ended      failed | missed | ended ──start──▶ opening
//
// No clock, no promise, no DOM: times arrive inside events, work leaves as effects. Orthogonal to the states: what is
// muted, quality, recording, queue, warnings, devices.

import { CallError } from './errors';
import type { Credentials } from './token';

export const CALL_STATES = [
  'idle', 'opening', 'priming', 'requesting-mic', 'checking', 'connecting', 'ringing', 'queued', 'connected',
  'reconnecting', 'interrupted', 'ending', 'ended', 'missed', 'failed',
] as const;

export type CallState = (typeof CALL_STATES)[number];

/**
 * Why an ended call ended. `cancelled`: by this person, before anybody was heard; `limit`: the site's longest duration;
 * `moved`: it goes on in another tab; `page`: its page was left.
 */
export type EndReason = 'local' | 'remote' | 'cancelled' | 'limit' | 'moved' | 'page';

export interface Peer {
  readonly id: string;
  readonly name: string;
  /** Not a person. */
  readonly agent?: true;
}

/** 0: lost, 1: poor, 2: good, 3: excellent; null: not measured yet. */
export type QualityLevel = 0 | 1 | 2 | 3 | null;

export interface Quality {
  readonly local: QualityLevel;
  readonly remote: QualityLevel;
}

/** How the sound travels. */
export type Route = 'udp' | 'tcp' | 'relay';
export type Recording = 'off' | 'on' | 'paused';

export interface Queue {
  /** 1: next. */
  readonly position: number;
  readonly etaSeconds: number | null;
}

export const WARNINGS = [
  'muted-talking', 'mic-silent', 'not-heard', 'network-you', 'network-them', 'slow', 'switching-route', 'low-data',
  'media-stalled',
] as const;

export type Warning = (typeof WARNINGS)[number];

export interface Device {
  readonly id: string;
  readonly label: string;
}

export interface Devices {
  readonly inputs: readonly Device[];
  /** Empty where the browser cannot choose (no setSinkId). */
  readonly outputs: readonly Device[];
  /** Ids of what is in use; null: unknown or the system's choice. */
  readonly input: string | null;
  readonly output: string | null;
}

export interface Call {
  readonly state: CallState;
  /** Counts starts; the runner drops what a former attempt still reports. */
  readonly attempt: number;
  readonly muted: boolean;
  readonly speakerMuted: boolean;
  /** Of the other side, 0 … 1. */
  readonly volume: number;
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
  readonly quality: Quality;
  readonly route: Route | null;
  readonly recording: Recording;
  readonly queue: Queue | null;
  /** In the order of WARNINGS, each at most once. */
  readonly warnings: readonly Warning[];
  readonly devices: Devices;
  readonly lowData: boolean;
  readonly pushToTalk: boolean;
  /** The system took the microphone away (phone call, other app, frozen tab). */
  readonly interrupted: boolean;
  /** A call of this site runs in another tab of this browser. */
  readonly elsewhere: boolean;
  /** This call continues one from before a page change. */
  readonly resumed: boolean;
}

/** What is decided before a call starts. */
export interface StartChoices {
  readonly resume?: boolean;
  readonly muted?: boolean;
  readonly pushToTalk?: boolean;
  readonly lowData?: boolean;
}

export type CallEvent =
  | { readonly type: 'start'; readonly choices?: StartChoices }
  /** `prime`: wait for a press before the browser asks for the microphone. */
  | { readonly type: 'token-ok'; readonly credentials: Credentials; readonly prime?: boolean }
  /** A pass had run out before it was used; this is the new one. */
  | { readonly type: 'token-renewed'; readonly credentials: Credentials }
  | { readonly type: 'token-failed'; readonly error: CallError }
  /** In priming: the person pressed "allow". */
  | { readonly type: 'allow-mic' }
  /** `check`: show the three-second check while the line is made. */
  | { readonly type: 'mic-ok'; readonly check?: boolean }
  | { readonly type: 'mic-failed'; readonly error: CallError }
  /** After a refused or missing microphone: now there is one. */
  | { readonly type: 'mic-allowed' }
  | { readonly type: 'checked' }
  | { readonly type: 'joined'; readonly now: number; readonly peers: readonly Peer[] }
  | { readonly type: 'join-failed'; readonly error: CallError }
  | { readonly type: 'peer-joined'; readonly now: number; readonly peer: Peer }
  | { readonly type: 'peer-left'; readonly id: string }
  | { readonly type: 'queue'; readonly queue: Queue | null }
  /** It rang for as long as the site lets it ring. */
  | { readonly type: 'no-answer'; readonly now: number }
  | { readonly type: 'max-duration'; readonly now: number }
  | { readonly type: 'line-lost' }
  | { readonly type: 'line-back' }
  /** The line is gone for good: with an error it failed, without one the other side ended the call. */
  | { readonly type: 'line-closed'; readonly now: number; readonly error: CallError | null }
  | { readonly type: 'interrupted' }
  /** The person pressed "continue". */
  | { readonly type: 'continue' }
  | { readonly type: 'uninterrupted' }
  | { readonly type: 'hang-up' }
  | { readonly type: 'closed'; readonly now: number }
  | { readonly type: 'dismiss' }
  /** The page goes away, perhaps to come back from the browser's cache. */
  | { readonly type: 'page-hidden'; readonly now: number }
  /** Another tab takes the call over. */
  | { readonly type: 'moved'; readonly now: number }
  | { readonly type: 'elsewhere'; readonly elsewhere: boolean }
  | { readonly type: 'set-muted'; readonly muted: boolean }
  | { readonly type: 'hold-to-talk'; readonly down: boolean }
  /** The microphone was muted or opened by somebody else (server, headset). */
  | { readonly type: 'mic-changed'; readonly muted: boolean }
  | { readonly type: 'set-speaker-muted'; readonly muted: boolean }
  | { readonly type: 'set-volume'; readonly volume: number }
  | { readonly type: 'sound-blocked'; readonly blocked: boolean }
  | { readonly type: 'quality'; readonly side: 'local' | 'remote'; readonly level: QualityLevel }
  | { readonly type: 'route'; readonly route: Route | null }
  | { readonly type: 'recording'; readonly recording: Recording }
  | { readonly type: 'warning'; readonly warning: Warning; readonly on: boolean }
  | { readonly type: 'devices'; readonly devices: Devices };

export type Effect =
  /** `reuse`: credentials of an attempt that never joined; good as long as they have not expired. */
  | { readonly type: 'get-token'; readonly resume: boolean; readonly reuse: Credentials | null }
  | { readonly type: 'open-mic' }
  | { readonly type: 'check' }
  | { readonly type: 'join'; readonly credentials: Credentials }
  | { readonly type: 'mute'; readonly muted: boolean }
  | { readonly type: 'mute-speaker'; readonly muted: boolean }
  | { readonly type: 'set-volume'; readonly volume: number }
  | { readonly type: 'continue' }
  /** Tell with `mic-allowed` when the microphone can be had after all. */
  | { readonly type: 'watch-mic' }
  /** Leave the room and stop the microphone; answer with `closed`. `keep`: somebody will come back to this room. */
  | { readonly type: 'close'; readonly keep: boolean }
  | { readonly type: 'report-error'; readonly error: CallError; readonly during: CallState };

export type Step = readonly [call: Call, effects: readonly Effect[]];

const NO_DEVICES: Devices = { inputs: [], outputs: [], input: null, output: null };

export const IDLE: Call = {
  state: 'idle', attempt: 0, muted: false, speakerMuted: false, volume: 1, credentials: null, peers: [], peerLeft: false,
  connectedAt: null, endedAt: null, endReason: null, error: null, soundBlocked: false,
  quality: { local: null, remote: null }, route: null, recording: 'off', queue: null, warnings: [], devices: NO_DEVICES,
  lowData: false, pushToTalk: false, interrupted: false, elsewhere: false, resumed: false,
};

/** Is a line being opened, open, or closing? */
export function isActive(state: CallState): boolean {
  return state !== 'idle' && !isOver(state);
}

/** Is there a call to look back on? */
export function isOver(state: CallState): boolean {
  return state === 'ended' || state === 'missed' || state === 'failed';
}

/** Are we in the room (possibly alone, possibly getting back into it)? */
export function isJoined(state: CallState): boolean {
  return state === 'ringing' || state === 'queued' || state === 'connected' || state === 'reconnecting' || state === 'interrupted';
}

/** Is the line being made, with the microphone in hand? */
export function isConnecting(state: CallState): boolean {
  return state === 'checking' || state === 'connecting';
}

/** How long the two sides were connected, in milliseconds; null when they never were. */
export function durationOf(call: Call, now: number): number | null {
  if (call.connectedAt === null) return null;
  return Math.max(0, (call.endedAt ?? now) - call.connectedAt);
}

const stay = (call: Call): Step => [call, []];

/** What stops being true when a line is gone. */
const GONE = {
  peers: [], soundBlocked: false, interrupted: false, queue: null, warnings: [], recording: 'off',
  quality: IDLE.quality, route: null,
} as const satisfies Partial<Call>;

/** What a new call takes over from the one before: the person's own choices. */
function fresh(call: Call, choices: StartChoices = {}): Call {
  const pushToTalk = choices.pushToTalk ?? call.pushToTalk;
  return {
    ...IDLE, attempt: call.attempt, speakerMuted: call.speakerMuted, volume: call.volume, elsewhere: call.elsewhere,
    devices: call.devices, pushToTalk, lowData: choices.lowData ?? call.lowData,
    muted: choices.muted ?? pushToTalk, resumed: choices.resume ?? false,
  };
}

function begin(call: Call, choices: StartChoices | undefined, reuse: Credentials | null): Step {
  const next = fresh(call, choices);
  return [
    { ...next, state: 'opening', attempt: call.attempt + 1 },
    [{ type: 'get-token', resume: next.resumed, reuse }],
  ];
}

/** Microphone troubles that may pass while the person reads how to solve them. */
const CURABLE: readonly string[] = ['MIC_DENIED', 'MIC_DENIED_SYSTEM', 'MIC_NOT_FOUND'];

function fail(call: Call, error: CallError, now: number | null = null): Step {
  // Nobody answered: the server may notice before our own clock does.
  if (error.code === 'NO_ANSWER') return miss(call, error, now);
  const effects: Effect[] = [{ type: 'close', keep: false }, { type: 'report-error', error, during: call.state }];
  if (CURABLE.includes(error.code)) effects.push({ type: 'watch-mic' });
  return [{ ...call, ...GONE, state: 'failed', error, endedAt: now }, effects];
}

function miss(call: Call, error: CallError, now: number | null): Step {
  return [{ ...call, ...GONE, state: 'missed', error, endedAt: now }, [{ type: 'close', keep: false }]];
}

function end(call: Call, endReason: EndReason, now: number): Step {
  const keep = endReason === 'page' || endReason === 'moved';
  return [{ ...call, ...GONE, state: 'ended', endedAt: now, endReason }, [{ type: 'close', keep }]];
}

/** In the room: what the number of people, the queue and the system say. */
function settle(call: Call, now: number): Call {
  const met = call.peers.length > 0;
  const there = met ? { ...call, connectedAt: call.connectedAt ?? now, peerLeft: false, queue: null } : call;
  if (there.interrupted) return { ...there, state: 'interrupted' };
  if (met) return { ...there, state: 'connected' };
  return { ...there, state: there.queue === null ? 'ringing' : 'queued' };
}

/** The same while the line is lost: people may come and go, the state waits. */
function settleUnlessLost(call: Call, now: number): Call {
  const next = settle(call, now);
  return call.state === 'reconnecting' ? { ...next, state: 'reconnecting' } : next;
}

function withPeer(peers: readonly Peer[], peer: Peer): readonly Peer[] {
  return [...peers.filter((other) => other.id !== peer.id), peer];
}

export function step(call: Call, event: CallEvent): Step {
  switch (event.type) {
    case 'start': case 'token-ok': case 'token-renewed': case 'token-failed': case 'allow-mic': case 'mic-ok': case 'mic-failed':
    case 'mic-allowed': case 'checked': case 'joined': case 'join-failed':
      return stepUp(call, event);
    case 'peer-joined': case 'peer-left': case 'queue': case 'no-answer': case 'max-duration': case 'line-lost':
    case 'line-back': case 'line-closed': case 'interrupted': case 'continue': case 'uninterrupted':
      return stepLine(call, event);
    case 'hang-up': case 'closed': case 'dismiss': case 'page-hidden': case 'moved': case 'elsewhere':
      return stepDown(call, event);
    default:
      return stepAside(call, event);
  }
}

type Of<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>;

/** From idle into the room. */
function stepUp(
  call: Call,
  event: Of<'start' | 'token-ok' | 'token-renewed' | 'token-failed' | 'allow-mic' | 'mic-ok' | 'mic-failed' | 'mic-allowed' | 'checked' | 'joined' | 'join-failed'>,
): Step {
  const { state } = call;
  switch (event.type) {
    case 'start':
      // A call in another tab has to be taken over first.
      return isActive(state) || call.elsewhere ? stay(call) : begin(call, event.choices, null);

    case 'token-ok':
      if (state !== 'opening') return stay(call);
      if (event.prime === true) return stay({ ...call, state: 'priming', credentials: event.credentials, warnings: [] });
      return [{ ...call, state: 'requesting-mic', credentials: event.credentials, warnings: [] }, [{ type: 'open-mic' }]];

    case 'token-renewed':
      return isConnecting(state) ? stay({ ...call, credentials: event.credentials }) : stay(call);

    case 'token-failed':
      if (state !== 'opening') return stay(call);
      // The call from before the page change is over, says the server: nobody has asked for a new one.
      if (call.resumed && event.error.status !== undefined) return [fresh(call), [{ type: 'close', keep: false }]];
      return fail(call, event.error);

    case 'allow-mic':
      return state === 'priming' ? [{ ...call, state: 'requesting-mic' }, [{ type: 'open-mic' }]] : stay(call);

    case 'mic-ok': {
      if (state !== 'requesting-mic' || call.credentials === null) return stay(call);
      const join: Effect = { type: 'join', credentials: call.credentials };
      // The check runs beside the join and never delays it.
      return event.check === true
        ? [{ ...call, state: 'checking' }, [join, { type: 'check' }]]
        : [{ ...call, state: 'connecting' }, [join]];
    }

    case 'mic-failed':
      return state === 'requesting-mic' ? fail(call, event.error) : stay(call);

    case 'mic-allowed':
      if (state !== 'failed' || call.error === null || !CURABLE.includes(call.error.code)) return stay(call);
      return begin(call, { resume: call.resumed }, call.credentials);

    case 'checked':
      return state === 'checking' ? stay({ ...call, state: 'connecting' }) : stay(call);

    case 'joined':
      if (!isConnecting(state)) return stay(call);
      return stay(settle({ ...call, warnings: [], peers: event.peers.reduce(withPeer, call.peers) }, event.now));

    case 'join-failed':
      return isConnecting(state) ? fail(call, event.error) : stay(call);
  }
}

/** In the room. */
function stepLine(
  call: Call,
  event: Of<'peer-joined' | 'peer-left' | 'queue' | 'no-answer' | 'max-duration' | 'line-lost' | 'line-back' | 'line-closed' | 'interrupted' | 'continue' | 'uninterrupted'>,
): Step {
  const { state } = call;
  const joined = isJoined(state);
  switch (event.type) {
    case 'peer-joined': {
      const next = { ...call, peers: withPeer(call.peers, event.peer) };
      if (isConnecting(state)) return stay(next); // `joined` decides
      return joined ? stay(settleUnlessLost(next, event.now)) : stay(call);
    }

    case 'peer-left': {
      if (!joined && !isConnecting(state)) return stay(call);
      const peers = call.peers.filter((peer) => peer.id !== event.id);
      if (peers.length === call.peers.length) return stay(call);
      const next = { ...call, peers, peerLeft: peers.length === 0 };
      return stay(joined ? settleUnlessLost(next, call.connectedAt ?? 0) : next);
    }

    case 'queue': {
      if ((!joined && !isConnecting(state)) || call.peers.length > 0 || sameQueue(call.queue, event.queue)) return stay(call);
      const next = { ...call, queue: event.queue };
      return stay(joined ? settleUnlessLost(next, 0) : next);
    }

    case 'no-answer':
      if (state !== 'ringing') return stay(call);
      return call.connectedAt === null ? miss(call, new CallError('NO_ANSWER'), event.now) : end(call, 'remote', event.now);

    case 'max-duration':
      return joined ? end(call, 'limit', event.now) : stay(call);

    case 'line-lost':
      return joined && state !== 'reconnecting' ? stay({ ...call, state: 'reconnecting' }) : stay(call);

    case 'line-back':
      return state === 'reconnecting' ? stay(settle(call, call.connectedAt ?? 0)) : stay(call);

    case 'line-closed':
      if (isConnecting(state)) return fail(call, event.error ?? new CallError('SIGNAL_FAILED'), event.now);
      if (!joined) return stay(call);
      return event.error === null ? end(call, 'remote', event.now) : fail(call, event.error, event.now);

    case 'interrupted':
      if (!joined || call.interrupted) return stay(call);
      return stay({ ...call, interrupted: true, state: state === 'reconnecting' ? state : 'interrupted' });

    case 'continue':
      return call.interrupted ? [call, [{ type: 'continue' }]] : stay(call);

    case 'uninterrupted':
      return call.interrupted ? stay(settleUnlessLost({ ...call, interrupted: false }, call.connectedAt ?? 0)) : stay(call);
  }
}

function sameQueue(one: Queue | null, other: Queue | null): boolean {
  return one?.position === other?.position && one?.etaSeconds === other?.etaSeconds;
}

/** Out of the room and back to idle. */
function stepDown(call: Call, event: Of<'hang-up' | 'closed' | 'dismiss' | 'page-hidden' | 'moved' | 'elsewhere'>): Step {
  const { state } = call;
  switch (event.type) {
    case 'hang-up':
      if (!isActive(state) || state === 'ending') return stay(call);
      return [
        { ...call, state: 'ending', endReason: call.connectedAt === null ? 'cancelled' : 'local', soundBlocked: false, warnings: [] },
        [{ type: 'close', keep: false }],
      ];

    case 'closed':
      return state === 'ending' ? stay({ ...call, ...GONE, state: 'ended', endedAt: event.now }) : stay(call);

    case 'dismiss':
      return isOver(state) ? stay(fresh(call)) : stay(call);

    case 'page-hidden':
      if (!isActive(state)) return stay(call);
      // Already ending: the page must not wait for it.
      return state === 'ending' ? stay({ ...call, ...GONE, state: 'ended', endedAt: event.now }) : end(call, 'page', event.now);

    case 'moved':
      return isActive(state) && state !== 'ending' ? end(call, 'moved', event.now) : stay(call);

    case 'elsewhere':
      if (event.elsewhere === call.elsewhere) return stay(call);
      if (event.elsewhere && isActive(state) && !isJoined(state) && state !== 'ending') {
        // The other tab was first.
        return [{ ...fresh(call), elsewhere: true }, [{ type: 'close', keep: false }]];
      }
      return stay({ ...call, elsewhere: event.elsewhere });
  }
}

/** What goes on beside the states. */
function stepAside(
  call: Call,
  event: Of<'set-muted' | 'hold-to-talk' | 'mic-changed' | 'set-speaker-muted' | 'set-volume' | 'sound-blocked' | 'quality' | 'route' | 'recording' | 'warning' | 'devices'>,
): Step {
  const { state } = call;
  const running = isActive(state) && state !== 'ending';
  const there = isJoined(state) || isConnecting(state);
  switch (event.type) {
    case 'set-muted':
      return running ? mute(call, event.muted) : stay(call);

    case 'hold-to-talk':
      return running && call.pushToTalk ? mute(call, !event.down) : stay(call);

    case 'mic-changed':
      return isJoined(state) && event.muted !== call.muted ? stay({ ...call, muted: event.muted }) : stay(call);

    case 'set-speaker-muted':
      if (event.muted === call.speakerMuted) return stay(call);
      return [{ ...call, speakerMuted: event.muted }, [{ type: 'mute-speaker', muted: event.muted }]];

    case 'set-volume': {
      const volume = Math.min(1, Math.max(0, event.volume));
      return volume === call.volume || Number.isNaN(volume) ? stay(call) : [{ ...call, volume }, [{ type: 'set-volume', volume }]];
    }

    case 'sound-blocked':
      return event.blocked !== call.soundBlocked && there ? stay({ ...call, soundBlocked: event.blocked }) : stay(call);

    case 'quality':
      if (!there || call.quality[event.side] === event.level) return stay(call);
      return stay({ ...call, quality: { ...call.quality, [event.side]: event.level } });

    case 'route':
      return there && call.route !== event.route ? stay({ ...call, route: event.route }) : stay(call);

    case 'recording':
      return there && call.recording !== event.recording ? stay({ ...call, recording: event.recording }) : stay(call);

    case 'warning':
      if (!running || call.warnings.includes(event.warning) === event.on) return stay(call);
      if (event.warning === 'muted-talking' && call.pushToTalk) return stay(call); // muted is how one rests there
      return stay({ ...call, warnings: WARNINGS.filter((one) => (one === event.warning ? event.on : call.warnings.includes(one))) });

    case 'devices':
      return stay({ ...call, devices: event.devices });
  }
}

function mute(call: Call, muted: boolean): Step {
  return muted === call.muted ? stay(call) : [{ ...call, muted }, [{ type: 'mute', muted }]];
}
