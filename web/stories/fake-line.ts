// fake-line.ts — a line without a network, for stories and tests: the test says what the room and the browser do.

import { Room } from 'livekit-client';
import type { Credentials, Levels, PhoneEvent } from '@offhook/core';
import type { Line } from '../packages/react/src/line';

export interface Script {
  /** How the browser answers the question for the microphone; default: at once, yes. */
  readonly microphone?: () => Promise<void>;
  /** How joining goes; default: at once, with the echo partner there. */
  readonly join?: (report: (event: PhoneEvent) => void, credentials: Credentials) => Promise<void>;
  readonly mute?: (muted: boolean) => Promise<void>;
  readonly levels?: () => Levels;
}

export interface FakeLine extends Line {
  readonly report: (event: PhoneEvent) => void;
  /** What was asked of this line, in order. */
  readonly log: string[];
}

export const ECHO = { id: 'echo', name: 'Echo partner' };
export const never = (): Promise<void> => new Promise(() => undefined);

export function fakeLine(report: (event: PhoneEvent) => void, script: Script = {}): FakeLine {
  const log: string[] = [];
  return {
    room: new Room(),
    report,
    log,
    wanted: () => null,
    subscribe: () => () => undefined,
    connected: () => undefined,
    failed: () => false,
    async openMicrophone() {
      log.push('openMicrophone');
      await script.microphone?.();
    },
    async join(credentials) {
      log.push(`join ${credentials.serverUrl}`);
      if (script.join !== undefined) await script.join(report, credentials);
      else report({ type: 'joined', now: Date.now(), peers: [ECHO] });
    },
    async setMuted(muted) {
      log.push(`setMuted ${String(muted)}`);
      await script.mute?.(muted);
    },
    setSpeakerMuted(muted) { log.push(`setSpeakerMuted ${String(muted)}`); },
    setVolume(volume) { log.push(`setVolume ${String(volume)}`); },
    setInput(id) {
      log.push(`setInput ${id}`);
      return Promise.resolve();
    },
    setOutput(id) {
      log.push(`setOutput ${id}`);
      return Promise.resolve();
    },
    continue() {
      log.push('continue');
      report({ type: 'uninterrupted' });
      return Promise.resolve();
    },
    stats: () => Promise.resolve(null),
    levels: script.levels ?? ((): Levels => ({ local: 0, remote: 0 })),
    resumeSound: () => Promise.resolve(),
    close() {
      log.push('close');
      return Promise.resolve();
    },
  };
}
