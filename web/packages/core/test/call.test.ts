import { describe, expect, it, vi } from 'vitest';
import { CallError, createCall } from '../src/index';
import type { Call, CallHandle, CallState, Credentials, Phone, PhoneEvent } from '../src/index';

const credentials: Credentials = { token: 't', serverUrl: 'ws://h', roomName: 'r', participantName: 'p', callId: null };
const ECHO = { id: 'e', name: 'Echo partner' };

interface Bench {
  call: CallHandle;
  states: CallState[];
  phones: { phone: Phone; report: (event: PhoneEvent) => void; log: string[] }[];
  errors: [CallError, CallState][];
  signals: AbortSignal[];
}

function bench(script: Partial<Phone> = {}, getCredentials = (): Promise<Credentials> => Promise.resolve(credentials)): Bench {
  const made: Bench = { call: undefined as never, states: [], phones: [], errors: [], signals: [] };
  made.call = createCall({
    getCredentials: (signal) => {
      made.signals.push(signal);
      return getCredentials();
    },
    openPhone: (report) => {
      const log: string[] = [];
      const phone: Phone = Object.assign<Phone, Partial<Phone>>({
        openMicrophone: () => { log.push('mic'); return Promise.resolve(); },
        join: () => { log.push('join'); report({ type: 'joined', now: Date.now(), peers: [ECHO] }); return Promise.resolve(); },
        setMuted: (muted) => { log.push(`mute ${String(muted)}`); return Promise.resolve(); },
        setSpeakerMuted: (muted) => { log.push(`speaker ${String(muted)}`); },
        levels: () => ({ local: 0.5, remote: 0.25 }),
        setVolume: (volume) => { log.push(`volume ${String(volume)}`); },
        setInput: (id) => { log.push(`input ${id}`); return Promise.resolve(); },
        setOutput: (id) => { log.push(`output ${id}`); return Promise.resolve(); },
        continue: () => { log.push('continue'); return Promise.resolve(); },
        stats: () => Promise.resolve(null),
        resumeSound: () => Promise.resolve(),
        close: () => { log.push('close'); return Promise.resolve(); },
      }, script);
      made.phones.push({ phone, report, log });
      return Promise.resolve(phone);
    },
    onError: (error, during) => { made.errors.push([error, during]); },
  });
  let last: Call = made.call.get();
  made.call.subscribe(() => {
    if (made.call.get().state !== last.state) made.states.push(made.call.get().state);
    last = made.call.get();
  });
  return made;
}
const waitFor = (what: () => void): Promise<void> => vi.waitFor(what, 60_000);
const until = (call: CallHandle, state: CallState): Promise<void> => waitFor(() => { expect(call.get().state).toBe(state); });

describe('a call', () => {
  it('runs from start to end, in order, and lets go of the phone', async () => {
    const { call, states, phones } = bench();
    call.start();
    await until(call, 'connected');
    expect(call.levels()).toEqual({ local: 0.5, remote: 0.25 });
    call.hangUp();
    await until(call, 'ended');
    expect(states).toEqual(['opening', 'requesting-mic', 'connecting', 'connected', 'ending', 'ended']);
    expect(phones[0]?.log).toEqual(['speaker false', 'mic', 'join', 'close']);
    expect(call.phone()).toBeNull();
    expect(call.levels()).toEqual({ local: 0, remote: 0 });
  });

  it('goes on, and can be ended, when the page’s own code fails in it', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { call, phones } = bench();
    const trouble = new Error('of the page');
    const heard: CallState[] = [];
    call.subscribe(() => { throw trouble; });
    call.subscribe(() => { heard.push(call.get().state); });
    call.start();
    await until(call, 'connected');
    call.setMuted(true);
    expect(call.get().muted).toBe(true);
    call.hangUp();
    await until(call, 'ended');
    expect(heard).toContain('connected');
    expect(phones[0]?.log).toContain('close');
    expect(told).toHaveBeenCalledWith('offhook:', trouble);
    told.mockRestore();
  });

  it('is one call however often start is pressed', async () => {
    const { call, phones } = bench();
    call.start();
    call.start();
    await until(call, 'connected');
    call.start();
    expect(phones).toHaveLength(1);
  });

  it('does not ask for the microphone when the token is refused', async () => {
    const refused = new CallError('RATE_LIMITED', { retryAfter: 9 });
    const { call, phones, errors } = bench({}, () => Promise.reject(refused));
    call.start();
    await until(call, 'failed');
    expect(errors).toEqual([[refused, 'opening']]);
    expect(phones[0]?.log).not.toContain('mic');
    await waitFor(() => { expect(phones[0]?.log).toContain('close'); });
  });

  it.each<[string, Partial<Phone>, CallState]>([
    ['microphone', { openMicrophone: () => Promise.reject(new CallError('MIC_DENIED')) }, 'requesting-mic'],
    ['room', { join: () => Promise.reject(new CallError('MIC_DENIED')) }, 'connecting'],
  ])('fails at the %s, closes the phone, and can be tried again', async (_name, script, during) => {
    const { call, phones, errors } = bench(script);
    call.start();
    await until(call, 'failed');
    expect(errors[0]?.[0].code).toBe('MIC_DENIED');
    expect(errors[0]?.[1]).toBe(during);
    await waitFor(() => { expect(phones[0]?.log).toContain('close'); });
    call.start();
    await waitFor(() => { expect(phones).toHaveLength(2); });
    await until(call, 'failed');
  });

  it('cancels the token request when ended early, and closes a phone that loads too late', async () => {
    const { call, signals, phones } = bench({}, () => new Promise(() => undefined));
    call.start();
    call.hangUp();
    expect(signals[0]?.aborted).toBe(true);
    await until(call, 'ended');
    await waitFor(() => { expect(phones[0]?.log).toEqual(['close']); });
    expect(call.get().endReason).toBe('cancelled');
  });

  it('ignores what an old attempt still says', async () => {
    const { call, phones } = bench();
    call.start();
    await until(call, 'connected');
    call.hangUp();
    await until(call, 'ended');
    call.start();
    await until(call, 'connected');
    phones[0]?.report({ type: 'line-closed', now: 1, error: new CallError('KICKED') });
    expect(call.get().state).toBe('connected');
    phones[1]?.report({ type: 'line-closed', now: 1, error: new CallError('KICKED') });
    expect(call.get().state).toBe('failed');
  });

  it('shows the microphone as it is when muting fails', async () => {
    const { call } = bench({ setMuted: () => Promise.reject(new Error('no')) });
    call.start();
    await until(call, 'connected');
    call.setMuted(true);
    expect(call.get().muted).toBe(true);
    await waitFor(() => { expect(call.get().muted).toBe(false); });
  });

  it('ends even if closing hangs', async () => {
    const { call } = bench({ close: () => new Promise(() => undefined) });
    call.start();
    await until(call, 'connected');
    vi.useFakeTimers();
    call.hangUp();
    expect(call.get().state).toBe('ending');
    await vi.advanceTimersByTimeAsync(3000);
    vi.useRealTimers();
    expect(call.get().state).toBe('ended');
  });

  it('passes the loudspeaker on to the next phone', async () => {
    const { call, phones } = bench();
    call.setSpeakerMuted(true);
    call.start();
    await until(call, 'connected');
    expect(phones[0]?.log[0]).toBe('speaker true');
  });

  it('tells nobody who unsubscribed', () => {
    const { call } = bench();
    const listener = vi.fn();
    call.subscribe(listener)();
    call.start();
    expect(listener).not.toHaveBeenCalled();
  });
});
