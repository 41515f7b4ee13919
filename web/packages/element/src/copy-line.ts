// copy-line.ts — a fact that people pass on, with a button that copies it.

import type { CallHandle } from '@offhook/core';
import { copyText } from '@offhook/core/copy';
import type { Words } from '@offhook/core/words';
import { formatDiagnostics } from '@offhook/core/diagnostics-text';
import { node, setText } from './nodes';

/** What a support ticket needs. */
export const createCopyDetails = (words: Words, call: CallHandle): HTMLElement =>
  createCopyButton(words.copyDetails, words, () => formatDiagnostics(call.diagnostics()));

function createCopyButton(label: string, { copied }: Words, text: () => string): HTMLElement {
  const button = node('button', { type: 'button', class: 'link' }, label);
  button.addEventListener('click', () => {
    const wanted = text();
    void copyText(wanted).then((done) => {
      if (done) setText(button, copied);
      else button.after(shownText(wanted));
    });
  });
  return button;
}

/** Where the browser lets nothing be copied: there to be copied by hand, selected as soon as it is in its place. */
function shownText(text: string): HTMLElement {
  const shown = node('pre', { class: 'facts-line', tabindex: '0', dir: 'ltr' }, text);
  requestAnimationFrame(() => { getSelection()?.selectAllChildren(shown); });
  return shown;
}

export function createCopyLine(words: Words, text: string): HTMLElement {
  return node('p', { class: 'facts-line' }, `${words.callId} `, node('code', { dir: 'ltr' }, text), createCopyButton(words.copy, words, () => text));
}
