// devices.ts — microphones and loudspeakers: what there is, what is in use, and what to do when one is unplugged.

import type { Device, Devices } from './machine';

/** Old browsers and embedded ones have less of it than the types promise. */
export type DeviceSource = Partial<Pick<MediaDevices, 'enumerateDevices' | 'addEventListener' | 'removeEventListener'>>;

/** The system's own choice, by the name both pickers use for it. */
export const SYSTEM_DEFAULT = '';

/** Chrome lists the system's choice as devices of their own; ours is SYSTEM_DEFAULT. */
const ALIASES: readonly string[] = ['', 'default', 'communications'];

export function devicesOf(infos: readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>[], kind: MediaDeviceKind): Device[] {
  const seen = new Set<string>();
  return infos
    .filter((info) => info.kind === kind && !ALIASES.includes(info.deviceId) && !seen.has(info.deviceId) && seen.add(info.deviceId))
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** Firefox before 116 and Safari before 18 cannot choose a loudspeaker. */
export function canChooseOutput(): boolean {
  return typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;
}

export interface DeviceWatch {
  /** Looks anew; also by itself whenever something is plugged in or out. */
  refresh(): Promise<void>;
  close(): void;
}

export interface DeviceWatchOptions {
  readonly source: DeviceSource | undefined;
  readonly outputs: boolean;
  /** What is in use now; null: the system's choice. */
  readonly inUse: () => { readonly input: string | null; readonly output: string | null };
  readonly onChange: (devices: Devices) => void;
  /** The chosen device is no longer there. */
  readonly onGone: (kind: 'input' | 'output') => void;
  /** Something was plugged in or out. */
  readonly onPlug: () => void;
}

export function watchDevices(options: DeviceWatchOptions): DeviceWatch {
  const { source, inUse } = options;
  let last = '';
  let closed = false;

  async function refresh(): Promise<void> {
    const infos = await source?.enumerateDevices?.().catch(() => undefined);
    if (infos === undefined || closed) return;
    const inputs = devicesOf(infos, 'audioinput');
    const outputs = options.outputs ? devicesOf(infos, 'audiooutput') : [];
    const { input, output } = inUse();
    const devices: Devices = { inputs, outputs, input: known(inputs, input), output: known(outputs, output) };
    const says = JSON.stringify(devices);
    if (says !== last) {
      last = says;
      options.onChange(devices);
    }
    if (input !== null && devices.input === null) options.onGone('input');
    if (output !== null && devices.output === null && options.outputs) options.onGone('output');
  }

  const onPlug = (): void => {
    void refresh().then(() => {
      if (!closed) options.onPlug();
    });
  };
  source?.addEventListener?.('devicechange', onPlug);

  return {
    refresh,
    close() {
      closed = true;
      source?.removeEventListener?.('devicechange', onPlug);
    },
  };
}

function known(devices: readonly Device[], id: string | null): string | null {
  return devices.some((device) => device.id === id) ? id : null;
}
