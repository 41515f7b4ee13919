// marks.ts — the element's states for style sheets: the `state` attribute everywhere, :state(…) where the browser has it.

import type { Call } from '@offhook/core';
import type { Host } from './host';

export const STATES = ['open', 'connecting', 'queued', 'connected', 'reconnecting', 'ended', 'muted', 'recording'] as const;

export function statesOf(call: Call, open: boolean): readonly (typeof STATES)[number][] {
  const on: Readonly<Record<(typeof STATES)[number], boolean>> = {
    open,
    connecting: ['opening', 'priming', 'requesting-mic', 'checking', 'connecting', 'ringing'].includes(call.state),
    queued: call.state === 'queued',
    connected: call.state === 'connected',
    reconnecting: call.state === 'reconnecting',
    ended: call.state === 'ended',
    muted: call.muted,
    recording: call.recording === 'on',
  };
  return STATES.filter((name) => on[name]);
}

export function markStates(host: Host, call: Call, open: boolean): void {
  if (host.getAttribute('state') !== call.state) host.setAttribute('state', call.state);
  const states = host.internals?.states;
  if (states === undefined) return;
  try {
    const on = statesOf(call, open);
    for (const name of STATES) {
      if (on.includes(name)) states.add(name);
      else states.delete(name);
    }
  } catch {
    // Chrome 90–124 wants names with two dashes; the attribute is there for them.
  }
}
