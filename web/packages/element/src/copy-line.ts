// copy-line.ts — a fact that people pass on, with a button that copies it.

import { node, setText } from './nodes';

export function createCopyLine(name: string, text: string, copy: string, copied: string): HTMLElement {
  const button = node('button', { type: 'button', class: 'link' }, copy);
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(text).then(() => { setText(button, copied); }, () => undefined);
  });
  return node('p', { class: 'facts-line' }, `${name} `, node('code', { dir: 'ltr' }, text), button);
}
