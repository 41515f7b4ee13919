// What hangs on a call and only listens: events, reporters, sounds, diagnostics.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CallError, IDLE, createDemoCall, createEvents, createReporter, createSounds, describeCall, formatDiagnostics, reportToTools, soundOf,
} from '../src/index';
import type { Call, Events } from '../src/index';
import { SOUNDS } from '../src/sounds';
import { withoutPersonalData } from '../src/diagnostics';

beforeEach(() => { vi.useFakeTimers({ now: 1_000_000 }); });
afterEach(() => { vi.useRealTimers(); });

interface Batch { site?: string; call?: string; events: Record<string, unknown>[] }

function bench(hidden = false): { events: Events; sent: Batch[]; beacons: Batch[]; hide: () => void; fail: () => void } {
  const sent: Batch[] = [];
  const beacons: Batch[] = [];
  let onHide = (): void => undefined;
  let failing = false;
  const events = createEvents({
    site: 'shop',
    fetch: ((_url: string, init: RequestInit) => {
      if (failing) return Promise.reject(new Error('offline'));
      sent.push(JSON.parse(init.body as string) as Batch);
      return Promise.resolve(new Response());
    }) as typeof fetch,
    beacon: (_url, body) => {
      void body.text().then((text) => beacons.push(JSON.parse(text) as Batch));
      return true;
    },
    document: {
      get visibilityState() { return hidden ? 'hidden' as const : 'visible' as const; },
      addEventListener: (_type: string, listen: () => void) => { onHide = listen; },
      removeEventListener: () => { onHide = (): void => undefined; },
    } as unknown as Document,
  });
  return { events, sent, beacons, hide: () => { onHide(); }, fail: () => { failing = !failing; } };
}

describe('events for the analytics', () => {
  it('go in batches, with ages instead of times', async () => {
    const { events, sent } = bench();
    events.note('impression', { variant: 'floating' });
    await vi.advanceTimersByTimeAsync(1000);
    events.note('open', { variant: 'floating' });
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(4000);
    expect(sent).toEqual([{ site: 'shop', events: [
      { name: 'impression', ageMs: 5000, variant: 'floating' }, { name: 'open', ageMs: 4000, variant: 'floating' },
    ] }]);
  });
  it('go by beacon when the page hides, and only then', async () => {
    const { events, sent, beacons, hide } = bench(true);
    events.note('control', { control: 'tel' });
    hide();
    await vi.waitFor(() => { expect(beacons).toHaveLength(1); }, 60_000);
    expect(sent).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
  it('wait for the network, the oldest first to be given up', async () => {
    const { events, sent, fail } = bench();
    fail();
    for (let i = 0; i < 130; i += 1) events.note('control', { control: 'mute' });
    await vi.advanceTimersByTimeAsync(10);
    fail();
    events.note('control', { control: 'unmute' });
    events.flush();
    const all = sent.flatMap((batch) => batch.events);
    expect(all.length).toBeLessThanOrEqual(101);
    expect(all.at(-1)).toMatchObject({ control: 'unmute' });
    expect(sent.every((batch) => batch.events.length <= 20)).toBe(true);
  });
  it('tell the story of a call, tied by its id', async () => {
    const { events, sent } = bench();
    const demo = createDemoCall();
    const stop = events.follow(demo);
    demo.start();
    await vi.advanceTimersByTimeAsync(26_000);
    demo.hangUp();
    await vi.advanceTimersByTimeAsync(10);
    events.flush();
    const all = sent.flatMap((batch) => batch.events.map((event) => ({ ...event, call: batch.call })));
    expect(all.map((event) => (event as unknown as { name: string }).name).filter((name) => name !== 'state'))
      .toEqual(['start', 'permission', 'connected', 'quality', 'ended']);
    expect(all.find((event) => 'totalMs' in event)).toMatchObject({ tokenMs: 500, permissionMs: 900, mediaMs: 2500, totalMs: 3900, call: 'demo-0000' });
    expect(all.at(-1)).toMatchObject({ name: 'ended', reason: 'hangup', durationS: 22 });
    stop();
    events.close();
    expect(vi.getTimerCount()).toBe(0);
  });
  it.each([['MIC_NOT_FOUND', 'missing'], ['MIC_IN_USE', 'busy'], ['MIC_DENIED', 'denied']])('name a microphone question that ended in %s %s', (code, result) => {
    const { events, sent } = bench();
    const demo = createDemoCall({ scene: 'requesting-mic' });
    events.follow(demo);
    demo.report({ type: 'mic-failed', error: new CallError(code as 'MIC_DENIED') });
    events.flush();
    const all = sent.flatMap((batch) => batch.events);
    expect(all).toContainEqual(expect.objectContaining({ name: 'permission', result }));
    expect(all).toContainEqual(expect.objectContaining({ name: 'error', code, phase: 'requesting-mic' }));
  });
});

describe('reporters', () => {
  const error = new CallError('ICE_FAILED', { status: 500 });
  it('S80 the console hears exactly the two known sentences', () => {
    const console_ = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const report = createReporter(undefined, {});
    report(error, 'opening');
    report(error, 'requesting-mic');
    report(error, 'connected');
    expect(console_.mock.calls).toEqual([['Failed to start call:', error], ['Failed to start call:', error], ['LiveKit error:', error]]);
  });
  it('S81 Sentry, Datadog and LogRocket are told when the page has them', () => {
    const Sentry = { captureException: vi.fn() };
    const DD_RUM = { addError: vi.fn() };
    const LogRocket = { captureException: vi.fn() };
    expect(reportToTools(error, 'connected', { Sentry, DD_RUM, LogRocket })).toEqual(['Sentry', 'Datadog', 'LogRocket']);
    expect(Sentry.captureException).toHaveBeenCalledWith(error, { tags: { 'offhook.code': 'ICE_FAILED', 'offhook.state': 'connected' }, extra: { code: 'ICE_FAILED', state: 'connected', status: 500 } });
    expect(DD_RUM.addError).toHaveBeenCalledWith(error, { offhook: { code: 'ICE_FAILED', state: 'connected', status: 500 } });
  });
  it('S81 nothing happens without them, or when they are broken', () => {
    expect(reportToTools(error, 'connected', {})).toEqual([]);
    expect(reportToTools(error, 'connected', { Sentry: 7, DD_RUM: { addError: () => { throw new Error('no'); } }, LogRocket: null })).toEqual([]);
  });
});

describe('sounds', () => {
  const at = (state: Call['state'], more: Partial<Call> = {}): Call => ({ ...IDLE, state, ...more });
  it.each<[string, Call, Call, string | null]>([
    ['answered', at('ringing'), at('connected'), 'answered'],
    ['lost', at('connected'), at('reconnecting'), 'reconnecting'],
    ['back', at('reconnecting'), at('connected'), 'reconnected'],
    ['muted', at('connected'), at('connected', { muted: true }), 'muted'],
    ['push to talk', at('connected', { pushToTalk: true }), at('connected', { muted: true, pushToTalk: true }), null],
    ['recording', at('connected'), at('connected', { recording: 'on' }), 'recording-on'],
    ['recording paused', at('connected', { recording: 'on' }), at('connected', { recording: 'paused' }), 'recording-off'],
    ['next in line', at('queued', { queue: { position: 2, etaSeconds: 1 } }), at('queued', { queue: { position: 1, etaSeconds: 1 } }), 'queue'],
    ['muted while talking', at('connected'), at('connected', { warnings: ['muted-talking'] }), 'warning'],
    ['ended', at('connected', { connectedAt: 1 }), at('ended', { connectedAt: 1 }), 'ended'],
    ['cancelled', at('ringing'), at('ended'), null],
    ['nothing', at('connected'), at('connected'), null],
  ])('of a call that is %s', (_name, before, now, expected) => {
    expect(soundOf(before, now)).toBe(expected);
  });
  it('are short', () => {
    for (const notes of Object.values(SOUNDS)) for (const { at: start, length } of notes) expect(start + length).toBeLessThanOrEqual(0.3);
  });
  it('can be switched off, and leave no clock running', async () => {
    const tones: number[] = [];
    const param = { value: 0, setValueAtTime: vi.fn(), linearRampToValueAtTime: vi.fn() };
    const context = {
      state: 'running', currentTime: 0, destination: {}, close: vi.fn(() => Promise.resolve()),
      createGain: () => ({ gain: param, connect: vi.fn(), disconnect: vi.fn() }),
      createOscillator: () => ({ frequency: param, connect: vi.fn(), start: (when: number) => { tones.push(when); }, stop: vi.fn(), onended: null }),
    };
    const sounds = createSounds(true, () => context as unknown as AudioContext);
    const demo = createDemoCall({ scene: 'connecting' });
    const stop = sounds.follow(demo);
    demo.show('ringing');
    await vi.advanceTimersByTimeAsync(9000);
    expect(tones).toHaveLength(3);
    demo.setSpeakerMuted(true);
    await vi.advanceTimersByTimeAsync(9000);
    expect(tones).toHaveLength(3);
    sounds.setOn(false);
    sounds.play('test');
    expect(tones).toHaveLength(3);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(context.close).toHaveBeenCalled();
  });
});

describe('P66 diagnostics', () => {
  it('say codes, ids and timings', async () => {
    const demo = createDemoCall();
    demo.start();
    await vi.advanceTimersByTimeAsync(5000);
    demo.report({ type: 'line-closed', now: Date.now(), error: new CallError('KICKED', { detail: 'by anna@example.org at 192.0.2.7' }) });
    const report = demo.diagnostics();
    expect(report).toMatchObject({ state: 'failed', code: 'KICKED', callId: 'demo-0000', detail: 'by (e-mail) at (address)' });
    expect(report.timeline.map(({ state, ms }) => `${state} ${String(ms)}`)).toEqual([
      'opening 0', 'requesting-mic 500', 'connecting 1400', 'ringing 2100', 'connected 3900', 'failed 5000',
    ]);
    const text = formatDiagnostics(report);
    expect(text).toContain('code KICKED');
    expect(text).not.toContain('Anna');
    expect(text).not.toContain('wss:');
  });
  it.each([
    ['Bearer eyJhbGciOi.eyJzdWIi.c2ln', 'Bearer (token)'], ['to 2001:db8:0:1::7', 'to (address)'], ['GET /x?token=secret&a=b', 'GET /x?token=…&a=…'],
  ])('keep %s to themselves', (text, expected) => {
    expect(withoutPersonalData(text)).toBe(expected);
  });
  it('of a call that never was', () => {
    expect(describeCall(IDLE, [], 1)).toMatchObject({ state: 'idle', timeline: [], durationMs: null });
  });
});
