// call-view.ts — a running call: who, how it stands, how long, both voices, and the controls below.

import { durationOf, formatClock, isJoined } from '@offhook/core';
import type { Call } from '@offhook/core';
import { HANG_UP, MIC, MIC_OFF, PERSON, SPEAKER, SPEAKER_OFF, WAVE } from './panel-icons';
import { drawLevels } from './levels';
import { drawing, node, redraw, setAttributes, setText } from './nodes';
import type { Scene, View } from './scene';
import { noteOf, statusOf } from './status';

const WAITING: ReadonlySet<string> = new Set(['opening', 'priming', 'requesting-mic', 'checking', 'connecting', 'ringing', 'queued']);

interface Control {
  readonly node: HTMLButtonElement;
  readonly icon: SVGSVGElement;
}

/** Toggle buttons keep one name; aria-pressed says their state. */
function control(part: string, name: string, short: string, path: string, press: () => void): Control {
  const icon = drawing(path, 22);
  const made = node('button', { type: 'button', class: `control ${part}`, part, 'aria-label': name },
    node('span', { class: 'control-face' }, icon),
    node('span', { class: 'control-name', 'aria-hidden': 'true' }, short));
  made.addEventListener('click', press);
  return { node: made, icon };
}

function bars(part: string): HTMLElement {
  return node('span', { class: 'bars', part, 'aria-hidden': 'true' }, ...Array.from({ length: 5 }, () => node('i')));
}

export function createCallView(scene: Scene): View {
  const { call: handle, words, host } = scene;
  const person = drawing(WAVE, 30);
  const avatar = host.attribute('avatar');
  const portrait = node('span', { class: 'portrait' }, avatar === null ? person : node('img', { src: avatar, alt: '' }));
  const halo = node('span', { class: 'halo' });
  const peer = node('p', { class: 'peer', dir: 'auto' });
  const status = node('p', { class: 'status', part: 'status' });
  const timer = node('div', { class: 'timer', part: 'timer', role: 'timer', 'aria-label': words.duration, 'aria-live': 'off' });
  const note = node('p', { class: 'note' });
  const mine = { icon: drawing(MIC, 16), bars: bars('bar-local') };
  const theirs = { icon: drawing(SPEAKER, 16), bars: bars('bar-remote'), name: node('span', { class: 'meter-name', dir: 'auto' }) };
  const soundOn = node('button', { type: 'button', class: 'link' }, words.soundOn);
  soundOn.addEventListener('click', () => { handle.resumeSound(); });
  const sound = node('div', { class: 'notice', role: 'group', 'aria-label': words.soundBlocked }, node('span', {}, words.soundBlocked), soundOn);
  const mic = control('mic', words.mute, words.muteShort, MIC, () => { handle.setMuted(!handle.get().muted); });
  const speaker = control('speaker', words.speaker, words.speakerShort, SPEAKER, () => { handle.setSpeakerMuted(!handle.get().speakerMuted); });
  const end = control('end', words.end, words.endShort, HANG_UP, () => { handle.hangUp(); });
  end.node.setAttribute('data-autofocus', '');

  const view = node('div', { class: 'view call' },
    node('div', { class: 'face', 'aria-hidden': 'true' }, halo, portrait), peer, status, timer, note,
    node('div', { class: 'visualizer', part: 'visualizer' },
      node('div', { class: 'meter' }, mine.icon, node('span', { class: 'meter-name' }, words.you), mine.bars),
      node('div', { class: 'meter' }, theirs.icon, theirs.name, theirs.bars)),
    sound,
    node('div', { class: 'controls' }, mic.node, speaker.node, end.node));

  const stopLevels = drawLevels(handle, { local: [mine.bars], remote: [theirs.bars, halo] });
  const showTime = (): void => {
    const call = handle.get();
    setText(timer, formatClock(durationOf(call, Date.now()) ?? 0));
  };
  const ticking = setInterval(showTime, 1000);

  return {
    node: view,
    update(call: Call) {
      const joined = isJoined(call.state);
      const [other] = call.peers;
      setAttributes(view, { 'data-oh-state': call.state, 'data-wait': WAITING.has(call.state) });
      redraw(person, other === undefined ? WAVE : PERSON);
      setAttributes(peer, { hidden: other === undefined });
      setText(peer, other?.name ?? '');
      setAttributes(status, { 'data-oh-state': call.state });
      setText(status, statusOf(call, words));
      setAttributes(timer, { 'data-running': String(call.connectedAt !== null) });
      showTime();
      setText(note, noteOf(call, words));
      setText(theirs.name, other?.name ?? words.them);
      redraw(mine.icon, call.muted ? MIC_OFF : MIC);
      redraw(theirs.icon, call.speakerMuted ? SPEAKER_OFF : SPEAKER);
      setAttributes(mine.bars, { 'data-active': joined && !call.muted });
      setAttributes(theirs.bars, { 'data-active': call.state === 'connected' && !call.speakerMuted });
      setAttributes(sound, { hidden: !call.soundBlocked });
      redraw(mic.icon, call.muted ? MIC_OFF : MIC);
      setAttributes(mic.node, { 'aria-pressed': String(call.muted), disabled: !joined && call.state !== 'connecting' });
      redraw(speaker.icon, call.speakerMuted ? SPEAKER_OFF : SPEAKER);
      setAttributes(speaker.node, { 'aria-pressed': String(call.speakerMuted) });
      setAttributes(end.node, { disabled: call.state === 'ending' });
    },
    destroy() {
      stopLevels();
      clearInterval(ticking);
    },
  };
}
