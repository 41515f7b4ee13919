// loader.ts — /offhook.js: a classic script, so that one tag is enough. Defines the element, places one, answers triggers.

import { defineOffhookCall } from './element';
import type * as Extras from './extras';
import type { PanelModule } from './host';
import { baseOf, createGlobal, listenForTriggers, placeElement } from './script';
import type { Offhook } from './script';

// Written by build.mjs.
declare const OFFHOOK_PANEL: string;
declare const OFFHOOK_EXTRAS: string;
declare const OFFHOOK_STYLE: string;
declare const OFFHOOK_VERSION: string;

function load(): void {
  const script = document.currentScript as HTMLScriptElement | null;
  if (script === null || customElements.get('offhook-call') !== undefined) return;
  const base = baseOf(script.src);
  defineOffhookCall({
    base,
    nonce: script.nonce || (script.getAttribute('nonce') ?? ''),
    styleFile: OFFHOOK_STYLE,
    loadPanel: () => import(base + OFFHOOK_PANEL) as Promise<PanelModule>,
    loadExtras: () => import(base + OFFHOOK_EXTRAS) as Promise<typeof Extras>,
  });
  const page = window as unknown as { offhook?: Offhook | ((offhook: Offhook) => void)[] };
  const waiting = Array.isArray(page.offhook) ? page.offhook : [];
  const offhook = createGlobal(OFFHOOK_VERSION);
  page.offhook = offhook;
  listenForTriggers(document);
  const place = (): void => {
    if (!script.hasAttribute('data-manual')) placeElement(script);
    offhook.push(...waiting);
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', place, { once: true });
  else place();
}

load();
