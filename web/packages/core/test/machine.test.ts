// Every state against every event: what is not listed as a transition must change nothing.

import { describe, expect, it } from 'vitest';
import { CALL_STATES, CallError, IDLE, durationOf, isActive, isConnecting, isJoined, isOver, step } from '../src/index';
import type { Call, CallEvent, CallState, Credentials, Devices, Effect, EndReason, Warning } from '../src/index';

const credentials: Credentials = { token: 't', serverUrl: 'ws://h', roomName: 'r', participantName: 'p', callId: 'c' };
const ANNA = { id: 'a', name: 'Anna' };
const BEN = { id: 'b', name: 'Ben' };
const error = new CallError('SIGNAL_FAILED');
const denied = new CallError('MIC_DENIED');
const QUEUE = { position: 2, etaSeconds: 90 };
const DEVICES: Devices = { inputs: [{ id: 'm', label: 'Mic' }], outputs: [], input: 'm', output: null };

const joined = { ...IDLE, attempt: 1, credentials };
const met = { ...joined, peers: [ANNA], connectedAt: 1000 };

/** One plausible call per state. */
const IN: Record<CallState, Call> = {
  idle: IDLE,
  opening: { ...IDLE, state: 'opening', attempt: 1 },
  priming: { ...joined, state: 'priming' },
  'requesting-mic': { ...joined, state: 'requesting-mic' },
  checking: { ...joined, state: 'checking' },
  connecting: { ...joined, state: 'connecting' },
  ringing: { ...joined, state: 'ringing' },
  queued: { ...joined, state: 'queued', queue: { position: 3, etaSeconds: null } },
  connected: { ...met, state: 'connected' },
  reconnecting: { ...met, state: 'reconnecting' },
  interrupted: { ...met, state: 'interrupted', interrupted: true },
  ending: { ...met, peers: [], state: 'ending', endReason: 'local' },
  ended: { ...IDLE, state: 'ended', attempt: 1, endReason: 'local', connectedAt: 1000, endedAt: 5000 },
  missed: { ...joined, state: 'missed', error: new CallError('NO_ANSWER'), endedAt: 5000 },
  failed: { ...joined, state: 'failed', error: denied },
};

const EVENTS = {
  start: { type: 'start' },
  'token-ok': { type: 'token-ok', credentials },
  'token-ok to prime': { type: 'token-ok', credentials, prime: true },
  'token-renewed': { type: 'token-renewed', credentials: { ...credentials, token: 'new' } },
  'token-failed': { type: 'token-failed', error },
  'allow-mic': { type: 'allow-mic' },
  'mic-ok': { type: 'mic-ok' },
  'mic-ok to check': { type: 'mic-ok', check: true },
  'mic-failed': { type: 'mic-failed', error },
  'mic-denied': { type: 'mic-failed', error: denied },
  'mic-allowed': { type: 'mic-allowed' },
  checked: { type: 'checked' },
  'joined alone': { type: 'joined', now: 2000, peers: [] },
  'joined to somebody': { type: 'joined', now: 2000, peers: [ANNA] },
  'join-failed': { type: 'join-failed', error },
  'peer-joined': { type: 'peer-joined', now: 2000, peer: BEN },
  'peer-left': { type: 'peer-left', id: 'a' },
  'peer-left (stranger)': { type: 'peer-left', id: 'nobody' },
  queue: { type: 'queue', queue: QUEUE },
  'queue left': { type: 'queue', queue: null },
  'no-answer': { type: 'no-answer', now: 9000 },
  'max-duration': { type: 'max-duration', now: 9000 },
  'line-lost': { type: 'line-lost' },
  'line-back': { type: 'line-back' },
  'line-closed': { type: 'line-closed', now: 9000, error: null },
  'line-closed with error': { type: 'line-closed', now: 9000, error },
  'line-closed, nobody answered': { type: 'line-closed', now: 9000, error: new CallError('NO_ANSWER') },
  interrupted: { type: 'interrupted' },
  continue: { type: 'continue' },
  uninterrupted: { type: 'uninterrupted' },
  'hang-up': { type: 'hang-up' },
  closed: { type: 'closed', now: 9000 },
  dismiss: { type: 'dismiss' },
  'page-hidden': { type: 'page-hidden', now: 9000 },
  moved: { type: 'moved', now: 9000 },
  elsewhere: { type: 'elsewhere', elsewhere: true },
  'not elsewhere': { type: 'elsewhere', elsewhere: false },
  'set-muted': { type: 'set-muted', muted: true },
  'hold-to-talk': { type: 'hold-to-talk', down: true },
  'mic-changed': { type: 'mic-changed', muted: true },
  'set-speaker-muted': { type: 'set-speaker-muted', muted: true },
  'set-volume': { type: 'set-volume', volume: 0.5 },
  'sound-blocked': { type: 'sound-blocked', blocked: true },
  quality: { type: 'quality', side: 'local', level: 2 },
  route: { type: 'route', route: 'tcp' },
  recording: { type: 'recording', recording: 'on' },
  warning: { type: 'warning', warning: 'slow', on: true },
  'warning cleared': { type: 'warning', warning: 'slow', on: false },
  devices: { type: 'devices', devices: DEVICES },
} as const satisfies Record<string, CallEvent>;
type EventName = keyof typeof EVENTS;

type Row = readonly [to: CallState, effects: readonly Effect['type'][], changes?: Partial<Call>];
type Rows = Partial<Record<EventName, Row>>;

const FAIL: Row = ['failed', ['close', 'report-error'], { error, peers: [], warnings: [] }];
const MISS: Row = ['missed', ['close'], { endedAt: 9000, peers: [] }];
const left = (endReason: EndReason): Row => ['ended', ['close'], { endReason, endedAt: 9000, peers: [], queue: null }];

/** What every state takes. */
const always = (state: CallState): Rows => ({
  'set-speaker-muted': [state, ['mute-speaker'], { speakerMuted: true }],
  'set-volume': [state, ['set-volume'], { volume: 0.5 }],
  devices: [state, [], { devices: DEVICES }],
  elsewhere: [state, [], { elsewhere: true }],
});
const over = (state: CallState): Rows => ({
  ...always(state),
  start: ['opening', ['get-token'], { attempt: 2, endedAt: null, endReason: null, connectedAt: null, error: null }],
  dismiss: ['idle', [], { attempt: 1, endReason: null, error: null }],
});
/** From pressing start until "end". */
const running = (state: CallState): Rows => ({
  ...always(state),
  'hang-up': ['ending', ['close'], { endReason: 'cancelled' }],
  'set-muted': [state, ['mute'], { muted: true }],
  warning: [state, [], { warnings: ['slow'] }],
  'page-hidden': left('page'),
  moved: left('moved'),
});
const before = (state: CallState): Rows => ({
  ...running(state),
  elsewhere: ['idle', ['close'], { elsewhere: true, credentials: null }],
});
/** With a line, or almost. */
const measured = (state: CallState): Rows => ({
  'sound-blocked': [state, [], { soundBlocked: true }],
  quality: [state, [], { quality: { local: 2, remote: null } }],
  route: [state, [], { route: 'tcp' }],
  recording: [state, [], { recording: 'on' }],
});
const making = (state: CallState): Rows => ({
  ...before(state),
  ...measured(state),
  'token-renewed': [state, [], { credentials: { ...credentials, token: 'new' } }],
  'joined alone': ['ringing', [], { connectedAt: null }],
  'joined to somebody': ['connected', [], { connectedAt: 2000, peers: [ANNA] }],
  'join-failed': FAIL,
  'peer-joined': [state, [], { peers: [BEN], connectedAt: null }],
  queue: [state, [], { queue: QUEUE }],
  'line-closed': ['failed', ['close', 'report-error'], { endedAt: 9000 }],
  'line-closed with error': FAIL,
  'line-closed, nobody answered': MISS,
});
const inRoom = (state: CallState): Rows => ({
  ...running(state),
  ...measured(state),
  'max-duration': left('limit'),
  'line-lost': ['reconnecting', []],
  'line-closed': left('remote'),
  'line-closed with error': FAIL,
  'line-closed, nobody answered': MISS,
  interrupted: ['interrupted', [], { interrupted: true }],
  'mic-changed': [state, [], { muted: true }],
});
const HUNG_UP: Row = ['ending', ['close'], { endReason: 'local' }];

const TABLE: Record<CallState, Rows> = {
  idle: { ...always('idle'), start: ['opening', ['get-token'], { attempt: 1 }] },
  opening: {
    ...before('opening'),
    'token-ok': ['requesting-mic', ['open-mic'], { credentials }],
    'token-ok to prime': ['priming', [], { credentials }],
    'token-failed': FAIL,
  },
  priming: { ...before('priming'), 'allow-mic': ['requesting-mic', ['open-mic']] },
  'requesting-mic': {
    ...before('requesting-mic'),
    'mic-ok': ['connecting', ['join']],
    'mic-ok to check': ['checking', ['join', 'check']],
    'mic-failed': FAIL,
    'mic-denied': ['failed', ['close', 'report-error', 'watch-mic'], { error: denied }],
  },
  checking: { ...making('checking'), checked: ['connecting', []] },
  connecting: making('connecting'),
  ringing: {
    ...inRoom('ringing'),
    'peer-joined': ['connected', [], { peers: [BEN], connectedAt: 2000 }],
    queue: ['queued', [], { queue: QUEUE }],
    'no-answer': MISS,
  },
  queued: {
    ...inRoom('queued'),
    'peer-joined': ['connected', [], { peers: [BEN], connectedAt: 2000, queue: null }],
    queue: ['queued', [], { queue: QUEUE }],
    'queue left': ['ringing', [], { queue: null }],
  },
  connected: {
    ...inRoom('connected'),
    'hang-up': HUNG_UP,
    'peer-joined': ['connected', [], { peers: [ANNA, BEN], connectedAt: 1000 }],
    'peer-left': ['ringing', [], { peers: [], peerLeft: true, connectedAt: 1000 }],
  },
  reconnecting: {
    ...inRoom('reconnecting'),
    'hang-up': HUNG_UP,
    'line-lost': undefined,
    'line-back': ['connected', [], { connectedAt: 1000 }],
    interrupted: ['reconnecting', [], { interrupted: true }],
    'peer-joined': ['reconnecting', [], { peers: [ANNA, BEN] }],
    'peer-left': ['reconnecting', [], { peers: [], peerLeft: true }],
  },
  interrupted: {
    ...inRoom('interrupted'),
    'hang-up': HUNG_UP,
    interrupted: undefined,
    continue: ['interrupted', ['continue']],
    uninterrupted: ['connected', [], { interrupted: false, connectedAt: 1000 }],
    'peer-joined': ['interrupted', [], { peers: [ANNA, BEN] }],
    'peer-left': ['interrupted', [], { peers: [], peerLeft: true }],
  },
  ending: {
    ...always('ending'),
    closed: ['ended', [], { endedAt: 9000, endReason: 'local' }],
    'page-hidden': ['ended', [], { endedAt: 9000, endReason: 'local' }],
  },
  ended: over('ended'),
  missed: over('missed'),
  failed: { ...over('failed'), 'mic-allowed': ['opening', ['get-token'], { attempt: 2, error: null }] },
};

describe('S07 S18 S22 S23 S24 S25 every state × every event', () => {
  for (const state of CALL_STATES) {
    for (const name of Object.keys(EVENTS) as EventName[]) {
      const row = TABLE[state][name];
      it(`${state} + ${name} → ${row?.[0] ?? 'nothing'}`, () => {
        const before = IN[state];
        const frozen = JSON.stringify(before);
        const [after, effects] = step(before, EVENTS[name]);
        expect(JSON.stringify(before)).toBe(frozen); // pure
        if (row === undefined) {
          expect(after).toBe(before);
          expect(effects).toEqual([]);
          return;
        }
        expect(after.state).toBe(row[0]);
        expect(effects.map((effect) => effect.type)).toEqual(row[1]);
        expect(after).toMatchObject(row[2] ?? {});
      });
    }
  }
});

function run(events: readonly CallEvent[], from: Call = IDLE): Call {
  return events.reduce((call, event) => step(call, event)[0], from);
}

describe('whole calls', () => {
  const up: CallEvent[] = [EVENTS.start, EVENTS['token-ok'], EVENTS['mic-ok'], EVENTS['joined to somebody']];

  it('goes the straight way', () => {
    expect(run([...up, EVENTS['hang-up'], EVENTS.closed])).toMatchObject({ state: 'ended', endReason: 'local', connectedAt: 2000, endedAt: 9000 });
  });
  it('keeps the timer of the first meeting when somebody leaves and comes back', () => {
    const call = run([...up, EVENTS['peer-left'], { type: 'peer-joined', now: 7000, peer: ANNA }]);
    expect(call).toMatchObject({ state: 'connected', connectedAt: 2000, peerLeft: false });
  });
  it('comes back from a lost line to an empty room when the other side left meanwhile', () => {
    expect(run([...up, EVENTS['line-lost'], EVENTS['peer-left'], EVENTS['line-back']]).state).toBe('ringing');
  });
  it('starts a new call with an open microphone and the loudspeaker as it was', () => {
    const call = run([...up, EVENTS['set-muted'], EVENTS['set-speaker-muted'], EVENTS['hang-up'], EVENTS.closed, EVENTS.start]);
    expect(call).toMatchObject({ state: 'opening', muted: false, speakerMuted: true, peers: [] });
  });
  it('knows a peer once, by id, with the newest name', () => {
    const call = run([...up, { type: 'peer-joined', now: 3000, peer: { id: 'a', name: 'Anna B.' } }]);
    expect(call.peers).toEqual([{ id: 'a', name: 'Anna B.' }]);
  });
  it('measures only while both were there', () => {
    expect(durationOf(IDLE, 99)).toBeNull();
    expect(durationOf(IN.connected, 4000)).toBe(3000);
    expect(durationOf(IN.ended, 99_000)).toBe(4000);
    expect(durationOf(IN.connected, 1)).toBe(0); // clock set back
  });
  it('says what failed in which state', () => {
    expect(step(IN['requesting-mic'], EVENTS['mic-failed'])[1]).toContainEqual({ type: 'report-error', error, during: 'requesting-mic' });
  });
  it('classifies states', () => {
    expect(CALL_STATES.filter(isJoined)).toEqual(['ringing', 'queued', 'connected', 'reconnecting', 'interrupted']);
    expect(CALL_STATES.filter(isOver)).toEqual(['ended', 'missed', 'failed']);
    expect(CALL_STATES.filter(isConnecting)).toEqual(['checking', 'connecting']);
    expect(CALL_STATES.filter((state) => !isActive(state))).toEqual(['idle', 'ended', 'missed', 'failed']);
  });
  it('S38 one state holds connection, mute, error, credentials and timer', () => {
    const call = run([...up, EVENTS['set-muted']]);
    expect(call).toMatchObject({ state: 'connected', muted: true, error: null, credentials, connectedAt: 2000 });
  });
  it('ends without a question when nobody comes back after leaving', () => {
    expect(run([...up, EVENTS['peer-left'], EVENTS['no-answer']])).toMatchObject({ state: 'ended', endReason: 'remote' });
  });
  it('P64 after a lost line an interruption is still there', () => {
    const call = run([...up, EVENTS['line-lost'], EVENTS.interrupted, EVENTS['line-back']]);
    expect(call.state).toBe('interrupted');
    expect(run([EVENTS.uninterrupted], call).state).toBe('connected');
  });
  it('P53 push to talk starts muted and is open while held', () => {
    const talk = run([{ type: 'start', choices: { pushToTalk: true } }, ...up.slice(1)]);
    expect(talk).toMatchObject({ pushToTalk: true, muted: true });
    expect(step(talk, EVENTS['hold-to-talk'])).toMatchObject([{ muted: false }, [{ type: 'mute', muted: false }]]);
    expect(step(run(up), EVENTS['hold-to-talk'])[1]).toEqual([]); // not in other calls
  });
  it('N12 starts nothing while a call runs in another tab', () => {
    const there = run([EVENTS.elsewhere]);
    expect(step(there, EVENTS.start)).toEqual([there, []]);
    expect(run([EVENTS['not elsewhere'], EVENTS.start], there).state).toBe('opening');
  });
  it('P44 lists warnings once, in a fixed order', () => {
    const on = (warning: Warning): CallEvent => ({ type: 'warning', warning, on: true });
    const call = run([...up, on('network-you'), on('muted-talking'), on('network-you')]);
    expect(call.warnings).toEqual(['muted-talking', 'network-you']);
    expect(run([EVENTS['hang-up']], call).warnings).toEqual([]);
  });
  it('P50 a refused resume goes quietly back to idle, an unreachable server is told', () => {
    const resuming = run([{ type: 'start', choices: { resume: true } }]);
    const refused = { type: 'token-failed', error: new CallError('TOKEN_EXPIRED', { status: 410 }) } as const;
    expect(step(resuming, refused)).toMatchObject([{ state: 'idle' }, [{ type: 'close' }]]);
    expect(run([EVENTS['token-failed']], resuming).state).toBe('failed');
  });
  it('N03 goes on with the same pass when the microphone is allowed after all', () => {
    expect(step(IN.failed, EVENTS['mic-allowed'])[1]).toEqual([{ type: 'get-token', resume: false, reuse: credentials }]);
    const other = { ...IN.failed, error };
    expect(step(other, EVENTS['mic-allowed'])).toEqual([other, []]);
  });
  it('keeps volume between 0 and 1', () => {
    expect(run([{ type: 'set-volume', volume: 7 }]).volume).toBe(1);
    expect(run([{ type: 'set-volume', volume: -1 }]).volume).toBe(0);
    expect(run([{ type: 'set-volume', volume: Number.NaN }]).volume).toBe(1);
  });
});
