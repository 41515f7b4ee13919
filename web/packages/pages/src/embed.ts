// embed.ts — /embed/{site}: the button alone, for a frame in somebody else's page. The frame's owner hears of the call by
// postMessage: {type: "offhook", event, state}.

import { attributesOfAddress } from './site-address';

const button = document.createElement('offhook-call');
button.setAttribute('inline', '');
for (const [name, value] of attributesOfAddress(new URL(location.href))) button.setAttribute(name, value);

/** States and codes only: nothing about the person, so that any page may be told. */
function tell(event: Event): void {
  const detail = (event as CustomEvent<unknown>).detail;
  const state = typeof detail === 'object' && detail !== null && 'state' in detail ? String(detail.state) : undefined;
  if (window.parent !== window) window.parent.postMessage({ type: 'offhook', event: event.type, state }, '*');
}
for (const name of ['oh-ready', 'oh-state', 'oh-connected', 'oh-ended', 'oh-error']) button.addEventListener(name, tell);

document.getElementById('place')?.append(button);
