import { describe, expect, it, vi } from 'vitest';
import { CallError, judge, runPreflight } from '../src/index';
import { standsOut } from '../src/livekit-probe';
import type { PreflightFacts, PreflightOptions, ProbeFacts } from '../src/index';

const PROBE: ProbeFacts = { joinMs: 200, echoMs: 300, route: 'udp', roundTripMs: 30, jitterMs: 3, loss: 0 };
const GOOD: PreflightFacts = { online: true, secure: true, webrtc: true, microphone: 'prompt', microphones: 1, error: null, probe: PROBE };

describe('P40 N05 the verdict before a call', () => {
  it.each<[string, Partial<PreflightFacts>, string, string | null]>([
    ['all is well', {}, 'ready', null],
    ['permission unknown', { microphone: 'unknown', microphones: null }, 'ready', null],
    ['a server without echo', { probe: null }, 'ready', null],
    ['http', { secure: false }, 'blocked', 'INSECURE_CONTEXT'],
    ['no WebRTC', { webrtc: false }, 'blocked', 'BROWSER_UNSUPPORTED'],
    ['offline', { online: false }, 'blocked', 'NET_OFFLINE'],
    ['microphone refused', { microphone: 'denied' }, 'blocked', 'MIC_DENIED'],
    ['no microphone', { microphones: 0 }, 'blocked', 'MIC_NOT_FOUND'],
    ['server full', { error: new CallError('CAPACITY'), probe: null }, 'blocked', 'CAPACITY'],
    ['nothing came back', { probe: { ...PROBE, echoMs: null } }, 'blocked', 'MEDIA_STALLED'],
    ['only TCP', { probe: { ...PROBE, route: 'tcp' } }, 'degraded', 'NET_UDP_BLOCKED'],
    ['only a relay', { probe: { ...PROBE, route: 'relay' } }, 'degraded', 'NET_UDP_BLOCKED'],
    ['far away', { probe: { ...PROBE, roundTripMs: 600 } }, 'degraded', null],
    ['lossy', { probe: { ...PROBE, loss: 0.1 } }, 'degraded', null],
    ['shaky', { probe: { ...PROBE, jitterMs: 90 } }, 'degraded', null],
    ['slow to join', { probe: { ...PROBE, joinMs: 4000 } }, 'degraded', null],
  ])('%s', (_name, change, verdict, code) => {
    expect(judge({ ...GOOD, ...change })).toMatchObject({ verdict, code });
  });
});

describe('N05 the check', () => {
  const answer = (status: number, body: unknown): typeof fetch => () => Promise.resolve(Response.json(body, { status }));
  const TOKEN = { participantToken: 't', serverUrl: 'wss://h', roomSeconds: 10 };
  const options = (change: Partial<PreflightOptions> = {}): PreflightOptions => ({
    site: 'shop', tokenUrl: '/api/voice/token', permission: { state: () => Promise.resolve('granted') },
    probe: () => Promise.resolve(PROBE), browser: { online: true, secure: true, webrtc: true },
    countMicrophones: () => Promise.resolve(1), token: { fetch: answer(200, TOKEN), online: () => true }, ...change,
  });
  it('asks the door beside the token’s and probes with what it gets', async () => {
    const fetched = vi.fn(answer(200, TOKEN)) as typeof fetch;
    const probe = vi.fn(() => Promise.resolve(PROBE));
    expect(await runPreflight(options({ token: { fetch: fetched }, probe }))).toMatchObject({ verdict: 'ready', rttMs: 30, echoMs: 300, route: 'udp' });
    expect(fetched).toHaveBeenCalledWith('/api/voice/preflight', expect.objectContaining({ body: '{"site":"shop"}' }));
    expect(probe).toHaveBeenCalledWith(expect.objectContaining({ token: 't', serverUrl: 'wss://h' }), expect.objectContaining({ limitMs: 3000 }));
  });
  it('does not bother the server when a call cannot work anyhow', async () => {
    const fetched = vi.fn(answer(200, TOKEN)) as typeof fetch;
    expect((await runPreflight(options({ token: { fetch: fetched }, browser: { online: true, secure: false, webrtc: true } }))).code).toBe('INSECURE_CONTEXT');
    expect(fetched).not.toHaveBeenCalled();
  });
  it('is content with a server that has no echo room', async () => {
    expect((await runPreflight(options({ token: { fetch: answer(404, {}) } }))).verdict).toBe('ready');
  });
  it('tells what the server or the line says', async () => {
    expect(await runPreflight(options({ token: { fetch: answer(503, {}) } }))).toMatchObject({ verdict: 'blocked', code: 'TOKEN_HTTP' });
    expect(await runPreflight(options({ probe: () => Promise.reject(new CallError('ICE_FAILED')) }))).toMatchObject({ verdict: 'blocked', code: 'ICE_FAILED' });
  });
  it('knows its tone from noise', () => {
    const spectrum = (peak: number | null, floor: number): Float32Array => Float32Array.from({ length: 1024 }, (_, bin) => (peak !== null && Math.abs(bin - 26) < 2 ? peak : floor));
    expect(standsOut(spectrum(-20, -80), 26)).toBe(true);
    expect(standsOut(spectrum(-20, -25), 26)).toBe(false);
    expect(standsOut(spectrum(null, -120), 26)).toBe(false);
    expect(standsOut(spectrum(null, -40), null)).toBe(true);
  });
});
