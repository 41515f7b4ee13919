// facts.ts — the small line of facts in a call: how good the connection is, whether it is recorded, whether it saves data.

import { formatNumber, say } from '@offhook/core/words';
import type { Call } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import { node, setAttributes, setText } from './nodes';

const MB_PER_MINUTE = 0.3; // 12 kbit/s of sound and its packaging, both ways

export interface Facts {
  readonly node: HTMLElement;
  update(call: Call): void;
}

export function createFacts(words: Words): Facts {
  const signal = node('span', { class: 'signal', 'aria-hidden': 'true' }, node('i'), node('i'), node('i'));
  const level = node('span');
  const quality = node('span', { class: 'fact', part: 'quality' }, signal, node('span', { class: 'said' }, `${words.quality} `), level);
  const recording = node('span', { class: 'fact recording' });
  const lowData = node('span', { class: 'fact' }, say(words, 'lowDataNote', { amount: formatNumber(MB_PER_MINUTE, words.locale) }));
  const names = [words.quality0, words.quality1, words.quality2, words.quality3];
  return {
    node: node('div', { class: 'facts' }, quality, recording, lowData),
    update(call) {
      const known = call.quality.local;
      const shown = known !== null && (call.state === 'connected' || call.state === 'ringing');
      setAttributes(quality, { hidden: !shown });
      setAttributes(signal, { 'data-level': String(known ?? 0) });
      setText(level, shown ? `${names[known] ?? ''}${call.route === null ? '' : ` · ${call.route.toUpperCase()}`}` : '');
      setAttributes(recording, { hidden: call.recording === 'off' });
      setText(recording, call.recording === 'on' ? words.recording : words.recordingPaused);
      setAttributes(lowData, { hidden: !call.lowData });
    },
  };
}
