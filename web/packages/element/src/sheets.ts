// sheets.ts — what lies over the call when asked for: settings, privacy, terms. Its own chunk.

import { createConsentView } from './consent-view';
import { createPrivacyView } from './privacy-view';
import type { Scene, Sheet, View } from './scene';
import { createSettingsView } from './settings-view';

export function createSheet(sheet: Sheet, scene: Scene, agreed: () => void): View {
  switch (sheet) {
    case 'settings': return createSettingsView(scene);
    case 'privacy': return createPrivacyView(scene);
    case 'consent': return createConsentView(scene, agreed);
  }
}
