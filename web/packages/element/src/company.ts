// company.ts — what goes along with a call without being needed for it: its sounds, the counting of what happened, for
// the site's own server, and what can be copied when it is over. Loaded while the call is being made.

import type { CallHandle } from '@offhook/core';
import { createEvents } from '@offhook/core/events';
import type { Events } from '@offhook/core/events';
import { createSounds } from '@offhook/core/sounds';
import type { Host } from './host';

export { createCopyDetails, createCopyLine } from './copy-line';

export interface Company {
  readonly events: Events;
  setSounds(on: boolean): void;
  testSound(): void;
}

export function accompany(host: Host, call: CallHandle): Company {
  const sounds = createSounds(host.getAttribute('ringback') !== 'off');
  sounds.follow(call);
  const events = createEvents({
    url: `${host.base}api/voice/events`, site: host.getAttribute('site') ?? 'default',
    variant: host.hasAttribute('inline') ? 'inline' : 'floating',
  });
  events.follow(call);
  return { events, setSounds: (on) => { sounds.setOn(on); }, testSound: () => { sounds.play('test'); } };
}
