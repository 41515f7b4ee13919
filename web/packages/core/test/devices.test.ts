import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LocalAudioTrack } from 'livekit-client';
import { devicesOf, watchDevices } from '../src/devices';
import { holdMicrophone } from '../src/livekit-microphone';
import { queueOf } from '../src/livekit-watch';
import { createMicrophonePermission, permissionElement } from '../src/permission';
import { readStats } from '../src/stats';
import type { Devices } from '../src/index';

const info = (kind: MediaDeviceKind, deviceId: string, label = deviceId): MediaDeviceInfo => ({ kind, deviceId, label, groupId: '' }) as MediaDeviceInfo;

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** navigator.mediaDevices with a plug that can be pulled. */
function plugs(...first: MediaDeviceInfo[]): { source: MediaDevices; set: (...list: MediaDeviceInfo[]) => void; listeners: () => number } {
  let list = first;
  const target = new EventTarget();
  let count = 0;
  return {
    source: {
      enumerateDevices: () => Promise.resolve(list),
      addEventListener: (type: string, listener: EventListener) => { count += 1; target.addEventListener(type, listener); },
      removeEventListener: (type: string, listener: EventListener) => { count -= 1; target.removeEventListener(type, listener); },
    } as unknown as MediaDevices,
    set: (...next) => {
      list = next;
      target.dispatchEvent(new Event('devicechange'));
    },
    listeners: () => count,
  };
}
const pass = (ms = 1): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('P41 P42 P43 devices', () => {
  it('are listed once, without the system’s aliases and without those that have no name yet', () => {
    const all = [info('audioinput', 'default'), info('audioinput', 'communications'), info('audioinput', 'm'), info('audioinput', 'm'), info('audiooutput', 's'), info('audioinput', '')];
    expect(devicesOf(all, 'audioinput')).toEqual([{ id: 'm', label: 'm' }]);
  });
  it('P43 tell when the chosen one is unplugged, and when something is plugged in', async () => {
    const { source, set, listeners } = plugs(info('audioinput', 'm'), info('audioinput', 'usb'), info('audiooutput', 's'));
    const seen: Devices[] = [];
    const log: string[] = [];
    const watch = watchDevices({
      source, outputs: true, inUse: () => ({ input: 'usb', output: 's' }), onChange: (devices) => { seen.push(devices); },
      onGone: (kind) => { log.push(kind); }, onPlug: () => { log.push('plug'); },
    });
    await watch.refresh();
    expect(seen).toEqual([{ inputs: [{ id: 'm', label: 'm' }, { id: 'usb', label: 'usb' }], outputs: [{ id: 's', label: 's' }], input: 'usb', output: 's' }]);
    set(info('audioinput', 'm'));
    await pass();
    expect(log).toEqual(['input', 'output', 'plug']);
    expect(seen.at(-1)).toMatchObject({ input: null, output: null });
    watch.close();
    expect(listeners()).toBe(0);
  });
  it('P42 have no loudspeakers where the browser cannot choose, and survive a browser without any of it', async () => {
    const seen: Devices[] = [];
    const { source } = plugs(info('audiooutput', 's'));
    const options = { inUse: () => ({ input: null, output: null }), onChange: (devices: Devices) => { seen.push(devices); }, onGone: () => undefined, onPlug: () => undefined };
    await watchDevices({ ...options, source, outputs: false }).refresh();
    await watchDevices({ ...options, source: undefined, outputs: true }).refresh();
    await watchDevices({ ...options, source: {}, outputs: true }).refresh();
    expect(seen).toEqual([{ inputs: [], outputs: [], input: null, output: null }]);
  });
});

/** A MediaStreamTrack as far as it is used. */
class FakeMedia extends EventTarget {
  readyState: 'live' | 'ended' = 'live';
  muted = false;
  enabled = true;
  copies: FakeMedia[] = [];
  stop(): void { this.readyState = 'ended'; }
  clone(): FakeMedia {
    const copy = new FakeMedia();
    copy.enabled = this.enabled;
    this.copies.push(copy);
    return copy;
  }
}

function microphone(restart: () => Promise<void> = () => Promise.resolve()): {
  held: ReturnType<typeof holdMicrophone>; media: () => FakeMedia; log: string[]; all: FakeMedia[];
} {
  let media = new FakeMedia();
  const all = [media];
  const log: string[] = [];
  let onRestarted = (): void => undefined;
  const track = {
    get mediaStreamTrack() { return media; },
    isMuted: false,
    on: (_event: string, listener: () => void) => { onRestarted = listener; },
    off: () => { onRestarted = (): void => undefined; },
    async restartTrack(options: { deviceId?: { exact?: string; ideal?: string } }) {
      log.push(`restart ${options.deviceId?.exact ?? options.deviceId?.ideal ?? 'default'}`);
      media.stop();
      await restart();
      media = new FakeMedia();
      all.push(media);
      onRestarted();
    },
    stop: () => { media.stop(); },
  };
  const held = holdMicrophone(track as unknown as LocalAudioTrack, null, {
    changed: () => { log.push('changed'); }, interrupted: () => { log.push('interrupted'); },
    uninterrupted: () => { log.push('uninterrupted'); }, lost: (lost) => { log.push(lost ? 'lost' : 'found'); },
  });
  return { held, media: () => media, log, all };
}

describe('the microphone of a call', () => {
  it('S14 stops at once, and with it every copy', () => {
    const { held, media } = microphone();
    held.listenBehindMute(true);
    held.stop();
    expect([media(), ...media().copies].map((track) => track.readyState)).toEqual(['ended', 'ended']);
    expect(vi.getTimerCount()).toBe(0);
  });
  it('S14 one that comes back after the end is stopped as well', async () => {
    let go = (): void => undefined;
    const { held, all } = microphone(() => new Promise((done) => { go = done; }));
    const choosing = held.choose('usb');
    held.stop();
    go();
    await choosing;
    expect(all.map((track) => track.readyState)).toEqual(['ended', 'ended']);
  });
  it('P43 is replaced by the system’s own when it is unplugged', async () => {
    const { held, media, log } = microphone();
    media().stop();
    media().dispatchEvent(new Event('ended'));
    await pass(2000);
    expect(log).toEqual(['restart default', 'changed']);
    expect(held.chosen()).toBeNull();
    expect(media().readyState).toBe('live');
  });
  it('P43 says when none is left, and finds the next one', async () => {
    let works = false;
    const { held, media, log } = microphone(() => (works ? Promise.resolve() : Promise.reject(new DOMException('', 'NotFoundError'))));
    media().stop();
    media().dispatchEvent(new Event('ended'));
    await pass(2000);
    expect(log.at(-1)).toBe('lost');
    works = true;
    await held.recover();
    expect(log.slice(-2)).toEqual(['changed', 'found']);
  });
  it('keeps the old one when the new one cannot be had', async () => {
    let first = true;
    const { held, media, log } = microphone(() => {
      if (!first) return Promise.resolve();
      first = false;
      return Promise.reject(new DOMException('', 'NotReadableError'));
    });
    await expect(held.choose('usb')).rejects.toMatchObject({ code: 'MIC_IN_USE' });
    expect(log).toEqual(['restart usb', 'restart default', 'changed']);
    expect(media().readyState).toBe('live');
  });
  it('P64 calls it an interruption only when the system keeps it', async () => {
    const { media, log } = microphone();
    media().dispatchEvent(new Event('mute'));
    await pass(500);
    media().dispatchEvent(new Event('unmute'));
    await pass(2000);
    expect(log).toEqual([]);
    media().dispatchEvent(new Event('mute'));
    await pass(2000);
    media().dispatchEvent(new Event('unmute'));
    expect(log).toEqual(['interrupted', 'uninterrupted']);
  });
  it('N06 is heard behind the mute button on one copy only', () => {
    const { held, media } = microphone();
    media().enabled = false;
    const copy = held.listenBehindMute(true);
    expect(held.listenBehindMute(true)).toBe(copy);
    expect(copy?.enabled).toBe(true);
    held.listenBehindMute(false);
    expect(copy?.readyState).toBe('ended');
  });
});

describe('N03 the permission', () => {
  it.each<[object, string | null]>([[{}, null], [{ HTMLUserMediaElement: Object }, 'usermedia'], [{ HTMLMicrophoneElement: Object, HTMLUserMediaElement: Object }, 'microphone']])('element of %o is %s', (scope, expected) => {
    expect(permissionElement(scope)).toBe(expected);
  });
  it('is unknown where the browser throws or does not tell (Firefox 75, Safari 14)', async () => {
    expect(await createMicrophonePermission({}, {}).state()).toBe('unknown');
    expect(await createMicrophonePermission({ permissions: { query: () => { throw new TypeError('no such name'); } } }, {}).state()).toBe('unknown');
  });
  it('tells when it is granted after all, until nobody wants to know', async () => {
    const status = Object.assign(new EventTarget(), { state: 'denied' });
    const permission = createMicrophonePermission({ permissions: { query: () => Promise.resolve(status as unknown as PermissionStatus) } }, {});
    const allowed = vi.fn();
    const stop = permission.watch(allowed);
    await pass();
    status.state = 'granted';
    status.dispatchEvent(new Event('change'));
    expect(allowed).toHaveBeenCalledOnce();
    stop();
    status.dispatchEvent(new Event('change'));
    expect(allowed).toHaveBeenCalledOnce();
  });
  it('tells when the first microphone is plugged in', async () => {
    const { source, set, listeners } = plugs();
    const allowed = vi.fn();
    const stop = createMicrophonePermission({ mediaDevices: source }, {}).watch(allowed);
    await pass();
    set(info('audioinput', ''));
    await pass();
    expect(allowed).toHaveBeenCalledOnce();
    stop();
    expect(listeners()).toBe(0);
  });
});

describe('what the room tells', () => {
  it.each<[Record<string, string>, object | null]>([
    [{}, null], [{ 'offhook.queue.position': '0' }, null], [{ 'offhook.queue.position': 'x' }, null],
    [{ 'offhook.queue.position': '2' }, { position: 2, etaSeconds: null }],
    [{ 'offhook.queue.position': '2', 'offhook.queue.eta_s': '90' }, { position: 2, etaSeconds: 90 }],
    [{ 'offhook.queue.position': '2', 'offhook.queue.eta_s': '-1' }, { position: 2, etaSeconds: null }],
  ])('queue of %o', (attributes, expected) => {
    expect(queueOf(attributes)).toEqual(expected);
  });
  it.each<[string, Record<string, unknown>, string | null]>([
    ['udp', { candidateType: 'host', protocol: 'udp' }, 'udp'], ['tcp', { candidateType: 'prflx', protocol: 'tcp' }, 'tcp'],
    ['a relay', { candidateType: 'relay', protocol: 'udp' }, 'relay'],
  ])('route over %s', (_name, candidate, expected) => {
    const report = [
      { id: 't', type: 'transport', selectedCandidatePairId: 'p' }, { id: 'p', type: 'candidate-pair', localCandidateId: 'c', currentRoundTripTime: 0.03 },
      { id: 'c', type: 'local-candidate', ...candidate },
      { id: 'i', type: 'inbound-rtp', kind: 'audio', packetsReceived: 90, packetsLost: 10, jitter: 0.004, bytesReceived: 5, concealedSamples: 1, totalSamplesReceived: 10 },
    ];
    expect(readStats([report])).toMatchObject({ route: expected, roundTripMs: 30, jitterMs: 4, lossIn: 0.1, concealed: 0.1 });
  });
  it('nothing of a call that has not begun', () => {
    expect(readStats([])).toMatchObject({ route: null, roundTripMs: null, lossIn: null, codec: null, packetsIn: 0 });
  });
});
