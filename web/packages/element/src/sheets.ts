// sheets.ts — what lies over the call when asked for: settings, privacy, terms. Its own chunk.

import { createConsentView, createRecordingChoice } from './consent-view';
import type { Host } from './host';
import { createLanguagePicker } from './language-picker';
import { createPrivacyView } from './privacy-view';
import css from './sheets.css?inline';
import { consentOf } from './scene';
import type { Scene, Sheet, View } from './scene';
import { createSettingsView } from './settings-view';
import { addStyle } from './style';

// Written by build.mjs; nothing where a bundler has no file of it.
declare const OFFHOOK_SHEETS_STYLE: string | undefined;

const styled = new WeakMap<Host, Promise<void>>();

/** To be called before the first sheet. */
export function styleSheets(host: Host): Promise<void> {
  const style = styled.get(host) ?? addStyle(host.shadow, css, host.styleWays(typeof OFFHOOK_SHEETS_STYLE === 'string' ? OFFHOOK_SHEETS_STYLE : ''));
  styled.set(host, style);
  return style;
}

export function createSheet(sheet: Sheet, scene: Scene, agreed: () => void): View {
  switch (sheet) {
    case 'settings': return createSettingsView(scene);
    case 'privacy': return createPrivacyView(scene);
    case 'consent': return createConsentView(scene, agreed);
  }
}

/** What few sites have before a call: the choice whether to be recorded, above the button that starts it, and the languages. */
export async function complete(scene: Scene, start: HTMLElement, own: HTMLElement): Promise<void> {
  await styleSheets(scene.host);
  if (consentOf(scene) === 'choice') start.before(createRecordingChoice(scene));
  if ((scene.site.languages?.length ?? 0) > 1) own.before(createLanguagePicker(scene));
}
