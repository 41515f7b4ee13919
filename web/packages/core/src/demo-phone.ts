// demo-phone.ts — a phone that reaches nobody but answers like one: for trying the button out without a server.

import type { Device, Devices, Peer } from './machine';
import type { Levels, OpenPhone, Phone, PhoneEvent } from './phone';
import type { CallStats } from './stats';
import type { Credentials, GetCredentials } from './token';

export const DEMO_PEER: Peer = { id: 'demo-anna', name: 'Anna' };

export const DEMO_CREDENTIALS: Credentials = {
  token: 'demo', serverUrl: 'wss://demo.invalid', roomName: 'demo', participantName: 'demo', callId: 'demo-0000', ringTimeout: 0,
};
export const DEMO_STATS: CallStats = {
  roundTripMs: 38, jitterMs: 4, lossIn: 0, lossOut: 0, concealed: 0, bytesIn: 640_000, bytesOut: 512_000,
  packetsIn: 6700, packetsOut: 6700, codec: 'audio/opus', route: 'udp',
};
const INPUTS: readonly Device[] = [{ id: 'demo-mic', label: 'Built-in microphone' }, { id: 'demo-headset', label: 'Headset' }];
const OUTPUTS: readonly Device[] = [{ id: 'demo-speaker', label: 'Built-in speakers' }, { id: 'demo-headset', label: 'Headset' }];
export const DEMO_DEVICES: Devices = { inputs: INPUTS, outputs: OUTPUTS, input: 'demo-mic', output: 'demo-speaker' };

/** Two voices in turn, from the time alone. */
export function demoLevels(ms: number): Levels {
  const turn = Math.sin(ms / 1700);
  const wave = (speed: number): number => 0.55 + 0.35 * Math.sin(ms / speed);
  return { local: turn > 0 ? wave(130) : 0.04, remote: turn > 0 ? 0.04 : wave(170) };
}

export interface DemoOptions {
  readonly peer?: Peer;
  /** Milliseconds from joining until somebody answers; default 1500, Infinity: never. */
  readonly answerMs?: number;
  /** Whose turn it is to speak; default the time. */
  readonly now?: () => number;
}

export function createDemoPhone(report: (event: PhoneEvent) => void, options: DemoOptions = {}): Phone {
  const { peer = DEMO_PEER, answerMs = 1500, now = Date.now } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let devices = DEMO_DEVICES;
  let muted = false;
  let silent = false;
  let met = false;
  const take = (chosen: Partial<Devices>): Promise<void> => {
    devices = { ...devices, ...chosen };
    report({ type: 'devices', devices });
    return Promise.resolve();
  };
  return {
    openMicrophone: () => take({}),
    join: () => {
      report({ type: 'joined', now: now(), peers: [] });
      if (Number.isFinite(answerMs)) {
        timer = setTimeout(() => {
          met = true;
          report({ type: 'peer-joined', now: now(), peer });
          report({ type: 'quality', side: 'local', level: 3 });
          report({ type: 'quality', side: 'remote', level: 3 });
          report({ type: 'route', route: 'udp' });
        }, answerMs);
      }
      return Promise.resolve();
    },
    setMuted: (value) => {
      muted = value;
      return Promise.resolve();
    },
    setSpeakerMuted: (value) => { silent = value; },
    setVolume: () => undefined,
    setInput: (id) => take({ input: id }),
    setOutput: (id) => take({ output: id }),
    levels() {
      const levels = demoLevels(now());
      return { local: muted ? 0 : levels.local, remote: silent || !met ? 0 : levels.remote };
    },
    resumeSound: () => {
      report({ type: 'sound-blocked', blocked: false });
      return Promise.resolve();
    },
    continue: () => {
      report({ type: 'uninterrupted' });
      return Promise.resolve();
    },
    stats: () => Promise.resolve(DEMO_STATS),
    close: () => {
      clearTimeout(timer);
      return Promise.resolve();
    },
  };
}

export function openDemoPhone(options: DemoOptions = {}): OpenPhone {
  return (report) => Promise.resolve(createDemoPhone(report, options));
}

export const getDemoCredentials: GetCredentials = () => Promise.resolve(DEMO_CREDENTIALS);
