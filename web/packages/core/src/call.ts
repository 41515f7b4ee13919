// call.ts — runs one call: feeds events to the machine, performs its effects, tells subscribers.

import { createCallTimers } from './call-timers';
import { describeCall } from './diagnostics';
import type { Diagnostics, Moment } from './diagnostics';
import { CallError, toCallError } from './errors';
import { IDLE, isActive, isJoined, isOver, step } from './machine';
import type { Call, CallEvent, CallState, Effect } from './machine';
import type { OneCall } from './one-call';
import { watchPage } from './page';
import type { WatchPage } from './page';
import { createMicrophonePermission } from './permission';
import type { MicrophonePermission } from './permission';
import type { Levels, OpenPhone, Phone } from './phone';
import type { ResumeStore } from './resume';
import type { CallStats } from './stats';
import type { Credentials, GetCredentials } from './token';

/** Choices of the page that may change between calls; read at each start. */
export interface CallSettings {
  /** Show the check of microphone and network while the line is made. */
  readonly preflight?: boolean;
  readonly pushToTalk?: boolean;
  readonly lowData?: boolean;
  /** Does the visitor want to be recorded? Absent: not asked. */
  readonly recording?: boolean;
}

export interface CallOptions {
  readonly getCredentials: GetCredentials;
  /** Loads and makes the phone; called once per attempt, in parallel with the token request. */
  readonly openPhone: OpenPhone;
  /** `during`: the state the call was in when it failed. */
  readonly onError?: (error: CallError, during: CallState) => void;
  readonly settings?: () => CallSettings;
  /** What the check does; ends the state `checking` when it is done. */
  readonly check?: (phone: Phone) => Promise<void>;
  readonly permission?: MicrophonePermission;
  /** Without it a reload ends the call. */
  readonly resumeStore?: ResumeStore;
  /** Without it each tab may call. */
  readonly oneCall?: OneCall;
  readonly watchPage?: WatchPage;
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
  /** Remembered for the next call as well. */
  setInput(id: string): void;
  setOutput(id: string): void;
  /** Of the other side, 0 … 1. */
  setVolume(volume: number): void;
  /** Push to talk: the microphone is open while `down`. */
  holdToTalk(down: boolean): void;
  /** In priming: ask now. After a refusal: it is allowed, go on. */
  allowMicrophone(): void;
  /** After an interruption; call it from a click. */
  continue(): void;
  /** Goes on with the call from before a reload. false: there is none. */
  resume(): boolean;
  /** Gets the call that runs in another tab. */
  takeOver(): Promise<void>;
  stats(): Promise<CallStats | null>;
  diagnostics(): Diagnostics;
  /** For the phone's host: something happened to the line. */
  report(event: CallEvent): void;
  /** Ends the call and lets go of everything, for good. */
  destroy(): void;
}

const SILENCE: Levels = { local: 0, remote: 0 };
const CLOSE_LIMIT_MS = 3000; // "ending" must not hang on a dead connection
const EXPIRY_MARGIN_MS = 30_000; // younger credentials than this may run out on the way
const MOMENTS = 60;

/** Who listens may fail, the page's own callbacks too; the call goes on, and can be ended. */
function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    console.error('offhook:', error);
  }
}

/** One attempt's belongings, let go of together. */
interface Attempt {
  readonly number: number;
  readonly abort: AbortController;
  phone: Phone | null;
  /** A pass that ran out is asked for again once, silently. */
  renewed: boolean;
}

export function createCall(options: CallOptions): CallHandle {
  const permission = options.permission ?? createMicrophonePermission();
  const wishes = { input: null as string | null, output: null as string | null };
  const moments: Moment[] = [];
  const queue: CallEvent[] = [];
  const listeners = new Set<() => void>();
  let call: Call = IDLE;
  let attempt: Attempt | null = null;
  let unwatchMic: (() => void) | null = null;
  let unwatchPage: (() => void) | null = null;

  const timers = createCallTimers(send);

  function notify(): void {
    for (const listener of [...listeners]) guarded(listener);
  }

  /** One event at a time, told to everybody before its effects begin: an effect may answer at once. */
  function send(event: CallEvent): void {
    queue.push(event);
    if (queue.length > 1) return;
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const before = call;
      const [after, effects] = step(call, next);
      call = after;
      if (after !== before) {
        follow(before);
        notify();
      }
      for (const effect of effects) guarded(() => { perform(effect); });
      queue.shift();
    }
  }

  /** What hangs on the state as such, not on how it was reached. */
  function follow(before: Call): void {
    if (call.attempt !== before.attempt) moments.length = 0;
    if (call.state !== before.state && moments.length < MOMENTS) moments.push({ state: call.state, at: Date.now() });
    timers.follow(call);
    if (call.state !== 'failed') {
      unwatchMic?.();
      unwatchMic = null;
    }
    if (isActive(call.state)) unwatchPage ??= (options.watchPage ?? watchPage)({ left, back });
    else if (call.endReason !== 'page') stopPage();
    remember(before);
  }

  function stopPage(): void {
    unwatchPage?.();
    unwatchPage = null;
  }

  /** The ticket lives as long as the call, and stays when only the page was left. */
  function remember(before: Call): void {
    const store = options.resumeStore;
    if (store === undefined) return;
    const resume = call.credentials?.resume;
    if (isJoined(call.state) && resume !== undefined) {
      const known = isJoined(before.state) && before.muted === call.muted && before.speakerMuted === call.speakerMuted
        && before.credentials === call.credentials;
      if (!known) store.save({ resume, roomName: call.credentials?.roomName ?? '', muted: call.muted, speakerMuted: call.speakerMuted });
      return;
    }
    const over = call.state === 'ending' || isOver(call.state) || (before.resumed && call.state === 'idle');
    if (over && call.state !== before.state && call.endReason !== 'page') store.clear();
  }

  function left(kept: boolean): void {
    send({ type: 'page-hidden', now: Date.now() });
    if (!kept) stopPage();
  }

  function back(): void {
    stopPage();
    resume();
  }

  /** Only the attempt that is current may speak. */
  function sendFor(owner: Attempt, event: CallEvent): void {
    if (attempt === owner) send(event);
  }

  /** Has another attempt begun meanwhile? */
  function isOthers(owner: Attempt): boolean {
    return attempt !== null && attempt !== owner;
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'get-token':
        void open(effect.resume, effect.reuse);
        break;
      case 'open-mic':
        void withPhone(
          async (phone, owner) => {
            await phone.openMicrophone();
            sendFor(owner, { type: 'mic-ok', check: options.settings?.().preflight === true });
          },
          (error) => ({ type: 'mic-failed', error }),
        );
        break;
      case 'check':
        void withPhone(async (phone) => options.check?.(phone), () => ({ type: 'checked' }), { type: 'checked' });
        break;
      case 'join':
        void withPhone((phone, owner) => join(phone, owner, effect.credentials), (error) => ({ type: 'join-failed', error }));
        break;
      case 'mute':
        void mute(effect.muted);
        break;
      case 'mute-speaker':
        attempt?.phone?.setSpeakerMuted(effect.muted);
        break;
      case 'set-volume':
        attempt?.phone?.setVolume(effect.volume);
        break;
      case 'continue':
        void attempt?.phone?.continue().catch(() => undefined); // still interrupted: the button is still there
        break;
      case 'watch-mic':
        unwatchMic?.();
        unwatchMic = permission.watch(() => { send({ type: 'mic-allowed' }); });
        break;
      case 'close':
        // Without a ticket nobody comes back: then the others should know at once.
        void close(effect.keep && options.resumeStore !== undefined && call.credentials?.resume !== undefined);
        break;
      case 'report-error':
        options.onError?.(effect.error, effect.during);
        break;
    }
  }

  async function open(resuming: boolean, reuse: Credentials | null): Promise<void> {
    const owner: Attempt = { number: call.attempt, abort: new AbortController(), phone: null, renewed: false };
    attempt = owner;
    try {
      if (options.oneCall !== undefined && !(await options.oneCall.claim(resuming))) {
        sendFor(owner, { type: 'elsewhere', elsewhere: true });
        return;
      }
      if (owner.abort.signal.aborted) {
        if (!isOthers(owner)) options.oneCall?.release(); // got the line after the end
        return;
      }
      const [credentials, prime] = await Promise.all([
        reuse !== null && isFresh(reuse) ? reuse : credentialsFor(owner, resuming),
        mustPrime(resuming),
        openPhoneFor(owner),
      ]);
      sendFor(owner, { type: 'token-ok', credentials, prime });
    } catch (error) {
      sendFor(owner, { type: 'token-failed', error: toCallError(error, 'TOKEN_HTTP') });
    }
  }

  function credentialsFor(owner: Attempt, resuming: boolean): Promise<Credentials> {
    const ticket = resuming ? options.resumeStore?.load()?.resume : undefined;
    return options.getCredentials(owner.abort.signal, { resume: ticket, lowData: call.lowData || undefined, recording: options.settings?.().recording });
  }

  async function openPhoneFor(owner: Attempt): Promise<void> {
    const phone = await options.openPhone((event) => { sendFor(owner, event); }, { ...wishes, lowData: call.lowData });
    if (owner.abort.signal.aborted) {
      void phone.close();
      return;
    }
    owner.phone = phone;
    phone.setSpeakerMuted(call.speakerMuted);
    if (call.volume !== 1) phone.setVolume(call.volume);
    if (call.muted) void phone.setMuted(true).catch(() => undefined);
    if (attempt === owner) notify();
  }

  /** The browser's own element asks better; and nobody is asked who has not pressed anything on this page. */
  async function mustPrime(resuming: boolean): Promise<boolean> {
    if (!resuming && permission.element === null) return false;
    return (await permission.state()) !== 'granted';
  }

  async function join(phone: Phone, owner: Attempt, first: Credentials): Promise<void> {
    const credentials = isFresh(first) ? first : await renew(owner);
    try {
      await phone.join(credentials);
    } catch (error) {
      const refused = error instanceof CallError && (error.code === 'TOKEN_EXPIRED' || error.code === 'TOKEN_INVALID');
      if (!refused || owner.renewed || owner.abort.signal.aborted) throw error;
      const second = await renew(owner);
      if (second.token === credentials.token) throw error; // the page has just this one
      await phone.join(second);
    }
  }

  /** A person may take a long time to answer the browser's question. */
  function isFresh(credentials: Credentials): boolean {
    return credentials.expiresAt === undefined || credentials.expiresAt - Date.now() > EXPIRY_MARGIN_MS;
  }

  async function renew(owner: Attempt): Promise<Credentials> {
    owner.renewed = true;
    const credentials = await credentialsFor(owner, call.resumed);
    sendFor(owner, { type: 'token-renewed', credentials });
    return credentials;
  }

  async function withPhone(
    work: (phone: Phone, owner: Attempt) => Promise<void>,
    failed: (error: CallError) => CallEvent,
    done: CallEvent | null = null,
  ): Promise<void> {
    const owner = attempt;
    if (owner?.phone == null) return;
    try {
      await work(owner.phone, owner);
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

  async function close(keep: boolean): Promise<void> {
    const owner = attempt;
    if (owner === null) return;
    owner.abort.abort();
    if (call.endReason === 'page' || call.endReason === 'moved') options.oneCall?.release(); // the next page or tab wants it now
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<void>((resolve) => { timer = setTimeout(resolve, CLOSE_LIMIT_MS); });
    await Promise.race([owner.phone?.close(keep).catch(() => undefined) ?? Promise.resolve(), limit]);
    clearTimeout(timer);
    sendFor(owner, { type: 'closed', now: Date.now() });
    if (attempt === owner && !isActive(call.state)) {
      attempt = null;
      options.oneCall?.release();
      notify();
    }
  }

  function start(resumed: { muted: boolean } | null): void {
    const { pushToTalk = false, lowData = false } = options.settings?.() ?? {};
    send({
      type: 'start',
      choices: { pushToTalk, lowData, muted: pushToTalk || resumed?.muted === true, resume: resumed !== null },
    });
  }

  function resume(): boolean {
    const ticket = options.resumeStore?.load() ?? null;
    if (ticket === null || isActive(call.state)) return false;
    send({ type: 'set-speaker-muted', muted: ticket.speakerMuted });
    start(ticket);
    return true;
  }

  const unwatchCalls = options.oneCall?.watch({
    elsewhere: (elsewhere) => { send({ type: 'elsewhere', elsewhere }); },
    asked: () => {
      const ticket = isJoined(call.state) ? (options.resumeStore?.load() ?? null) : null;
      send({ type: 'moved', now: Date.now() });
      return ticket;
    },
  });

  return {
    get: () => call,
    subscribe(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    phone: () => attempt?.phone ?? null,
    levels: () => attempt?.phone?.levels() ?? SILENCE,
    start: () => { start(null); },
    hangUp: () => { send({ type: 'hang-up' }); },
    dismiss: () => { send({ type: 'dismiss' }); },
    setMuted: (muted) => { send({ type: 'set-muted', muted }); },
    setSpeakerMuted: (muted) => { send({ type: 'set-speaker-muted', muted }); },
    resumeSound: () => { void attempt?.phone?.resumeSound().catch(() => undefined); },
    setInput(id) {
      wishes.input = id;
      void attempt?.phone?.setInput(id).catch(() => undefined); // `devices` keeps saying what is in use
    },
    setOutput(id) {
      wishes.output = id;
      void attempt?.phone?.setOutput(id).catch(() => undefined);
    },
    setVolume: (volume) => { send({ type: 'set-volume', volume }); },
    holdToTalk: (down) => { send({ type: 'hold-to-talk', down }); },
    allowMicrophone: () => { send({ type: call.state === 'priming' ? 'allow-mic' : 'mic-allowed' }); },
    continue: () => { send({ type: 'continue' }); },
    resume,
    async takeOver() {
      if (options.oneCall === undefined || isActive(call.state)) return;
      const ticket = await options.oneCall.takeOver();
      if (ticket !== null) options.resumeStore?.save(ticket);
      send({ type: 'elsewhere', elsewhere: false });
      if (ticket === null || !resume()) start(null);
    },
    stats: () => attempt?.phone?.stats() ?? Promise.resolve(null),
    diagnostics: () => describeCall(call, moments),
    report: send,
    destroy() {
      send({ type: 'hang-up' });
      unwatchCalls?.();
      unwatchMic?.();
      unwatchMic = null;
      stopPage();
    },
  };
}
