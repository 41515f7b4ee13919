// agreement.ts — what a visitor was asked about recording, and whether a yes to exactly this is remembered: a new text, or
// another site's, asks anew.

import { presetFor } from '@offhook/core';
import type { VoiceConfig } from '@offhook/core';
import { recall, remember } from '@offhook/core/memory';
import type { FloatingCallButtonProps } from './props';
import type { Session } from './session';

/** A short fingerprint (FNV-1a) of the text, so that changed terms are asked about again. */
function versionOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(36);
}

export function textOf(page: FloatingCallButtonProps, settings: VoiceConfig | null, locale: string): string | undefined {
  if (page.consentText !== undefined || settings === null) return page.consentText;
  return presetFor(settings, locale)?.terms ?? settings.consent.text ?? undefined;
}

type Asked = Pick<Session, 'settings' | 'words'>;

/** How the visitor is asked; undefined: the site is not known, and the page says nothing. */
export const consentMode = (page: FloatingCallButtonProps, { settings }: Asked): string | undefined => page.consent ?? settings.get()?.consent.mode;

function stampOf(page: FloatingCallButtonProps, asked: Asked): string {
  const settings = asked.settings.get();
  const text = textOf(page, settings, asked.words.get().locale) ?? '';
  return `${page.site ?? settings?.site ?? 'default'}:${settings?.consent.version ?? ''}:${versionOf(text)}`;
}

export const hasAgreed = (page: FloatingCallButtonProps, asked: Asked): boolean => recall('consent') === stampOf(page, asked);

export function agree(page: FloatingCallButtonProps, asked: Asked): void { remember('consent', stampOf(page, asked)); }
