// sheets.ts — what lies over the call when asked for: settings, privacy, terms. Its own chunk.

import { createConsentView } from './consent-view';
import type { Host } from './host';
import { createPrivacyView } from './privacy-view';
import css from './sheets.css?inline';
import type { Scene, Sheet, View } from './scene';
import { createSettingsView } from './settings-view';
import { addStyle } from './style';

// Written by build.mjs; nothing where a bundler has no file of it.
declare const OFFHOOK_SHEETS_STYLE: string | undefined;

/** To be called once per element, before the first sheet. */
export function styleSheets(host: Host): Promise<void> {
  return addStyle(host.shadow, css, host.styleWays(typeof OFFHOOK_SHEETS_STYLE === 'string' ? OFFHOOK_SHEETS_STYLE : ''));
}

export function createSheet(sheet: Sheet, scene: Scene, agreed: () => void): View {
  switch (sheet) {
    case 'settings': return createSettingsView(scene);
    case 'privacy': return createPrivacyView(scene);
    case 'consent': return createConsentView(scene, agreed);
  }
}
