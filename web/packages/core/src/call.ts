// call.ts — runs one call: feeds events to the machine, performs its effects, tells subscribers.

import { toCallError } from './errors';
import type { CallError } from './errors';
import { IDLE, isActive, step } from './machine';
import type { Call, CallEvent, CallState, Effect } from './machine';
import type { Levels, OpenPhone, Phone } from './phone';
import type { GetCredentials } from './token';

export interface CallOptions {
  readonly getCredentials: GetCredentials;
  /** Loads and makes the phone; called once per attempt, in parallel with the token request. */
  readonly openPhone: OpenPhone;
  /** `during`: the state the call was in when it failed. */
  readonly onError?: (error: CallError, during: CallState) => void;
}

export interface CallHandle {
  /** The current state; the same object until something changes. */
  readonly get: () => Call;
  readonly subscribe: (listener: () => void) => () => void;
  /** The phone of the current attempt, once loaded. */
  readonly phone: () => Phone | null;
  levels(): Levels;
  start(): void;
  hangUp(): void;
  dismiss(): void;
  setMuted(muted: boolean): void;
  setSpeakerMuted(muted: boolean): void;
  resumeSound(): void;
  /** For the phone's host: something happened to the line. */
  report(event: CallEvent): void;
}

const SILENCE: Levels = { local: 0, remote: 0 };
const CLOSE_LIMIT_MS = 3000; // "ending" must not hang on a dead connection

/** One attempt's belongings, let go of together. */
interface Attempt {
  readonly number: number;
  readonly abort: AbortController;
  phone: Phone | null;
  opening: Promise<Phone> | null;
}

export function createCall(options: CallOptions): CallHandle {
  let call: Call = IDLE;
  let attempt: Attempt | null = null;
  const queue: CallEvent[] = [];
  const listeners = new Set<() => void>();

  function notify(): void {
    for (const listener of [...listeners]) listener();
  }

  /** One event at a time, told to everybody before its effects begin: an effect may answer at once. */
  function send(event: CallEvent): void {
    queue.push(event);
    if (queue.length > 1) return;
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const [after, effects] = step(call, next);
      const changed = after !== call;
      call = after;
      if (changed) notify();
      for (const effect of effects) perform(effect);
      queue.shift();
    }
  }

  /** Only the attempt that is current may speak. */
  function sendFor(owner: Attempt, event: CallEvent): void {
    if (attempt === owner) send(event);
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'get-token':
        void open();
        break;
      case 'open-mic':
        void withPhone((phone) => phone.openMicrophone(), { type: 'mic-ok' }, (error) => ({ type: 'mic-failed', error }));
        break;
      case 'join':
        void withPhone((phone) => phone.join(effect.credentials), null, (error) => ({ type: 'join-failed', error }));
        break;
      case 'mute':
        void mute(effect.muted);
        break;
      case 'mute-speaker':
        attempt?.phone?.setSpeakerMuted(effect.muted);
        break;
      case 'close':
        void close();
        break;
      case 'report-error':
        options.onError?.(effect.error, effect.during);
        break;
    }
  }

  async function open(): Promise<void> {
    const owner: Attempt = { number: call.attempt, abort: new AbortController(), phone: null, opening: null };
    attempt = owner;
    try {
      owner.opening = options.openPhone((event) => { sendFor(owner, event); });
      const loaded = owner.opening.then((phone) => {
        if (owner.abort.signal.aborted) {
          void phone.close();
          return;
        }
        owner.phone = phone;
        phone.setSpeakerMuted(call.speakerMuted);
        if (attempt === owner) notify();
      });
      const [credentials] = await Promise.all([options.getCredentials(owner.abort.signal), loaded]);
      sendFor(owner, { type: 'token-ok', credentials });
    } catch (error) {
      sendFor(owner, { type: 'token-failed', error: toCallError(error, 'TOKEN_HTTP') });
    }
  }

  async function withPhone(
    work: (phone: Phone) => Promise<void>,
    done: CallEvent | null,
    failed: (error: CallError) => CallEvent,
  ): Promise<void> {
    const owner = attempt;
    if (owner?.phone == null) return;
    try {
      await work(owner.phone);
      if (done !== null) sendFor(owner, done);
    } catch (error) {
      sendFor(owner, failed(toCallError(error)));
    }
  }

  async function mute(muted: boolean): Promise<void> {
    const owner = attempt;
    if (owner?.phone == null) return;
    try {
      await owner.phone.setMuted(muted);
    } catch {
      // The microphone kept its state: show that, not the wish.
      sendFor(owner, { type: 'mic-changed', muted: !muted });
    }
  }

  async function close(): Promise<void> {
    const owner = attempt;
    if (owner === null) return;
    owner.abort.abort();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<void>((resolve) => { timer = setTimeout(resolve, CLOSE_LIMIT_MS); });
    await Promise.race([owner.phone?.close().catch(() => undefined) ?? Promise.resolve(), limit]);
    clearTimeout(timer);
    sendFor(owner, { type: 'closed', now: Date.now() });
    if (attempt === owner && !isActive(call.state)) {
      attempt = null;
      notify();
    }
  }

  return {
    get: () => call,
    subscribe(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    phone: () => attempt?.phone ?? null,
    levels: () => attempt?.phone?.levels() ?? SILENCE,
    start: () => { send({ type: 'start' }); },
    hangUp: () => { send({ type: 'hang-up' }); },
    dismiss: () => { send({ type: 'dismiss' }); },
    setMuted: (muted) => { send({ type: 'set-muted', muted }); },
    setSpeakerMuted: (muted) => { send({ type: 'set-speaker-muted', muted }); },
    resumeSound: () => { void attempt?.phone?.resumeSound().catch(() => undefined); },
    report: send,
  };
}
