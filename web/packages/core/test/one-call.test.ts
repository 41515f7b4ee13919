// One browser with several tabs: locks and channels as browsers have them, and without.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOneCall } from '../src/one-call';
import type { OneCall, OneCallScope } from '../src/one-call';
import type { ResumeTicket } from '../src/resume';

const TICKET: ResumeTicket = { resume: 'sealed', roomName: 'r', muted: true, speakerMuted: false };

/** Web Locks, as far as they are used. */
function fakeLocks(): NonNullable<OneCallScope['locks']> & { busy(): boolean } {
  let holder: Promise<unknown> | null = null;
  const waiting = new Set<() => void>();
  const free = (): void => {
    holder = null;
    for (const go of [...waiting]) go();
    waiting.clear();
  };
  const request = async (_name: string, options: LockOptions, work: (lock: Lock | null) => unknown): Promise<unknown> => {
    if (options.mode === 'shared') {
      if (holder !== null) await new Promise<void>((go) => { waiting.add(go); });
      return options.signal?.aborted === true ? Promise.reject(new DOMException('', 'AbortError')) : work({} as Lock);
    }
    if (holder !== null) return work(null);
    const held = Promise.resolve(work({ name: 'l', mode: 'exclusive' }));
    holder = held;
    await held;
    free();
    return undefined;
  };
  const query = (): Promise<LockManagerSnapshot> =>
    Promise.resolve({ held: holder === null ? [] : [{ name: 'offhook.call.shop', mode: 'exclusive' }] });
  return { request: request as LockManager['request'], query, busy: () => holder !== null };
}

class FakeChannel {
  static all = new Set<FakeChannel>();
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor(readonly name: string) { FakeChannel.all.add(this); }
  postMessage(data: unknown): void {
    for (const other of FakeChannel.all) {
      if (other !== this && other.name === this.name) queueMicrotask(() => { other.onmessage?.({ data: structuredClone(data) }); });
    }
  }
  close(): void { FakeChannel.all.delete(this); }
}

type Listener = (event: unknown) => void;

/** localStorage of one origin, seen by several tabs. */
function fakeOrigin(): { tab(): Pick<OneCallScope, 'localStorage' | 'window'> } {
  const values = new Map<string, string>();
  const tabs: Map<string, Set<Listener>>[] = [];
  return {
    tab() {
      const mine = new Map<string, Set<Listener>>();
      tabs.push(mine);
      const tell = (key: string, newValue: string | null): void => {
        for (const other of tabs) if (other !== mine) other.get('storage')?.forEach((listen) => { queueMicrotask(() => { listen({ key, newValue }); }); });
      };
      return {
        localStorage: {
          getItem: (key) => values.get(key) ?? null,
          setItem: (key, value) => { values.set(key, value); tell(key, value); },
          removeItem: (key) => { values.delete(key); tell(key, null); },
        },
        window: {
          addEventListener: (type: string, listen: Listener) => { mine.set(type, (mine.get(type) ?? new Set()).add(listen)); },
          removeEventListener: (type: string, listen: Listener) => { mine.get(type)?.delete(listen); },
        },
      };
    },
  };
}

interface Tab {
  readonly one: OneCall;
  readonly elsewhere: boolean[];
  readonly stop: () => void;
}

function tab(scope: OneCallScope, ticket: ResumeTicket | null = TICKET): Tab {
  const one = createOneCall('shop', scope);
  const elsewhere: boolean[] = [];
  const stop = one.watch({ elsewhere: (value) => { elsewhere.push(value); }, asked: () => ticket });
  return { one, elsewhere, stop };
}

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => {
  vi.useRealTimers();
  FakeChannel.all.clear();
});

const pass = (ms = 1): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
/** Things that wait in virtual time. */
async function during<T>(work: Promise<T>, ms = 3000): Promise<T> {
  await pass(ms);
  return work;
}

describe.each(['Web Locks and BroadcastChannel', 'localStorage alone', 'localStorage and BroadcastChannel'])('N12 one call per browser, with %s', (kind) => {
  let open: () => OneCallScope;
  beforeEach(() => {
    const locks = fakeLocks();
    const origin = fakeOrigin();
    open = (): OneCallScope => ({
      ...origin.tab(),
      ...(kind === 'localStorage alone' ? {} : { BroadcastChannel: FakeChannel as unknown as typeof BroadcastChannel }),
      ...(kind.startsWith('Web') ? { locks } : {}),
    });
  });

  it('the first tab gets the line, the second is told', async () => {
    const a = tab(open());
    const b = tab(open());
    expect(await during(a.one.claim(), 100)).toBe(true);
    expect(await during(b.one.claim(), 100)).toBe(false);
    expect(b.elsewhere).toEqual([true]);
    expect(a.elsewhere).toEqual([]);
  });
  it('the line is free again after the call', async () => {
    const a = tab(open());
    const b = tab(open());
    await during(a.one.claim(), 100);
    a.one.release();
    await pass(3000);
    expect(b.elsewhere).toEqual([true, false]);
    expect(await during(b.one.claim(), 100)).toBe(true);
  });
  it('a tab that opens later sees the call at once', async () => {
    const a = tab(open());
    await during(a.one.claim(), 100);
    const late = tab(open());
    await pass(10);
    expect(late.elsewhere).toEqual([true]);
  });
  it('hands the call over with its ticket', async () => {
    const a = tab(open());
    const b = tab(open());
    await during(a.one.claim(), 100);
    expect(await during(b.one.takeOver(), 100)).toEqual(TICKET);
    expect(await during(b.one.claim(), 100)).toBe(true);
    expect(await during(a.one.claim(), 100)).toBe(false);
  });
  it('takes over from a tab that does not answer without a ticket', async () => {
    const a = tab(open());
    expect(await during(a.one.takeOver())).toBeNull();
  });
  it('the next page gets the line from the one that is just leaving', async () => {
    const a = tab(open());
    const b = tab(open());
    await during(a.one.claim(), 100);
    const claim = b.one.claim(true);
    await pass(250);
    a.one.release();
    expect(await during(claim)).toBe(true);
  });
  it('leaves nothing behind', async () => {
    const a = tab(open());
    await during(a.one.claim(), 100);
    a.stop();
    await pass(3000);
    expect(vi.getTimerCount()).toBe(0);
    expect(FakeChannel.all.size).toBe(0);
  });
});

it('N12 a lease of a tab that crashed runs out', async () => {
  const origin = fakeOrigin();
  const a = tab(origin.tab());
  await during(a.one.claim(), 100);
  vi.clearAllTimers(); // the crash: no more heartbeats
  const b = tab(origin.tab());
  await pass(5000);
  expect(await during(b.one.claim(), 100)).toBe(false);
  await pass(5000);
  expect(await during(b.one.claim(), 100)).toBe(true);
});
it('N12 without anything to agree by, each tab may call', async () => {
  expect(await createOneCall('shop', {}).claim()).toBe(true);
});
