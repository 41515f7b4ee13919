// notice.ts — one thing that wants attention in a call, and the one press that helps.

import type { Call, CallHandle, Warning } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import { node, setAttributes, setText } from './nodes';
import type { Scene } from './scene';

export interface Notice {
  readonly node: HTMLElement;
  update(call: Call): void;
}

interface Advice {
  readonly text: string;
  readonly action: string;
  readonly press: () => void;
}

/** What is worse comes first. */
const ORDER: readonly Warning[] = [
  'mic-silent', 'not-heard', 'media-stalled', 'muted-talking', 'switching-route', 'slow', 'network-you', 'network-them', 'low-data',
];

export function worstOf(warnings: readonly Warning[]): Warning | null {
  return ORDER.find((warning) => warnings.includes(warning)) ?? null;
}

function adviceOf(call: Call, words: Words, handle: CallHandle, scene: Scene): Advice | null {
  if (call.state === 'interrupted') return { text: words.interrupted, action: words.goOn, press: () => { handle.continue(); } };
  if (call.soundBlocked) return { text: words.soundBlocked, action: words.soundOn, press: () => { handle.resumeSound(); } };
  const warning = worstOf(call.warnings);
  if (warning === null) return null;
  const text = words.warnings[warning];
  if (warning === 'muted-talking') return { text, action: words.unmute, press: () => { handle.setMuted(false); } };
  if (warning !== 'mic-silent' && warning !== 'not-heard') return { text, action: '', press: () => undefined };
  return { text, action: words.microphone, press: () => { scene.show('settings'); } };
}

export function createNotice(scene: Scene): Notice {
  const { words, call: handle } = scene;
  let advice: Advice | null = null;
  const text = node('span');
  const button = node('button', { type: 'button', class: 'link' });
  button.addEventListener('click', () => { advice?.press(); });
  const made = node('div', { class: 'notice', role: 'group' }, text, button);
  return {
    node: made,
    update(call) {
      advice = adviceOf(call, words, handle, scene);
      setAttributes(made, { hidden: advice === null, 'aria-label': advice?.text ?? null });
      setText(text, advice?.text ?? '');
      setAttributes(button, { hidden: (advice?.action ?? '') === '' });
      setText(button, advice?.action ?? '');
    },
  };
}
