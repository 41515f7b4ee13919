// index.ts — what @offhook/element offers to bundlers. Pages without one use /offhook.js.

import { OffhookCall, defineOffhookCall } from './element';

export { ATTRIBUTES, OffhookCall } from './element';
export type { AttributeName, GetAuth, StartOptions } from './element';

/** Defines <offhook-call>; `base` is the address of the offhook server. */
export function define(base: string, nonce = ''): typeof OffhookCall {
  defineOffhookCall({ base: base.replace(/\/*$/, '/'), nonce, styleHref: '', loadPanel: () => import('./panel') });
  return OffhookCall;
}
