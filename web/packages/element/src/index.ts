// index.ts — what @offhook/element offers to bundlers. Pages without one use /offhook.js.

import { OffhookCall, defineOffhookCall } from './element';

export { ATTRIBUTES } from './attributes';
export type { AttributeName } from './attributes';
export { OffhookCall } from './element';
export type { StartOptions } from './element';
export type { GetAuth } from './host';

/** Defines <offhook-call>; `base` is the address of the offhook server. */
export function define(base: string, nonce = ''): typeof OffhookCall {
  defineOffhookCall({ base: base.replace(/\/*$/, '/'), nonce, styleFile: '', loadPanel: () => import('./panel'), loadExtras: () => import('./extras') });
  return OffhookCall;
}
