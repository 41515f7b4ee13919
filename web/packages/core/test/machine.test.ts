// Every state against every event: what is not listed as a transition must change nothing.

import { describe, expect, it } from 'vitest';
import { CALL_STATES, CallError, IDLE, durationOf, isActive, isJoined, step } from '../src/index';
import type { Call, CallEvent, CallState, Credentials, Effect } from '../src/index';

const credentials: Credentials = { token: 't', serverUrl: 'ws://h', roomName: 'r', participantName: 'p', callId: 'c' };
const ANNA = { id: 'a', name: 'Anna' };
const BEN = { id: 'b', name: 'Ben' };
const error = new CallError('SIGNAL_FAILED');

/** One plausible call per state. */
const IN: Record<CallState, Call> = {
  idle: IDLE,
  opening: { ...IDLE, state: 'opening', attempt: 1 },
  'requesting-mic': { ...IDLE, state: 'requesting-mic', attempt: 1, credentials },
  connecting: { ...IDLE, state: 'connecting', attempt: 1, credentials },
  ringing: { ...IDLE, state: 'ringing', attempt: 1, credentials },
  connected: { ...IDLE, state: 'connected', attempt: 1, credentials, peers: [ANNA], connectedAt: 1000 },
  reconnecting: { ...IDLE, state: 'reconnecting', attempt: 1, credentials, peers: [ANNA], connectedAt: 1000 },
  ending: { ...IDLE, state: 'ending', attempt: 1, credentials, endReason: 'local', connectedAt: 1000 },
  ended: { ...IDLE, state: 'ended', attempt: 1, endReason: 'local', connectedAt: 1000, endedAt: 5000 },
  failed: { ...IDLE, state: 'failed', attempt: 1, error },
};

const EVENTS = {
  start: { type: 'start' },
  'token-ok': { type: 'token-ok', credentials },
  'token-failed': { type: 'token-failed', error },
  'mic-ok': { type: 'mic-ok' },
  'mic-failed': { type: 'mic-failed', error },
  'joined alone': { type: 'joined', now: 2000, peers: [] },
  'joined to somebody': { type: 'joined', now: 2000, peers: [ANNA] },
  'join-failed': { type: 'join-failed', error },
  'peer-joined': { type: 'peer-joined', now: 2000, peer: BEN },
  'peer-left': { type: 'peer-left', id: 'a' },
  'peer-left (stranger)': { type: 'peer-left', id: 'nobody' },
  'line-lost': { type: 'line-lost' },
  'line-back': { type: 'line-back' },
  'line-closed': { type: 'line-closed', now: 9000, error: null },
  'line-closed with error': { type: 'line-closed', now: 9000, error },
  'hang-up': { type: 'hang-up' },
  closed: { type: 'closed', now: 9000 },
  dismiss: { type: 'dismiss' },
  'set-muted': { type: 'set-muted', muted: true },
  'mic-changed': { type: 'mic-changed', muted: true },
  'set-speaker-muted': { type: 'set-speaker-muted', muted: true },
  'sound-blocked': { type: 'sound-blocked', blocked: true },
} as const satisfies Record<string, CallEvent>;
type EventName = keyof typeof EVENTS;

type Row = readonly [to: CallState, effects: readonly Effect['type'][], changes?: Partial<Call>];
const FAIL: Row = ['failed', ['close', 'report-error'], { error, peers: [] }];

const TABLE: Record<CallState, Partial<Record<EventName, Row>>> = {
  idle: {
    start: ['opening', ['get-token'], { attempt: 1 }],
    'set-speaker-muted': ['idle', ['mute-speaker'], { speakerMuted: true }],
  },
  opening: {
    'token-ok': ['requesting-mic', ['open-mic'], { credentials }],
    'token-failed': FAIL,
    'hang-up': ['ending', ['close'], { endReason: 'cancelled' }],
    'set-muted': ['opening', ['mute'], { muted: true }],
    'set-speaker-muted': ['opening', ['mute-speaker'], { speakerMuted: true }],
  },
  'requesting-mic': {
    'mic-ok': ['connecting', ['join']],
    'mic-failed': FAIL,
    'hang-up': ['ending', ['close'], { endReason: 'cancelled' }],
    'set-muted': ['requesting-mic', ['mute'], { muted: true }],
    'set-speaker-muted': ['requesting-mic', ['mute-speaker'], { speakerMuted: true }],
  },
  connecting: {
    'joined alone': ['ringing', [], { connectedAt: null }],
    'joined to somebody': ['connected', [], { connectedAt: 2000, peers: [ANNA] }],
    'join-failed': FAIL,
    'peer-joined': ['connecting', [], { peers: [BEN], connectedAt: null }],
    'line-closed': ['failed', ['close', 'report-error'], { endedAt: 9000 }],
    'line-closed with error': FAIL,
    'hang-up': ['ending', ['close'], { endReason: 'cancelled' }],
    'set-muted': ['connecting', ['mute'], { muted: true }],
    'set-speaker-muted': ['connecting', ['mute-speaker'], { speakerMuted: true }],
    'sound-blocked': ['connecting', [], { soundBlocked: true }],
  },
  ringing: {
    'peer-joined': ['connected', [], { peers: [BEN], connectedAt: 2000 }],
    'line-lost': ['reconnecting', []],
    'line-closed': ['ended', ['close'], { endReason: 'remote', endedAt: 9000 }],
    'line-closed with error': FAIL,
    'hang-up': ['ending', ['close'], { endReason: 'cancelled' }],
    'set-muted': ['ringing', ['mute'], { muted: true }],
    'mic-changed': ['ringing', [], { muted: true }],
    'set-speaker-muted': ['ringing', ['mute-speaker'], { speakerMuted: true }],
    'sound-blocked': ['ringing', [], { soundBlocked: true }],
  },
  connected: {
    'peer-joined': ['connected', [], { peers: [ANNA, BEN], connectedAt: 1000 }],
    'peer-left': ['ringing', [], { peers: [], peerLeft: true, connectedAt: 1000 }],
    'line-lost': ['reconnecting', [], { peers: [ANNA] }],
    'line-closed': ['ended', ['close'], { endReason: 'remote', endedAt: 9000, peers: [] }],
    'line-closed with error': FAIL,
    'hang-up': ['ending', ['close'], { endReason: 'local' }],
    'set-muted': ['connected', ['mute'], { muted: true }],
    'mic-changed': ['connected', [], { muted: true }],
    'set-speaker-muted': ['connected', ['mute-speaker'], { speakerMuted: true }],
    'sound-blocked': ['connected', [], { soundBlocked: true }],
  },
  reconnecting: {
    'peer-joined': ['reconnecting', [], { peers: [ANNA, BEN] }],
    'peer-left': ['reconnecting', [], { peers: [], peerLeft: true }],
    'line-back': ['connected', [], { connectedAt: 1000 }],
    'line-closed': ['ended', ['close'], { endReason: 'remote', endedAt: 9000 }],
    'line-closed with error': FAIL,
    'hang-up': ['ending', ['close'], { endReason: 'local' }],
    'set-muted': ['reconnecting', ['mute'], { muted: true }],
    'mic-changed': ['reconnecting', [], { muted: true }],
    'set-speaker-muted': ['reconnecting', ['mute-speaker'], { speakerMuted: true }],
    'sound-blocked': ['reconnecting', [], { soundBlocked: true }],
  },
  ending: {
    closed: ['ended', [], { endedAt: 9000, endReason: 'local' }],
    'set-speaker-muted': ['ending', ['mute-speaker'], { speakerMuted: true }],
  },
  ended: {
    start: ['opening', ['get-token'], { attempt: 2, endedAt: null, endReason: null, connectedAt: null }],
    dismiss: ['idle', [], { attempt: 1, endReason: null }],
    'set-speaker-muted': ['ended', ['mute-speaker'], { speakerMuted: true }],
  },
  failed: {
    start: ['opening', ['get-token'], { attempt: 2, error: null }],
    dismiss: ['idle', [], { attempt: 1, error: null }],
    'set-speaker-muted': ['failed', ['mute-speaker'], { speakerMuted: true }],
  },
};

describe('every state × every event', () => {
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
    expect(CALL_STATES.filter(isActive)).toEqual(['opening', 'requesting-mic', 'connecting', 'ringing', 'connected', 'reconnecting', 'ending']);
    expect(CALL_STATES.filter(isJoined)).toEqual(['ringing', 'connected', 'reconnecting']);
  });
});
