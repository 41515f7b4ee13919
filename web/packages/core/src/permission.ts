// permission.ts — may this page use the microphone? Asked without asking the person; and the browser's own <microphone>
// element, which asks better than a page can.

export type MicrophoneState = 'granted' | 'denied' | 'prompt' | 'unknown';

export interface MicrophonePermission {
  /** Browsers that do not tell answer `unknown`. Never rejects, never prompts. */
  state(): Promise<MicrophoneState>;
  /** Calls back when the microphone may be had after all (allowed in the settings, plugged in). Returns: stop watching. */
  watch(allowed: () => void): () => void;
  /** The element to show while priming, where the browser has one. */
  readonly element: PermissionElement | null;
}

/** Chromium's permission elements; `<usermedia>` asks for what its constraints name. */
export type PermissionElement = 'microphone' | 'usermedia';

/** The tag of the browser's permission element, if it has one. */
export function permissionElement(scope: object = globalThis): PermissionElement | null {
  if ('HTMLMicrophoneElement' in scope) return 'microphone';
  return 'HTMLUserMediaElement' in scope ? 'usermedia' : null;
}

/** What of the browser this needs; for tests. */
export interface PermissionSource {
  readonly permissions?: { query(descriptor: { name: never }): Promise<PermissionStatus> } | undefined;
  readonly mediaDevices?: Pick<MediaDevices, 'addEventListener' | 'removeEventListener' | 'enumerateDevices'> | undefined;
}

async function query(source: PermissionSource): Promise<PermissionStatus | null> {
  try {
    // Firefox before 131 and Safari before 16 throw at this name; the DOM types do not know it either.
    return (await source.permissions?.query({ name: 'microphone' as never })) ?? null;
  } catch {
    return null;
  }
}

export function createMicrophonePermission(
  source: PermissionSource = typeof navigator === 'undefined' ? {} : navigator,
  scope: object = globalThis,
): MicrophonePermission {
  return {
    element: permissionElement(scope),

    async state() {
      return (await query(source))?.state ?? 'unknown';
    },

    watch(allowed) {
      let stopped = false;
      let status: PermissionStatus | null = null;
      const onState = (): void => {
        if (status?.state === 'granted') allowed();
      };
      const onDevices = (): void => { void anyMicrophone(source).then((there) => { if (there && !stopped && status?.state !== 'denied') allowed(); }); };
      void Promise.all([query(source), anyMicrophone(source)]).then(([found, hadOne]) => {
        if (stopped) return;
        status = found;
        status?.addEventListener('change', onState);
        // A microphone that was there all the time and did not help is no news.
        if (!hadOne) source.mediaDevices?.addEventListener('devicechange', onDevices);
      });
      return () => {
        stopped = true;
        status?.removeEventListener('change', onState);
        source.mediaDevices?.removeEventListener('devicechange', onDevices);
      };
    },
  };
}

async function anyMicrophone(source: PermissionSource): Promise<boolean> {
  try {
    const devices = await source.mediaDevices?.enumerateDevices();
    return devices?.some((device) => device.kind === 'audioinput') ?? false;
  } catch {
    return false;
  }
}
