// privacy-view.ts — what this button sends, to whom, and how long it is kept: from what the server says about itself.

import { say } from '@offhook/core/words';
import { node } from './nodes';
import type { Scene, View } from './scene';

export function privacyLines({ words, site, host }: Scene): readonly string[] {
  const facts = site.privacy ?? {};
  const { privacySheet: sheet } = words;
  const days = facts.eventDays;
  return [
    sheet.sound,
    say(words, 'privacySheet.server', { host: new URL(host.base).host }),
    sheet.address,
    sheet.page,
    ...(host.getAttribute('auth') !== null || host.getAttribute('identity') !== null ? [sheet.user] : []),
    ...(typeof days === 'number' && days > 0 ? [say(words, 'privacySheet.events', { count: days })] : []),
    sheet.tab,
    facts.recording === true ? sheet.recorded : sheet.unrecorded,
  ];
}

export function createPrivacyView(scene: Scene): View {
  return {
    node: node('div', { class: 'view sheet' }, node('ul', {}, ...privacyLines(scene).map((line) => node('li', {}, line)))),
    update() { /* facts */ },
  };
}
