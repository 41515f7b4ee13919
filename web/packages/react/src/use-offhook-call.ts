'use client';
// use-offhook-call.ts — the call without our interface: for a button, a dialog, a page of one's own.

import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { Call, CallHandle } from '@offhook/core';
import type { CallOptionsProps } from './props';
import { useResumeOnMount } from './use-resume';
import { useSession } from './use-session';

type VerbName =
  | 'hangUp' | 'dismiss' | 'setMuted' | 'setSpeakerMuted' | 'setVolume' | 'setInput' | 'setOutput' | 'holdToTalk' | 'allowMicrophone'
  | 'continue' | 'resumeSound';
/** Functions that may be taken apart: `const { setMuted } = useOffhookCall()`. */
type Verbs = { readonly [K in VerbName]: (...args: Parameters<CallHandle[K]>) => void };

export interface OffhookCall extends Verbs {
  /** null until the call code is loaded (on `prepare` or `start`). */
  readonly call: Call | null;
  /** For <VoiceCallInterface call={…}> or what this hook does not offer. */
  readonly handle: CallHandle | null;
  /** Loads the code, asks `onBeforeCall`, calls. Run it from a click. */
  readonly start: () => Promise<void>;
  /** Loads the code early, on the first sign of interest. */
  readonly prepare: () => void;
}

const NEVER = (): (() => void) => () => undefined;

export function useOffhookCall(options: CallOptionsProps = {}): OffhookCall {
  const { session, load } = useSession(options, 'plain');
  const handle = session?.handle ?? null;
  const call = useSyncExternalStore(handle?.subscribe ?? NEVER, () => handle?.get() ?? null, () => null);
  useResumeOnMount(options.autoResume ?? true, options.site ?? 'default', load, () => undefined);
  const start = useCallback(async () => { await (await load())?.start(); }, [load]);
  const prepare = useCallback(() => { void load(); }, [load]);
  return useMemo(() => ({
    call, handle, start, prepare,
    hangUp: () => handle?.hangUp(),
    dismiss: () => handle?.dismiss(),
    setMuted: (muted) => handle?.setMuted(muted),
    setSpeakerMuted: (muted) => handle?.setSpeakerMuted(muted),
    setVolume: (volume) => handle?.setVolume(volume),
    setInput: (id) => handle?.setInput(id),
    setOutput: (id) => handle?.setOutput(id),
    holdToTalk: (down) => handle?.holdToTalk(down),
    allowMicrophone: () => handle?.allowMicrophone(),
    continue: () => handle?.continue(),
    resumeSound: () => handle?.resumeSound(),
  }), [call, handle, start, prepare]);
}
