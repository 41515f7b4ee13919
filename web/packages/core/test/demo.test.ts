import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CALL_STATES, DEMO_SCENES, ERROR_CODES, WARNINGS, createCall, createDemoCall, getDemoCredentials, openDemoPhone } from '../src/index';
import type { Call } from '../src/index';

beforeEach(() => { vi.useFakeTimers({ now: 1_000_000 }); });
afterEach(() => { vi.useRealTimers(); });

describe('N22 every state without a server', () => {
  it.each(CALL_STATES)('shows %s, and stays there', async (state) => {
    const demo = createDemoCall({ scene: state });
    expect(demo.get().state).toBe(state);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(demo.get().state).toBe(state);
    expect(vi.getTimerCount()).toBe(0);
  });
  it.each(WARNINGS)('shows the warning %s', (warning) => {
    expect(createDemoCall({ scene: warning }).get().warnings).toContain(warning);
  });
  it.each(ERROR_CODES)('shows the error %s', (code) => {
    const { state, error } = createDemoCall({ scene: `error-${code}` }).get();
    expect([state, error?.code]).toEqual([code === 'NO_ANSWER' ? 'missed' : 'failed', code]);
  });
  it.each<[string, Partial<Call>]>([
    ['muted', { muted: true }], ['speaker-muted', { speakerMuted: true }], ['recording', { recording: 'on' }],
    ['sound-blocked', { soundBlocked: true }], ['push-to-talk', { pushToTalk: true, muted: true }], ['elsewhere', { elsewhere: true }],
    ['low-quality', { quality: { local: 1, remote: 3 } }], ['ended-by-them', { endReason: 'remote' }], ['ringing-again', { peerLeft: true }],
  ])('shows %s', (scene, expected) => {
    expect(createDemoCall({ scene }).get()).toMatchObject(expected);
  });
  it('is the same every time', () => {
    for (const scene of DEMO_SCENES) {
      expect(createDemoCall({ scene }).get()).toEqual(createDemoCall({ scene }).get());
    }
  });
  it('goes from scene to scene without remains', () => {
    const demo = createDemoCall();
    const seen: string[] = [];
    demo.subscribe(() => { seen.push(demo.get().state); });
    demo.show('recording');
    demo.show('idle');
    expect(seen).toEqual(['connected', 'idle']);
    expect(demo.get().recording).toBe('off');
  });
  it('plays a whole call when somebody presses start', async () => {
    const demo = createDemoCall();
    demo.start();
    await vi.advanceTimersByTimeAsync(5000);
    expect(demo.get()).toMatchObject({ state: 'connected', peers: [{ name: 'Anna' }] });
    expect(demo.levels().local + demo.levels().remote).toBeGreaterThan(0);
    demo.hangUp();
    await vi.advanceTimersByTimeAsync(10);
    expect(demo.get().state).toBe('ended');
    expect(vi.getTimerCount()).toBe(0);
  });
  it('has a phone for the real call machine as well', async () => {
    const call = createCall({ getCredentials: getDemoCredentials, openPhone: openDemoPhone({ answerMs: 100 }) });
    call.start();
    await vi.advanceTimersByTimeAsync(200);
    expect(call.get()).toMatchObject({ state: 'connected', route: 'udp', quality: { local: 3, remote: 3 } });
    call.setInput('demo-headset');
    await vi.advanceTimersByTimeAsync(1);
    expect(call.get().devices.input).toBe('demo-headset');
    call.hangUp();
    await vi.advanceTimersByTimeAsync(1);
    expect(call.get().state).toBe('ended');
  });
});
