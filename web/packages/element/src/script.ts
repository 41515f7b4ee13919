// script.ts — what one <script src="https://HOST/offhook.js" data-…> asks for: where it came from, one element, triggers.

import { OffhookCall } from './element';
import type { StartOptions } from './element';
import type { GetAuth } from './host';

/** "https://calls.example/x/offhook.js?v=1" → "https://calls.example/x/". */
export function baseOf(src: string): string {
  return new URL('.', src).href;
}

/** The element the page wrote itself, or one made from the script's data-attributes: data-site, data-token-url … */
export function placeElement(script: HTMLElement): void {
  if (document.querySelector('offhook-call') !== null) return;
  const made = document.createElement('offhook-call');
  for (const { name, value } of Array.from(script.attributes)) if (name.startsWith('data-')) made.setAttribute(name.slice(5), value);
  made.home = document.body;
  document.body.append(made);
}

/** Any [data-offhook-call] opens the first element; `for="id"` makes that one element the trigger of its own. */
export function listenForTriggers(root: Document): void {
  root.addEventListener('click', (event) => {
    const from = event.target as Element;
    for (const element of Array.from(root.querySelectorAll<OffhookCall>('offhook-call'))) {
      const own = element.getAttribute('for');
      const trigger = from.closest<HTMLElement>(own === null ? '[data-offhook-call]' : `[id="${CSS.escape(own)}"],[data-offhook-call]`);
      if (trigger === null) continue;
      event.preventDefault();
      if (element.hasAttribute('open')) element.close();
      else element.open(trigger);
      return;
    }
  });
}

/** window.offhook */
export interface Offhook {
  readonly version: string;
  /** The page's first element. */
  readonly element: OffhookCall | null;
  open(): void;
  close(): void;
  start(options?: StartOptions): Promise<void>;
  end(): void;
  setAuth(getAuth: GetAuth | null): void;
  /** For pages that run before this script: (window.offhook = window.offhook || []).push((offhook) => …). */
  push(...work: ((offhook: Offhook) => void)[]): void;
}

export function createGlobal(version: string): Offhook {
  const first = (): OffhookCall | null => document.querySelector<OffhookCall>('offhook-call');
  const offhook: Offhook = {
    version,
    get element() { return first(); },
    open: () => { first()?.open(); },
    close: () => { first()?.close(); },
    start: (options) => first()?.start(options) ?? Promise.resolve(),
    end: () => { first()?.end(); },
    setAuth: (getAuth) => { OffhookCall.auth = getAuth; },
    push: (...work) => { for (const one of work) one(offhook); },
  };
  return offhook;
}
