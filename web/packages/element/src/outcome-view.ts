// outcome-view.ts — how a call ended or why it did not happen, and always a next step.

import { durationOf, formatClock } from '@offhook/core';
import { errorWords, micPlaceOf, say, statusOf } from '@offhook/core/words';
import type { CallError } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import { drawing, node, setAttributes, setText } from './nodes';
import { HANG_UP, WARNING } from './panel-icons';
import { createPhoneLink } from './phone-link';
import type * as Company from './company';
import type { Scene, View } from './scene';
import { askToSignIn } from './sign-in';

function primary(text: string, press: () => void): HTMLButtonElement {
  const made = node('button', { type: 'button', class: 'primary', part: 'primary', 'data-autofocus': '' }, text);
  made.addEventListener('click', press);
  return made;
}

/** What comes with the sounds of a call, which was there before its end: nothing is missed where it could not be had. */
function fromCompany(create: (company: typeof Company) => HTMLElement): HTMLElement {
  const place = node('span');
  void import('./company').then((company) => { place.replaceWith(create(company)); }, () => undefined);
  return place;
}

export function createEndedView(scene: Scene): View {
  const { words, call: handle } = scene;
  const call = handle.get();
  const duration = durationOf(call, call.endedAt ?? 0);
  const callId = call.credentials?.callId ?? null;
  return {
    node: node('div', { class: 'view outcome', 'data-oh-state': call.state },
      node('span', { class: 'outcome-icon', 'aria-hidden': 'true' }, drawing(HANG_UP, 26)),
      node('p', { class: 'status', part: 'status', 'data-oh-state': call.state }, statusOf(call, words)),
      duration !== null && node('p', { class: 'lasted' }, formatClock(duration)),
      node('p', { class: 'note' }, reasonOf(call.endReason, words)),
      node('slot', { name: 'ended' }),
      primary(words.start, () => { void scene.start(); }),
      callId !== null && fromCompany(({ createCopyLine }) => createCopyLine(words, callId))),
    update() { /* an ended call does not change */ },
  };
}

function reasonOf(reason: string | null, words: Words): string {
  switch (reason) {
    case 'remote': return words.endedByThem;
    case 'limit': return words.errors.MAX_DURATION;
    case 'moved': return words.errors.DUPLICATE_IDENTITY;
    default: return words.endedByYou;
  }
}

/** The button of a failed call: try again, but not before it makes sense; or sign in. */
function createRetry(scene: Scene, error: CallError | null): { readonly node: HTMLButtonElement; readonly stop: () => void } {
  const { words } = scene;
  const failedAt = Date.now();
  const left = (): number => Math.max(0, Math.ceil((error?.retryAfter ?? 0) - (Date.now() - failedAt) / 1000));
  const signIn = error?.code === 'AUTH_REQUIRED';
  const button = primary(signIn ? words.signIn : words.retry, () => {
    if (left() === 0 && (!signIn || askToSignIn(scene.host))) void scene.start();
  });
  const show = (): void => {
    setAttributes(button, { 'aria-disabled': left() > 0 ? 'true' : null });
    if (!signIn) setText(button, left() > 0 ? say(words, 'retryIn', { seconds: left() }) : words.retry);
  };
  show();
  const ticking = setInterval(show, 1000);
  return { node: button, stop: () => { clearInterval(ticking); } };
}

/** Failed, or nobody answered. */
export function createFailedView(scene: Scene): View {
  const { words, call: handle } = scene;
  const { state, error } = handle.get();
  const code = error?.code ?? 'NO_ANSWER';
  const text = errorWords(words, code, micPlaceOf(navigator.userAgent, code === 'MIC_DENIED_SYSTEM'));
  const retry = createRetry(scene, error);
  return {
    node: node('div', { class: 'view outcome', 'data-oh-state': state, 'data-oh-code': code },
      node('span', { class: 'outcome-icon bad', 'aria-hidden': 'true' }, drawing(WARNING, 26)),
      node('p', { class: 'status', part: 'status', 'data-oh-state': state }, text.title),
      node('p', { class: 'sentence' }, text.sentence),
      code === 'MIC_DENIED' && node('p', { class: 'sentence' }, words.micGoesOn),
      node('slot', { name: 'offline' }),
      text.retry && retry.node,
      createPhoneLink(scene),
      fromCompany(({ createCopyDetails }) => createCopyDetails(words, handle))),
    update() { /* a failed call does not change */ },
    destroy: retry.stop,
  };
}
