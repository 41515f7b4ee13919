// panel.ts — the panel above the button and the call behind it. Its own chunk, without livekit-client.

import { CallError, createCall, createTokenClient, durationOf, formatClock, isActive } from '@offhook/core';
import { loadWords, localeFor, withLabels } from '@offhook/core/words';
import type { Call, CallHandle, CallState, OpenPhone } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import { createAnnouncer, newsOf } from './announcer';
import { createBeforeView } from './before-view';
import { createCallView } from './call-view';
import type { Host, Panel } from './host';
import { tellPage } from './news';
import { drawing, node, setAttributes, setText } from './nodes';
import { createEndedView, createFailedView } from './outcome-view';
import css from './panel.css?inline';
import { CLOSE, DOWN, PHONE } from './panel-icons';
import type { Scene, Sheet, View } from './scene';
import { addStyle } from './style';

// Written by build.mjs; '' where no file is (tests, bundlers).
declare const OFFHOOK_PANEL_STYLE: string;

const openLiveKitPhone: OpenPhone = async (report) => {
  try {
    return (await import('@offhook/core/livekit-phone')).createLiveKitPhone({ report });
  } catch (cause) {
    throw new CallError(navigator.onLine ? 'SIGNAL_FAILED' : 'NET_OFFLINE', { detail: 'the call code could not be loaded', cause });
  }
};

/** The two log lines people search their consoles for. */
function logError(error: CallError, during: CallState): void {
  if (during === 'opening' || during === 'requesting-mic') console.error('Failed to start call:', error);
  else console.error('LiveKit error:', error);
}

function newCall(host: Host): CallHandle {
  return createCall({
    getCredentials: (signal) => createTokenClient(
      { url: host.attribute('token-url') ?? `${host.base()}api/voice/token`, getAuthToken: () => host.auth() },
      () => ({
        attributes: host.attributes(),
        ...(host.attribute('name') === null ? {} : { participantName: host.attribute('name') ?? '' }),
        ...(host.attribute('invite') === null ? {} : { invite: host.attribute('invite') ?? '' }),
        ...(host.attribute('metadata') === null ? {} : { metadata: host.attribute('metadata') ?? '' }),
      }))(signal),
    openPhone: openLiveKitPhone,
    onError: logError,
  });
}

/** Views that look alike share a key, so that only real changes are animated. */
function keyOf(call: Call, sheet: Sheet | null): string {
  if (sheet !== null) return sheet;
  if (call.state === 'idle') return 'before';
  if (call.state === 'ended') return 'ended';
  return call.state === 'failed' ? `failed ${String(call.attempt)}` : 'call';
}

const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** WAAPI where the browser has it and the person does not mind. */
function move(target: HTMLElement, frames: Keyframe[], after?: () => void): void {
  if (typeof target.animate !== 'function' || calm()) {
    after?.();
    return;
  }
  const motion = target.animate(frames, { duration: 180, easing: 'cubic-bezier(0.2, 0.9, 0.3, 1.1)' });
  if (after !== undefined) motion.onfinish = motion.oncancel = after;
}

const LOW = { opacity: 0, transform: 'translateY(16px) scale(0.97)' };
const HIGH = { opacity: 1, transform: 'none' };

let count = 0;

export async function createPanel(host: Host): Promise<Panel> {
  const styled = addStyle(host.shadow, css, host.styleWays(typeof OFFHOOK_PANEL_STYLE === 'string' ? host.base() + OFFHOOK_PANEL_STYLE : ''));
  const call = newCall(host);
  const id = `oh-panel-${String(count += 1)}`;
  let words: Words = await loadWords(localeFor(host.wishes()));
  await styled;

  const title = node('span');
  const closeIcon = drawing(CLOSE, 20);
  const closeButton = node('button', { type: 'button', class: 'icon-button', part: 'close' }, closeIcon);
  closeButton.addEventListener('click', () => { host.close(); });
  const header = node('header', { class: 'header', part: 'header' },
    node('h2', { class: 'title', part: 'title' }, node('slot', { name: 'header' }, drawing(PHONE, 16)), title), closeButton);
  const body = node('div', { class: 'body', part: 'body' });
  const panel = node('div', { id, class: 'panel', part: 'panel', role: 'dialog', hidden: true },
    header, body, node('slot', { name: 'footer', class: 'footer', part: 'footer' }));
  const announcer = createAnnouncer();
  host.root.prepend(panel);
  host.root.append(announcer.node);

  let view: View | null = null;
  let key = '';
  let sheet: Sheet | null = null;
  let opened = false;
  let before = call.get();
  let clock: ReturnType<typeof setInterval> | undefined;

  const scene = (): Scene => ({
    host, call, words: withLabels(words, host.labels()),
    start: () => {
      if (!host.emit('oh-before-call', null, true)) return;
      call.start();
    },
    show: (next) => {
      sheet = next;
      draw();
    },
  });

  function makeView(now: Call): View {
    if (now.state === 'idle') return createBeforeView(scene());
    if (now.state === 'ended') return createEndedView(scene());
    return now.state === 'failed' ? createFailedView(scene()) : createCallView(scene());
  }

  function draw(): void {
    const now = call.get();
    const spoken = scene().words;
    const next = keyOf(now, sheet);
    if (view === null || next !== key) {
      const hadFocus = panel.contains(host.shadow.activeElement);
      const first = view === null;
      view?.destroy?.();
      view = makeView(now);
      key = next;
      body.textContent = '';
      body.append(view.node);
      if (!first) move(view.node, [{ opacity: 0 }, { opacity: 1 }]);
      view.update(now);
      if (hadFocus) focusIn();
    } else {
      view.update(now);
    }
    setAttributes(panel, { 'aria-label': spoken.panel, 'data-oh-state': now.state, 'data-oh-open': String(opened) });
    setText(title, host.attribute('label') === null ? spoken.panel : spoken.panel);
    setAttributes(closeButton, { 'aria-label': isActive(now.state) ? spoken.minimise : spoken.close });
    closeIcon.firstElementChild?.setAttribute('d', isActive(now.state) ? DOWN : CLOSE);
    showOutside();
  }

  function focusIn(): void {
    const target = body.querySelector<HTMLElement>('[data-autofocus]:not(:disabled)') ?? closeButton;
    target.focus({ preventScroll: true });
  }

  function showOutside(): void {
    const now = call.get();
    const running = isActive(now.state) && now.connectedAt !== null;
    if (running) clock ??= setInterval(showOutside, 1000);
    else {
      clearInterval(clock);
      clock = undefined;
    }
    host.show(now, isActive(now.state), running ? formatClock(durationOf(now, Date.now()) ?? 0) : null);
  }

  const unsubscribe = call.subscribe(() => {
    const [was, now] = [before, call.get()];
    before = now;
    draw();
    const news = newsOf(was, now, scene().words);
    if (news !== null) announcer.say(news);
    tellPage(was, now, (type, detail, cancelable) => host.emit(type, detail, cancelable));
  });

  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    if (sheet === null) host.close();
    else scene().show(null);
  });
  draw();

  return {
    call,
    id,
    isActive: () => isActive(call.get().state),
    start: () => { scene().start(); },
    setOpen(open, focus = true) {
      if (open === opened) return;
      opened = open;
      if (!open) {
        if (!isActive(call.get().state)) call.dismiss();
        setAttributes(panel, { 'data-oh-open': 'false' });
        move(panel, [HIGH, LOW], () => { panel.hidden = !opened; });
        return;
      }
      panel.hidden = false;
      draw();
      move(panel, [LOW, HIGH]);
      // The sound code is large: fetch it while the person is still reading.
      void import('@offhook/core/livekit-phone').catch(() => undefined);
      announcer.say({ text: scene().words.said.opened, urgent: false });
      if (focus) focusIn();
    },
    refresh() {
      void loadWords(localeFor(host.wishes())).then((loaded) => {
        words = loaded;
        key = '';
        draw();
      });
    },
    destroy() {
      unsubscribe();
      clearInterval(clock);
      view?.destroy?.();
      call.hangUp();
      panel.remove();
      announcer.node.remove();
    },
  };
}
