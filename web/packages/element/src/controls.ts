// controls.ts — microphone, speaker, end; and the big button of push-to-talk.

import { isJoined } from '@offhook/core';
import type { Call } from '@offhook/core';
import { drawing, node, redraw, setAttributes, setText } from './nodes';
import { HANG_UP, MIC, MIC_OFF, SPEAKER, SPEAKER_OFF } from './panel-icons';
import type { Scene } from './scene';

export interface Controls {
  readonly node: HTMLElement;
  update(call: Call): void;
  readonly destroy: () => void;
}

/**
 * Toggle buttons keep one name; aria-pressed says their state. The first that can be pressed gets the focus, and the end comes
 * last: who presses the same key once more must not end the call by it.
 */
function control(part: string, name: string, short: string, icon: SVGSVGElement, press: () => void): HTMLButtonElement {
  const made = node('button', { type: 'button', class: `control ${part}`, part, 'aria-label': name, 'data-autofocus': '' },
    node('span', { class: 'control-face' }, icon),
    node('span', { class: 'control-name', 'aria-hidden': 'true' }, short));
  made.addEventListener('click', press);
  return made;
}

export function createControls(scene: Scene): Controls {
  const { call: handle, words } = scene;
  const [micIcon, speakerIcon] = [drawing(MIC, 22), drawing(SPEAKER, 22)];
  const mic = control('mic', words.mute, words.muteShort, micIcon, () => { handle.setMuted(!handle.get().muted); });
  const speaker = control('speaker', words.speaker, words.speakerShort, speakerIcon,
    () => { handle.setSpeakerMuted(!handle.get().speakerMuted); });
  const end = control('end', words.end, words.endShort, drawing(HANG_UP, 22), () => { handle.hangUp(); });
  const hold = createHold(scene);
  return {
    node: node('div', { class: 'controls-all' }, hold.node, node('div', { class: 'controls' }, mic, speaker, end)),
    update(call) {
      const joined = isJoined(call.state);
      redraw(micIcon, call.muted ? MIC_OFF : MIC);
      setAttributes(mic, {
        'aria-pressed': String(call.muted), hidden: call.pushToTalk, disabled: !joined && call.state !== 'connecting',
      });
      redraw(speakerIcon, call.speakerMuted ? SPEAKER_OFF : SPEAKER);
      setAttributes(speaker, { 'aria-pressed': String(call.speakerMuted) });
      setAttributes(end, { disabled: call.state === 'ending' });
      hold.update(call);
    },
    destroy: hold.destroy,
  };
}

/** Where typing or pressing means something else than talking. */
const isBusy = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input, textarea, select, button, a, [contenteditable]') !== null;

/** Push to talk: hold the button, or the space bar anywhere on the page where it has no other meaning. */
function createHold(scene: Scene): Controls {
  const { call: handle, words } = scene;
  const label = node('span');
  const button = node('button', { type: 'button', class: 'primary hold', hidden: true }, drawing(MIC, 22), label);
  let down = false;
  const press = (value: boolean): void => {
    if (down === value) return;
    down = value;
    handle.holdToTalk(value);
    show();
  };
  const show = (): void => {
    setAttributes(button, { 'data-down': down, 'aria-pressed': String(down) });
    setText(label, down ? words.talking : words.hold);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== ' ' || button.hidden) return;
    const path = event.composedPath()[0] ?? null;
    if (path !== button && isBusy(path)) return;
    event.preventDefault();
    press(event.type === 'keydown');
  };
  const release = (): void => { press(false); };
  button.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    button.focus();
    press(true);
  });
  for (const type of ['pointerup', 'pointercancel', 'blur']) window.addEventListener(type, release);
  document.addEventListener('keydown', onKey);
  document.addEventListener('keyup', onKey);
  show();
  return {
    node: button,
    update(call) { setAttributes(button, { hidden: !call.pushToTalk || !isJoined(call.state) }); },
    destroy() {
      for (const type of ['pointerup', 'pointercancel', 'blur']) window.removeEventListener(type, release);
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('keyup', onKey);
    },
  };
}
