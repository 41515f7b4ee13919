// scene.ts — what every view of the panel needs: the words, the call, and what can be done besides the call.

import type { Call, CallHandle, HearingLine } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import type { Host, Site } from './host';

export type Sheet = 'settings' | 'privacy' | 'consent';

export interface Scene {
  readonly host: Host;
  readonly call: CallHandle;
  readonly words: Words;
  readonly site: Site;
  /** The Start button: asks for consent first where the site wants that. */
  start(): Promise<void>;
  show(sheet: Sheet | null): void;
  /** For the check with one's own voice: it comes with livekit-client, and only the panel knows that file. */
  line: () => Promise<HearingLine>;
}

/** One content of the panel. Updated in place: rebuilding would lose the focus and the screen reader's place. */
export interface View {
  readonly node: HTMLElement;
  update(call: Call): void;
  destroy?(): void;
}

/** The text of the site in the language being spoken, or its general one. */
export function presetOf(scene: Pick<Scene, 'site' | 'words'>, what: 'greeting' | 'terms'): string | undefined {
  const { site, words } = scene;
  const own = site.presets?.[words.locale] ?? site.presets?.[words.locale.split('-')[0] ?? ''];
  return own?.[what] ?? (what === 'greeting' ? site.greeting : site.consent?.text);
}

/** `notice` says that calls may be recorded, `choice` lets the visitor say no and call all the same, `required` wants a yes first. */
export function consentOf({ host, site }: Pick<Scene, 'site' | 'host'>): string | undefined {
  return host.getAttribute('consent') ?? site.consent?.mode;
}

const SITE_MS = 3000;

/** What the site is set to is known, or does not come in time; who waits again has waited. */
export function siteSettled(host: Host): Promise<unknown> {
  return host.asked = Promise.race([host.asked, new Promise((late) => { setTimeout(late, SITE_MS); })]);
}

/** What must be agreed to before the first call, as it is remembered: other words, or another site, ask anew; null: nothing. */
export function termsOf(host: Host): string | null {
  const site = host.site ?? {};
  return consentOf({ host, site }) === 'required' ? JSON.stringify([host.getAttribute('site'), site.consent]) : null;
}
