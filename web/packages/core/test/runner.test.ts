// The runner in virtual time: clocks, passes, resuming, other tabs, the page that goes away.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallError, createCall, createResumeStore } from '../src/index';
import type {
  Call, CallHandle, CallOptions, CallSettings, CredentialWishes, Credentials, MicrophonePermission, OneCall, OneCallEvents, Phone, PhoneEvent,
  PhoneWishes, ResumeStore,
} from '../src/index';
import type { PageEvents } from '../src/page';

const ANNA = { id: 'a', name: 'Anna' };

interface Bench {
  readonly call: CallHandle;
  readonly log: string[];
  readonly asked: (CredentialWishes | undefined)[];
  readonly wishes: (PhoneWishes | undefined)[];
  readonly store: ResumeStore;
  readonly items: Map<string, string>;
  report(event: PhoneEvent): void;
  /** The page's events; null: nobody listens. */
  page(): PageEvents | null;
  allow(): void;
  readonly watching: () => number;
  microphone: () => Promise<void>;
  join: (credentials: Credentials) => Promise<void>;
  credentials: Partial<Credentials>;
}

function bench(settings: CallSettings = {}, more: Partial<CallOptions> = {}, permission: Partial<MicrophonePermission> = {}): Bench {
  const items = new Map<string, string>();
  const store = createResumeStore('t', {
    getItem: (key) => items.get(key) ?? null, setItem: (key, value) => { items.set(key, value); }, removeItem: (key) => { items.delete(key); },
  });
  let page: PageEvents | null = null;
  let allowed = (): void => undefined;
  let watching = 0;
  let number = 0;
  let report: (event: PhoneEvent) => void = () => undefined;
  const made: Bench = {
    call: undefined as never, log: [], asked: [], wishes: [], store, items,
    report: (event) => { report(event); },
    page: () => page,
    allow: () => { allowed(); },
    watching: () => watching,
    microphone: () => Promise.resolve(),
    join: () => {
      report({ type: 'joined', now: Date.now(), peers: [ANNA] });
      return Promise.resolve();
    },
    credentials: {},
  };
  const note = (entry: string): Promise<void> => {
    made.log.push(entry);
    return Promise.resolve();
  };
  const openPhone = (tell: (event: PhoneEvent) => void, wishes?: PhoneWishes): Promise<Phone> => {
    made.wishes.push(wishes);
    report = tell;
    return Promise.resolve({
      openMicrophone: () => { made.log.push('mic'); return made.microphone(); },
      join: (credentials) => { made.log.push(`join ${credentials.token}`); return made.join(credentials); },
      setMuted: (muted) => note(`mute ${String(muted)}`),
      setSpeakerMuted: () => undefined, setVolume: (volume) => { made.log.push(`volume ${String(volume)}`); },
      setInput: (id) => note(`input ${id}`), setOutput: (id) => note(`output ${id}`),
      levels: () => ({ local: 0, remote: 0 }), resumeSound: () => Promise.resolve(),
      continue: () => note('continue'), stats: () => Promise.resolve(null),
      close: (keep) => note(keep === true ? 'close and keep' : 'close'),
    });
  };
  (made as { call: CallHandle }).call = createCall({
    openPhone,
    getCredentials: (_signal, wishes) => {
      made.asked.push(wishes);
      number += 1;
      return Promise.resolve({ token: `t${String(number)}`, serverUrl: 'ws://h', roomName: 'r', participantName: 'p', callId: 'c', ...made.credentials });
    },
    settings: () => settings,
    resumeStore: store,
    permission: {
      element: null, state: () => Promise.resolve('granted'),
      watch: (listen) => {
        allowed = listen;
        watching += 1;
        return () => { watching -= 1; };
      },
      ...permission,
    },
    watchPage: (events) => {
      page = events;
      return () => { page = null; };
    },
    ...more,
  });
  return made;
}

beforeEach(() => { vi.useFakeTimers({ now: 1_000_000 }); });
afterEach(() => { vi.useRealTimers(); });
const pass = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const state = (it: Bench): Call['state'] => it.call.get().state;

describe('clocks', () => {
  it('rings as long as the site says, then the call is missed', async () => {
    const it_ = bench();
    it_.credentials = { ringTimeout: 30 };
    it_.join = () => { it_.report({ type: 'joined', now: Date.now(), peers: [] }); return Promise.resolve(); };
    it_.call.start();
    await pass(29_000);
    expect(state(it_)).toBe('ringing');
    await pass(2000);
    expect(it_.call.get()).toMatchObject({ state: 'missed', error: { code: 'NO_ANSWER' } });
    expect(it_.log).toContain('close');
  });
  it.each<[string, number | undefined, string]>([['a minute unless told otherwise', undefined, 'missed'], ['for ever with 0', 0, 'ringing']])('rings %s', async (_name, ringTimeout, expected) => {
    const it_ = bench();
    it_.credentials = { ringTimeout };
    it_.join = () => { it_.report({ type: 'joined', now: Date.now(), peers: [] }); return Promise.resolve(); };
    it_.call.start();
    await pass(61_000);
    expect(state(it_)).toBe(expected);
    it_.call.hangUp();
    await pass();
    expect(vi.getTimerCount()).toBe(0);
  });
  it('does not miss who waits in line, nor who was answered', async () => {
    const it_ = bench();
    it_.join = () => { it_.report({ type: 'joined', now: Date.now(), peers: [] }); return Promise.resolve(); };
    it_.call.start();
    await pass(50_000);
    it_.report({ type: 'queue', queue: { position: 2, etaSeconds: null } });
    await pass(300_000);
    expect(state(it_)).toBe('queued');
    it_.report({ type: 'peer-joined', now: Date.now(), peer: ANNA });
    await pass(300_000);
    expect(state(it_)).toBe('connected');
  });
  it('ends at the longest duration, counted from the first meeting', async () => {
    const it_ = bench();
    it_.credentials = { maxDuration: 60 };
    it_.call.start();
    await pass(30_000);
    it_.report({ type: 'line-lost' });
    it_.report({ type: 'line-back' });
    await pass(29_000);
    expect(state(it_)).toBe('connected');
    await pass(1500);
    expect(it_.call.get()).toMatchObject({ state: 'ended', endReason: 'limit' });
  });
  it('says that it is slow after 4 s, and takes it back', async () => {
    const it_ = bench();
    it_.join = () => new Promise(() => undefined);
    it_.call.start();
    await pass(3900);
    expect(it_.call.get().warnings).toEqual([]);
    await pass(200);
    expect(it_.call.get().warnings).toEqual(['slow']);
    it_.report({ type: 'joined', now: Date.now(), peers: [] });
    expect(it_.call.get().warnings).toEqual([]);
  });
  it('shows the check beside the join, 3 s at most', async () => {
    const it_ = bench({ preflight: true }, { check: () => new Promise(() => undefined) });
    it_.join = () => new Promise(() => undefined);
    it_.call.start();
    await pass(10);
    expect(state(it_)).toBe('checking');
    expect(it_.log).toContain('join t1');
    await pass(3000);
    expect(state(it_)).toBe('connecting');
  });
});

describe('S13 S44 passes', () => {
  it('a pass that ran out while the browser was asking is renewed before it is used', async () => {
    const it_ = bench();
    it_.credentials = { expiresAt: Date.now() + 60_000 };
    it_.microphone = () => new Promise((done) => { setTimeout(done, 50_000); });
    it_.call.start();
    await pass(51_000);
    expect(it_.log).toContain('join t2');
    expect(it_.call.get()).toMatchObject({ state: 'connected', credentials: { token: 't2' } });
  });
  it('a pass that the server no longer takes is renewed once, silently', async () => {
    const it_ = bench();
    const join = it_.join;
    it_.join = (credentials) => (credentials.token === 't1' ? Promise.reject(new CallError('TOKEN_EXPIRED')) : join(credentials));
    it_.call.start();
    await pass();
    expect(it_.log.filter((entry) => entry.startsWith('join'))).toEqual(['join t1', 'join t2']);
    expect(state(it_)).toBe('connected');
  });
  it('but not for ever', async () => {
    const it_ = bench();
    it_.join = () => Promise.reject(new CallError('TOKEN_INVALID'));
    it_.call.start();
    await pass();
    expect(it_.asked).toHaveLength(2);
    expect(it_.call.get().error?.code).toBe('TOKEN_INVALID');
  });
  it('nothing of it is ever stored: only the sealed ticket, and only while the call lasts', async () => {
    const it_ = bench();
    it_.credentials = { resume: 'sealed' };
    it_.call.start();
    await pass();
    expect([...it_.items]).toEqual([['offhook.resume.t', '{"resume":"sealed","roomName":"r","muted":false,"speakerMuted":false}']]);
    it_.call.setMuted(true);
    expect(it_.store.load()?.muted).toBe(true);
    it_.call.hangUp();
    await pass();
    expect(it_.items.size).toBe(0);
  });
});

describe('N03 the microphone’s permission', () => {
  it('waits for a press on the browser’s own element where there is one', async () => {
    const it_ = bench({}, {}, { element: 'microphone', state: () => Promise.resolve('prompt') });
    it_.call.start();
    await pass();
    expect(state(it_)).toBe('priming');
    expect(it_.log).not.toContain('mic');
    it_.call.allowMicrophone();
    await pass();
    expect(state(it_)).toBe('connected');
  });
  it('does not prime who has allowed it already, nor where there is no such element', async () => {
    for (const permission of [{ element: 'microphone' as const }, { state: (): Promise<'prompt'> => Promise.resolve('prompt') }]) {
      const it_ = bench({}, {}, permission);
      it_.call.start();
      await pass();
      expect(state(it_)).toBe('connected');
    }
  });
  it('goes on by itself when a refused microphone is allowed after all, with the same pass', async () => {
    const it_ = bench();
    it_.microphone = () => Promise.reject(new CallError('MIC_DENIED'));
    it_.call.start();
    await pass();
    expect(state(it_)).toBe('failed');
    expect(it_.watching()).toBe(1);
    it_.microphone = () => Promise.resolve();
    it_.allow();
    await pass();
    expect(state(it_)).toBe('connected');
    expect(it_.asked).toHaveLength(1);
    expect(it_.watching()).toBe(0);
  });
});

describe('P50 N11 resuming', () => {
  async function talking(): Promise<Bench> {
    const it_ = bench();
    it_.credentials = { resume: 'sealed' };
    it_.call.start();
    await pass();
    it_.call.setMuted(true);
    return it_;
  }
  it('S14 P64 a page that is left lets go at once, keeps the ticket, and shows a sane state when it is brought back', async () => {
    const it_ = await talking();
    it_.page()?.left(true);
    expect(it_.log.at(-1)).toBe('close and keep'); // before anything waits
    expect(it_.call.get()).toMatchObject({ state: 'ended', endReason: 'page' });
    await pass();
    it_.page()?.back();
    await pass();
    expect(it_.call.get()).toMatchObject({ state: 'connected', resumed: true, muted: true });
    expect(it_.asked.at(-1)).toMatchObject({ resume: 'sealed' });
  });
  it('P64 without a ticket the others know at once, and the page comes back to an ended call', async () => {
    const it_ = bench();
    it_.call.start();
    await pass();
    it_.page()?.left(true);
    expect(it_.log.at(-1)).toBe('close');
    await pass();
    it_.page()?.back();
    expect(state(it_)).toBe('ended');
    expect(it_.page()).toBeNull();
  });
  it('asks nobody for a microphone who has not pressed anything', async () => {
    const before = await talking();
    const it_ = bench({}, { resumeStore: before.store }, { state: () => Promise.resolve('prompt') });
    expect(it_.call.resume()).toBe(true);
    await pass();
    expect(it_.call.get()).toMatchObject({ state: 'priming', resumed: true });
    expect(it_.log).not.toContain('mic');
  });
  it('a ticket that the server no longer takes is forgotten without a word', async () => {
    const before = await talking();
    const errors: CallError[] = [];
    const it_ = bench({}, {
      resumeStore: before.store, getCredentials: () => Promise.reject(new CallError('ROOM_CLOSED', { status: 410 })),
      onError: (error) => { errors.push(error); },
    });
    it_.call.resume();
    await pass();
    expect(state(it_)).toBe('idle');
    expect(errors).toEqual([]);
    expect(before.store.load()).toBeNull();
    expect(it_.call.resume()).toBe(false);
  });
});

describe('N12 other tabs', () => {
  function line(free: boolean): OneCall & { events: OneCallEvents | null; log: string[] } {
    const made = {
      events: null as OneCallEvents | null, log: [] as string[],
      claim: () => { made.log.push('claim'); return Promise.resolve(free); },
      release: () => { made.log.push('release'); },
      watch: (events: OneCallEvents) => {
        made.events = events;
        return () => { made.events = null; };
      },
      takeOver: () => Promise.resolve({ resume: 'theirs', roomName: 'r', muted: false, speakerMuted: true }),
    };
    return made;
  }
  it('starts nothing that runs elsewhere, and takes it over on request', async () => {
    const oneCall = line(false);
    const it_ = bench({}, { oneCall });
    it_.call.start();
    await pass();
    expect(it_.call.get()).toMatchObject({ state: 'idle', elsewhere: true });
    expect(it_.asked).toEqual([]);
    (oneCall as { claim: OneCall['claim'] }).claim = (): Promise<boolean> => Promise.resolve(true);
    await it_.call.takeOver();
    await pass();
    expect(it_.asked[0]).toMatchObject({ resume: 'theirs' });
    expect(it_.call.get()).toMatchObject({ state: 'connected', speakerMuted: true, elsewhere: false });
  });
  it('hands its call over with the ticket, without a farewell', async () => {
    const oneCall = line(true);
    const it_ = bench({}, { oneCall });
    it_.credentials = { resume: 'sealed' };
    it_.call.start();
    await pass();
    expect(oneCall.events?.asked()).toMatchObject({ resume: 'sealed' });
    expect(it_.call.get()).toMatchObject({ state: 'ended', endReason: 'moved' });
    expect(it_.log.at(-1)).toBe('close and keep');
    expect(oneCall.log).toContain('release');
  });
  it('lets the line go after each call, also one that ends while it is claimed', async () => {
    const oneCall = line(true);
    const it_ = bench({}, { oneCall });
    it_.call.start();
    it_.call.hangUp();
    await pass();
    expect(oneCall.log.at(-1)).toBe('release');
    expect(it_.asked).toEqual([]);
  });
});

describe('what the person chooses', () => {
  it('P53 push to talk starts muted', async () => {
    const it_ = bench({ pushToTalk: true });
    it_.call.start();
    await pass();
    expect(it_.log).toContain('mute true');
    it_.call.holdToTalk(true);
    it_.call.holdToTalk(false);
    await pass();
    expect(it_.log.slice(-2)).toEqual(['mute false', 'mute true']);
  });
  it('P41 P42 devices, volume and data saving reach the phone, also the next one', async () => {
    const it_ = bench({ lowData: true });
    it_.call.setInput('m2');
    it_.call.setVolume(0.4);
    it_.call.start();
    await pass();
    expect(it_.wishes[0]).toEqual({ input: 'm2', output: null, lowData: true });
    expect(it_.asked[0]).toMatchObject({ lowData: true });
    it_.call.setOutput('s2');
    expect(it_.log).toEqual(expect.arrayContaining(['volume 0.4', 'output s2']));
    it_.call.hangUp();
    await pass();
    it_.call.start();
    await pass();
    expect(it_.wishes[1]).toEqual({ input: 'm2', output: 's2', lowData: true });
  });
  it('continues after an interruption', async () => {
    const it_ = bench();
    it_.call.start();
    await pass();
    it_.report({ type: 'interrupted' });
    expect(state(it_)).toBe('interrupted');
    it_.call.continue();
    expect(it_.log.at(-1)).toBe('continue');
    it_.report({ type: 'uninterrupted' });
    expect(state(it_)).toBe('connected');
  });
});

it('S19 S51 fifty calls leave no timer, no listener and no open phone behind', async () => {
  const it_ = bench();
  it_.credentials = { ringTimeout: 30, maxDuration: 100, resume: 'sealed' };
  for (let i = 0; i < 50; i += 1) {
    it_.call.start();
    await pass(i % 3 === 0 ? 0 : 5000); // some end at once
    if (i % 5 === 0) it_.report({ type: 'line-closed', now: Date.now(), error: new CallError('KICKED') });
    else it_.call.hangUp();
    await pass(10);
    expect(vi.getTimerCount()).toBe(0);
    expect(it_.page()).toBeNull();
    expect(it_.watching()).toBe(0);
    expect(it_.items.size).toBe(0);
  }
  expect(it_.log.filter((entry) => entry === 'close')).toHaveLength(50);
  it_.call.destroy();
});
