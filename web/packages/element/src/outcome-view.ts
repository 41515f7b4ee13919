// outcome-view.ts — how a call ended or why it did not happen, and always a next step.

import { durationOf, formatClock } from '@offhook/core';
import { errorWords, micPlaceOf, say } from '@offhook/core/words';
import type { Call, CallError } from '@offhook/core';
import { HANG_UP, WARNING } from './panel-icons';
import { drawing, node, setAttributes, setText } from './nodes';
import type { Scene, View } from './scene';
import { statusOf } from './status';

function primary(text: string, press: () => void): HTMLButtonElement {
  const made = node('button', { type: 'button', class: 'primary', part: 'primary', 'data-autofocus': '' }, text);
  made.addEventListener('click', press);
  return made;
}

export function createEndedView(scene: Scene): View {
  const { words, call: handle } = scene;
  const call = handle.get();
  const duration = durationOf(call, call.endedAt ?? 0);
  return {
    node: node('div', { class: 'view outcome', 'data-oh-state': call.state },
      node('span', { class: 'outcome-icon', 'aria-hidden': 'true' }, drawing(HANG_UP, 26)),
      node('p', { class: 'status', part: 'status', 'data-oh-state': call.state }, statusOf(call, words)),
      duration !== null && node('p', { class: 'lasted' }, formatClock(duration)),
      node('p', { class: 'note' }, call.endReason === 'remote' ? words.endedByThem : words.endedByYou),
      node('slot', { name: 'ended' }),
      primary(words.start, () => { scene.start(); })),
    update() { /* an ended call does not change */ },
  };
}

/** For a support ticket: codes and times, nothing about the person. */
function detailsOf(call: Call, error: CallError): string {
  return [
    `offhook call error ${error.code}`,
    error.status === undefined ? '' : `status ${String(error.status)}`,
    error.detail === undefined ? '' : `detail ${error.detail}`,
    call.credentials?.callId == null ? '' : `call ${call.credentials.callId}`,
    `time ${new Date().toISOString()}`,
    `browser ${navigator.userAgent}`,
  ].filter((line) => line !== '').join('\n');
}

export function createFailedView(scene: Scene): View {
  const { words, call: handle, host } = scene;
  const call = handle.get();
  const error = call.error;
  const failedAt = Date.now();
  const text = error === null ? null : errorWords(words, error.code, micPlaceOf(navigator.userAgent, error.code === 'MIC_DENIED_SYSTEM'));
  const left = (): number => Math.max(0, Math.ceil((error?.retryAfter ?? 0) - (Date.now() - failedAt) / 1000));
  const signIn = error?.code === 'AUTH_REQUIRED';

  const retry = primary(signIn ? words.signIn : words.retry, () => {
    if (left() > 0) return;
    if (signIn && !askToSignIn(scene)) return;
    handle.start();
  });
  const showWait = (): void => {
    setAttributes(retry, { 'aria-disabled': left() > 0 ? 'true' : null });
    if (!signIn) setText(retry, left() > 0 ? say(words, 'retryIn', { seconds: left() }) : words.retry);
  };
  showWait();
  const ticking = setInterval(showWait, 1000);

  const copy = node('button', { type: 'button', class: 'link' }, words.copyDetails);
  copy.addEventListener('click', () => {
    if (error === null) return;
    void navigator.clipboard.writeText(detailsOf(call, error)).then(() => { setText(copy, words.copied); }, () => undefined);
  });
  const tel = host.attribute('tel');
  return {
    node: node('div', { class: 'view outcome', 'data-oh-state': 'failed', 'data-oh-code': error?.code },
      node('span', { class: 'outcome-icon bad', 'aria-hidden': 'true' }, drawing(WARNING, 26)),
      node('p', { class: 'status', part: 'status', 'data-oh-state': 'failed' }, text?.title ?? words.ended),
      node('p', { class: 'sentence' }, text?.sentence ?? ''),
      node('slot', { name: 'offline' }),
      text?.retry === true && retry,
      tel !== null && node('a', { class: 'secondary', part: 'secondary', href: `tel:${tel.replace(/[^\d+*#]/g, '')}` }, say(words, 'phoneInstead', { number: tel })),
      copy),
    update() { /* a failed call does not change */ },
    destroy() { clearInterval(ticking); },
  };
}

/** True: call now. The page signs the visitor in (oh-sign-in), or Clerk does, or another page. */
function askToSignIn(scene: Scene): boolean {
  const { host } = scene;
  const url = host.attribute('sign-in-url');
  if (!host.emit('oh-sign-in', { url }, true)) return false;
  const clerk = (window as { Clerk?: { session?: unknown; openSignIn?: () => void } }).Clerk;
  if (clerk?.openSignIn !== undefined && (clerk.session === undefined || clerk.session === null)) {
    clerk.openSignIn();
    return false;
  }
  if (url !== null) {
    location.assign(url);
    return false;
  }
  return true;
}
