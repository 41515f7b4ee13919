// one-call.ts — one call per browser: who holds the line, and how a tab gets it from another. Web Locks say who, a
// BroadcastChannel carries the talk; browsers without them (Firefox 75, Safari 14) use localStorage for both.

import { watchPage } from './page';
import { readResumeTicket } from './resume';
import type { ResumeTicket } from './resume';

export interface OneCallEvents {
  /** A call runs in another tab, or no longer does. */
  elsewhere(elsewhere: boolean): void;
  /** Another tab wants our call: let go of it, hand over what continues it. */
  asked(): ResumeTicket | null;
}

export interface OneCall {
  /** true: the line is ours until `release`. `patient`: the page before this one may just be letting go. */
  claim(patient?: boolean): Promise<boolean>;
  release(): void;
  watch(events: OneCallEvents): () => void;
  /** Asks the tab that holds the line to let go. What continues its call; null: nothing does. */
  takeOver(): Promise<ResumeTicket | null>;
}

/** Where the line hangs: at most one holder among all tabs. */
interface Hook {
  /** Gives a function that hangs up; null: somebody else has it. */
  take(): Promise<(() => void) | null>;
  held(): Promise<boolean>;
  /** Calls back once nobody holds it; returns: stop waiting. */
  whenFree(free: () => void): () => void;
}

/** Messages to all other tabs of this origin. */
interface Bus {
  post(message: Message): void;
  close(): void;
}

interface Message {
  readonly type: 'busy' | 'ask' | 'given';
  readonly from: string;
  readonly to?: string;
  readonly ticket?: ResumeTicket | null;
}

/** What of the browser this needs; for tests. Everything may be missing. */
export interface OneCallScope {
  readonly locks?: Pick<LockManager, 'request' | 'query'> | undefined;
  readonly BroadcastChannel?: typeof BroadcastChannel | undefined;
  readonly localStorage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;
  readonly window?: Pick<Window, 'addEventListener' | 'removeEventListener'> | undefined;
}

const ANSWER_MS = 1500;
const LEASE_MS = 8000;
const BEAT_MS = 2000;
const SETTLE_MS = 60; // two tabs that wrote at once: the last one has it
const PATIENCE_MS = 200;
const PATIENCE = 5;

function browserScope(): OneCallScope {
  if (typeof window === 'undefined') return {};
  let localStorage: Storage | undefined;
  try {
    localStorage = window.localStorage;
  } catch {
    localStorage = undefined; // forbidden in sandboxed frames
  }
  return {
    // Missing in Firefox before 96 and Safari before 15.4, and on pages without https.
    locks: (navigator as { readonly locks?: LockManager | null }).locks ?? undefined,
    BroadcastChannel: typeof BroadcastChannel === 'undefined' ? undefined : BroadcastChannel,
    localStorage,
    window,
  };
}

function lockHook(name: string, locks: Pick<LockManager, 'request' | 'query'>): Hook {
  return {
    take: () => new Promise((resolve) => {
      locks.request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          resolve(null);
          return undefined;
        }
        return new Promise<void>((release) => { resolve(release); });
      }).catch(() => { resolve(() => undefined); }); // locks forbidden: better two calls than none
    }),
    held: async () => (await locks.query()).held?.some((lock) => lock.name === name) ?? false,
    whenFree(free) {
      const stop = new AbortController();
      locks.request(name, { mode: 'shared', signal: stop.signal }, () => { if (!stop.signal.aborted) free(); }).catch(() => undefined);
      return () => { stop.abort(); };
    },
  };
}

/** A lease in localStorage: renewed while it is held, worth nothing when it is old. */
function leaseHook(name: string, id: string, storage: NonNullable<OneCallScope['localStorage']>): Hook {
  const holder = (): string | null => {
    const [who, at] = (storage.getItem(name) ?? '').split(' ');
    const age = Date.now() - Number(at);
    return who === undefined || who === '' || !(age >= -LEASE_MS && age < LEASE_MS) ? null : who;
  };
  const write = (): void => { storage.setItem(name, `${id} ${String(Date.now())}`); };
  return {
    async take() {
      const now = holder();
      if (now !== null && now !== id) return null;
      write();
      await new Promise((resolve) => { setTimeout(resolve, SETTLE_MS); });
      if (holder() !== id) return null;
      const beat = setInterval(write, BEAT_MS);
      return () => {
        clearInterval(beat);
        if (holder() === id) storage.removeItem(name);
      };
    },
    held: () => Promise.resolve(holder() !== null),
    whenFree(free) {
      const timer = setInterval(() => {
        if (holder() !== null) return;
        clearInterval(timer);
        free();
      }, BEAT_MS / 2);
      return () => { clearInterval(timer); };
    },
  };
}

/** Nobody else is seen: each tab for itself. */
const LONE: Hook = {
  take: () => Promise.resolve(() => undefined),
  held: () => Promise.resolve(false),
  whenFree: () => () => undefined,
};

function openBus(name: string, scope: OneCallScope, hear: (message: Message) => void): Bus {
  const read = (value: unknown): void => {
    const message = value as Partial<Message> | null;
    if (typeof message?.type === 'string' && typeof message.from === 'string') hear(message as Message);
  };
  if (scope.BroadcastChannel !== undefined) {
    const channel = new scope.BroadcastChannel(name);
    channel.onmessage = (event: MessageEvent<unknown>) => { read(event.data); };
    return { post: (message) => { channel.postMessage(message); }, close: () => { channel.close(); } };
  }
  const key = `${name}.bus`;
  const onStorage = (event: StorageEvent): void => {
    if (event.key !== key || event.newValue === null) return;
    try {
      read(JSON.parse(event.newValue));
    } catch {
      // somebody else's
    }
  };
  scope.window?.addEventListener('storage', onStorage);
  return {
    post(message) {
      try {
        scope.localStorage?.setItem(key, JSON.stringify({ ...message, at: Date.now() }));
        scope.localStorage?.removeItem(key); // a ticket must not stay there
      } catch {
        // full or forbidden: nobody hears us
      }
    },
    close: () => { scope.window?.removeEventListener('storage', onStorage); },
  };
}

function hookOf(name: string, id: string, scope: OneCallScope): Hook {
  if (scope.locks !== undefined) return lockHook(name, scope.locks);
  return scope.localStorage === undefined ? LONE : leaseHook(name, id, scope.localStorage);
}

export function createOneCall(site = 'default', scope: OneCallScope = browserScope()): OneCall {
  const name = `offhook.call.${site}`;
  const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  const hook = hookOf(name, id, scope);
  let events: OneCallEvents | null = null;
  let bus: Bus | null = null;
  let release: (() => void) | null = null;
  let unwait: (() => void) | null = null;
  let given: ((ticket: ResumeTicket | null) => void) | null = null;

  function busyElsewhere(): void {
    if (release !== null || unwait !== null || events === null) return;
    events.elsewhere(true);
    unwait = hook.whenFree(freeAgain);
  }

  function freeAgain(): void {
    unwait?.();
    unwait = null;
    events?.elsewhere(false);
  }

  function hear(message: Message): void {
    if (message.from === id || (message.to !== undefined && message.to !== id)) return;
    if (message.type === 'busy') busyElsewhere();
    if (message.type === 'given') given?.(readResumeTicket(JSON.stringify(message.ticket ?? null)));
    if (message.type === 'ask' && release !== null) {
      const ticket = events?.asked() ?? null;
      hangUp();
      bus?.post({ type: 'given', from: id, to: message.from, ticket });
    }
  }

  function hangUp(): void {
    release?.();
    release = null;
  }

  async function look(): Promise<void> {
    if (release === null && await hook.held().catch(() => false)) busyElsewhere();
  }

  async function claim(patient = false): Promise<boolean> {
    for (let tries = patient ? PATIENCE : 1; release === null && tries > 0; tries -= 1) {
      release = await hook.take();
      if (release === null && tries > 1) await new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS); });
    }
    if (release === null) {
      busyElsewhere();
      return false;
    }
    unwait?.();
    unwait = null;
    bus?.post({ type: 'busy', from: id });
    return true;
  }

  return {
    claim,
    release: hangUp,

    watch(listener) {
      events = listener;
      const open = (): void => { bus ??= openBus(name, scope, hear); };
      const close = (): void => {
        bus?.close();
        bus = null;
      };
      open();
      void look();
      // An open channel keeps a page out of the browser's cache.
      const unwatch = watchPage({ left: close, back: () => { open(); void look(); } }, scope.window ?? null);
      return () => {
        unwatch();
        close();
        unwait?.();
        unwait = null;
        hangUp();
        events = null;
      };
    },

    takeOver() {
      return new Promise((resolve) => {
        const finish = (ticket: ResumeTicket | null): void => {
          clearTimeout(timer);
          given = null;
          unwait?.();
          unwait = null;
          resolve(ticket);
        };
        const timer = setTimeout(() => { finish(null); }, ANSWER_MS);
        given = finish;
        bus?.post({ type: 'ask', from: id });
      });
    },
  };
}
