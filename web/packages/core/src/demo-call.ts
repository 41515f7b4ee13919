// demo-call.ts — a call without a server: every state by name, the same every time. For designers, documentation, the
// designer page, <offhook-call demo> and pictures in tests. Nothing asks for a microphone, nothing leaves the page.

import type { CallHandle } from './call';
import { DEMO_CREDENTIALS, DEMO_DEVICES, DEMO_PEER, DEMO_STATS, demoLevels } from './demo-phone';
import { describeCall } from './diagnostics';
import type { Moment } from './diagnostics';
import { CallError, isErrorCode } from './errors';
import { IDLE, WARNINGS, isActive, isJoined, step } from './machine';
import type { Call, CallEvent, CallState, Effect, Peer, Warning } from './machine';

/** A state, an error code or a warning, or one of the moments that are none of these. */
export type DemoScene = CallState | Warning | `error-${string}` | 'muted' | 'speaker-muted' | 'recording' | 'sound-blocked'
  | 'push-to-talk' | 'elsewhere' | 'low-quality' | 'ended-by-them' | 'ringing-again';

const STATES: readonly DemoScene[] = [
  'idle', 'opening', 'priming', 'requesting-mic', 'checking', 'connecting', 'ringing', 'ringing-again', 'queued', 'connected',
  'muted', 'speaker-muted', 'push-to-talk', 'recording', 'low-quality', 'sound-blocked', 'reconnecting', 'interrupted',
  'elsewhere', 'ending', 'ended', 'ended-by-them', 'missed', 'failed',
];

/** Everything that can be shown, errors by `error-CODE`. */
export const DEMO_SCENES: readonly DemoScene[] = [...STATES, ...WARNINGS];

const AGO_MS = 134_000; // a timer that shows a real call's length

const UP: readonly CallEvent[] = [{ type: 'token-ok', credentials: DEMO_CREDENTIALS }, { type: 'mic-ok' }];

function connected(now: number, peer: Peer): readonly CallEvent[] {
  return [
    ...UP,
    { type: 'joined', now: now - AGO_MS, peers: [peer] },
    { type: 'devices', devices: DEMO_DEVICES },
    { type: 'quality', side: 'local', level: 3 }, { type: 'quality', side: 'remote', level: 3 },
    { type: 'route', route: 'udp' },
  ];
}

/** The events after `start` that lead to a scene. Pure; an unknown name gives the connected call. */
export function demoEvents(scene: string, now: number, peer: Peer = DEMO_PEER): readonly CallEvent[] {
  const up = connected(now, peer);
  const failed = /^error-(.+)$/.exec(scene)?.[1];
  if (failed !== undefined) return failing(failed);
  if ((WARNINGS as readonly string[]).includes(scene)) {
    const events: CallEvent[] = [{ type: 'warning', warning: scene as Warning, on: true }];
    if (scene === 'muted-talking') events.unshift({ type: 'set-muted', muted: true });
    return scene === 'slow' || scene === 'switching-route' ? [...UP, ...events] : [...up, ...events];
  }
  switch (scene as DemoScene) {
    case 'opening': return [];
    case 'priming': return [{ type: 'token-ok', credentials: DEMO_CREDENTIALS, prime: true }];
    case 'requesting-mic': return UP.slice(0, 1);
    case 'checking': return [...UP.slice(0, 1), { type: 'mic-ok', check: true }];
    case 'connecting': return UP;
    case 'ringing': return [...UP, { type: 'joined', now, peers: [] }];
    case 'ringing-again': return [...up, { type: 'peer-left', id: peer.id }];
    case 'queued': return [...UP, { type: 'joined', now, peers: [] }, { type: 'queue', queue: { position: 3, etaSeconds: 240 } }];
    case 'muted': return [...up, { type: 'set-muted', muted: true }];
    case 'speaker-muted': return [...up, { type: 'set-speaker-muted', muted: true }];
    case 'recording': return [...up, { type: 'recording', recording: 'on' }];
    case 'low-quality': return [...up, { type: 'quality', side: 'local', level: 1 }, { type: 'warning', warning: 'network-you', on: true }];
    case 'sound-blocked': return [...up, { type: 'sound-blocked', blocked: true }];
    case 'reconnecting': return [...up, { type: 'line-lost' }];
    case 'interrupted': return [...up, { type: 'interrupted' }];
    case 'ending': return [...up, { type: 'hang-up' }];
    case 'ended': return [...up, { type: 'hang-up' }, { type: 'closed', now }];
    case 'ended-by-them': return [...up, { type: 'line-closed', now, error: null }];
    case 'missed': return [...UP, { type: 'joined', now: now - 60_000, peers: [] }, { type: 'no-answer', now }];
    case 'failed': return failing('SIGNAL_FAILED');
    default: return up;
  }
}

function failing(code: string): readonly CallEvent[] {
  const error = new CallError(isErrorCode(code) ? code : 'INTERNAL', { detail: 'demo' });
  return code.startsWith('MIC_') || code.endsWith('_CONTEXT') || code === 'POLICY_BLOCKED'
    ? [...UP.slice(0, 1), { type: 'mic-failed', error }]
    : [{ type: 'token-failed', error }];
}

export interface DemoCallOptions {
  /** Shown first; default idle. */
  readonly scene?: string;
  readonly peer?: Peer;
  readonly now?: () => number;
}

export interface DemoCall extends CallHandle {
  /** Goes to a scene at once and stays there until somebody presses something. */
  show(scene: string): void;
}

/** How long the steps of a demo take when somebody presses "start". */
const PACE = { token: 500, mic: 900, join: 700, answer: 1800 };

export function createDemoCall(options: DemoCallOptions = {}): DemoCall {
  const { peer = DEMO_PEER, now = Date.now } = options;
  const listeners = new Set<() => void>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const moments: Moment[] = [];
  let call: Call = IDLE;
  let still = false;

  function take(event: CallEvent): void {
    const before = call;
    const [after, effects] = step(before, event);
    if (after === before && effects.length === 0) return;
    call = after;
    if (call.attempt !== before.attempt) moments.length = 0;
    if (call.state !== before.state) moments.push({ state: call.state, at: now() });
    if (!still) for (const effect of effects) play(effect);
  }

  function send(event: CallEvent): void {
    const before = call;
    take(event);
    if (call !== before) for (const listener of [...listeners]) listener();
  }

  function later(ms: number, event: () => CallEvent): void {
    const { attempt } = call;
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (call.attempt === attempt) send(event());
    }, ms);
    timers.add(timer);
  }

  function play(effect: Effect): void {
    switch (effect.type) {
      case 'get-token': later(PACE.token, () => ({ type: 'token-ok', credentials: DEMO_CREDENTIALS })); break;
      case 'open-mic': later(PACE.mic, () => ({ type: 'mic-ok' })); break;
      case 'join':
        take({ type: 'devices', devices: DEMO_DEVICES });
        later(PACE.join, () => ({ type: 'joined', now: now(), peers: [] }));
        later(PACE.join + PACE.answer, () => ({ type: 'peer-joined', now: now(), peer }));
        break;
      case 'continue': later(0, () => ({ type: 'uninterrupted' })); break;
      case 'close':
        stop();
        later(0, () => ({ type: 'closed', now: now() }));
        break;
      default: break;
    }
  }

  function stop(): void {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  }

  /** Somebody pressed something: from here it goes on by itself. */
  function act(event: CallEvent): void {
    still = false;
    send(event);
  }

  function show(scene: string): void {
    stop();
    still = true;
    call = { ...IDLE, attempt: call.attempt, elsewhere: scene === 'elsewhere' };
    if (scene !== 'idle' && scene !== 'elsewhere') {
      take({ type: 'start', choices: { pushToTalk: scene === 'push-to-talk', lowData: scene === 'low-data' } });
      for (const event of demoEvents(scene, now(), peer)) take(event);
    }
    for (const listener of [...listeners]) listener();
  }

  if (options.scene !== undefined) show(options.scene);

  return {
    show,
    get: () => call,
    subscribe(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    phone: () => null,
    levels() {
      if (call.state !== 'connected') return { local: isJoined(call.state) && !call.muted ? 0.1 : 0, remote: 0 };
      const levels = demoLevels(now());
      return { local: call.muted ? 0 : levels.local, remote: call.speakerMuted ? 0 : levels.remote };
    },
    start: () => { act({ type: 'start' }); },
    hangUp: () => { act({ type: 'hang-up' }); },
    dismiss: () => { act({ type: 'dismiss' }); },
    setMuted: (muted) => { send({ type: 'set-muted', muted }); },
    setSpeakerMuted: (muted) => { send({ type: 'set-speaker-muted', muted }); },
    resumeSound: () => { send({ type: 'sound-blocked', blocked: false }); },
    setInput: (id) => { send({ type: 'devices', devices: { ...call.devices, input: id } }); },
    setOutput: (id) => { send({ type: 'devices', devices: { ...call.devices, output: id } }); },
    setVolume: (volume) => { send({ type: 'set-volume', volume }); },
    holdToTalk: (down) => { send({ type: 'hold-to-talk', down }); },
    allowMicrophone: () => { act({ type: call.state === 'priming' ? 'allow-mic' : 'mic-allowed' }); },
    continue: () => { act({ type: 'continue' }); },
    resume: () => false,
    takeOver() {
      act({ type: 'elsewhere', elsewhere: false });
      if (!isActive(call.state)) act({ type: 'start' });
      return Promise.resolve();
    },
    stats: () => Promise.resolve(isJoined(call.state) ? DEMO_STATS : null),
    diagnostics: () => describeCall(call, moments, now()),
    report: send,
    destroy: stop,
  };
}
