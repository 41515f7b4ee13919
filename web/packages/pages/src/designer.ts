// designer.ts — /designer: choose how the button looks, see every state of it at once, copy the lines to paste.

import { CALL_STATES } from '@offhook/core';
import { contrast } from '@offhook/core/colour';
import { copyText } from '@offhook/core/copy';
import { readColour } from '@offhook/element/colour';
import { htmlSnippet, nextSnippet, policyLines, reactSnippet, wordpressSnippet } from './snippet';
import type { Design } from './snippet';

const find = <T extends Element>(selector: string, kind: new () => T): T => {
  const found = document.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`${selector} is missing in designer.html`);
  return found;
};
const form = find('#choices', HTMLFormElement);
const snippet = find('#snippet', HTMLElement);
const DEFAULTS: Readonly<Record<string, string>> = { theme: 'auto', placement: 'bottom-end', variant: 'full', radius: '', label: '', lang: '', accent: '' };
const SNIPPETS: Readonly<Record<string, (design: Design) => string>> = {
  html: htmlSnippet, react: reactSnippet, next: nextSnippet, wordpress: wordpressSnippet,
};

function design(): Design {
  const given = new FormData(form);
  const value = (name: string): string => {
    const entry = given.get(name);
    return typeof entry === 'string' ? entry.trim() : '';
  };
  const attributes: Record<string, string> = {};
  for (const [name, usual] of Object.entries(DEFAULTS)) if (value(name) !== usual) attributes[name] = value(name);
  return { host: location.origin, site: value('site') || 'default', attributes };
}

/** One button per state, on a light or dark ground as the theme says. */
function previews(): ReadonlyMap<string, HTMLElement> {
  const grid = find('#states', HTMLElement);
  return new Map(CALL_STATES.map((state) => {
    const figure = document.createElement('figure');
    const caption = document.createElement('figcaption');
    caption.textContent = state;
    const button = document.createElement('offhook-call');
    for (const name of ['inline', 'no-prefetch']) button.setAttribute(name, '');
    button.setAttribute('demo', state);
    button.setAttribute('shortcuts', 'off');
    figure.append(caption, button);
    grid.append(figure);
    return [state, button];
  }));
}

function say(accent: string): void {
  const note = find('#contrast', HTMLElement);
  const colour = accent === '' ? null : readColour(accent);
  if (colour === null) {
    note.textContent = accent === '' ? 'The button’s own green.' : 'This is not a colour that browsers know.';
    return;
  }
  const best = Math.max(contrast(colour, [255, 255, 255]), contrast(colour, [0, 0, 0]));
  const ground = contrast(colour, [255, 255, 255]);
  note.textContent = `Text on it: ${best.toFixed(1)} : 1. Against white: ${ground.toFixed(1)} : 1. `
    + (ground >= 3 ? 'Both pass WCAG 2.2 AA.' : 'Too faint on white (WCAG wants 3 : 1): the button darkens it as far as needed.');
}

const corner = document.createElement('offhook-call');
corner.setAttribute('demo', 'idle');
document.body.append(corner);
const all = [...previews().values(), corner];

function draw(): void {
  const chosen = design();
  for (const button of all) {
    for (const name of Object.keys(DEFAULTS)) {
      const value = chosen.attributes[name];
      if (value === undefined) button.removeAttribute(name);
      else button.setAttribute(name, value);
    }
  }
  const kind = new FormData(form).get('kind');
  snippet.textContent = SNIPPETS[typeof kind === 'string' ? kind : 'html']?.(chosen) ?? '';
  find('#policy', HTMLElement).textContent = policyLines(chosen.host);
  find('#states', HTMLElement).dataset.theme = chosen.attributes.theme ?? 'auto';
  say(chosen.attributes.accent ?? '');
}

form.addEventListener('input', draw);
form.addEventListener('submit', (event) => { event.preventDefault(); });
for (const button of Array.from(document.querySelectorAll<HTMLButtonElement>('button[data-copy]'))) {
  button.addEventListener('click', () => {
    const text = find(`#${button.dataset.copy ?? ''}`, HTMLElement).textContent;
    void copyText(text).then((done) => { if (done) button.textContent = 'Copied'; });
  });
}
draw();
