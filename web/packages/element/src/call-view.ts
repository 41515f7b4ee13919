// call-view.ts — a running call: who, how it stands, how long, both voices, and the controls below.

import { durationOf, formatClock, isJoined } from '@offhook/core';
import { say, statusOf } from '@offhook/core/words';
import type { Call } from '@offhook/core';
import { createControls } from './controls';
import { createFacts } from './facts';
import { drawLevels } from '@offhook/core/levels';
import { drawing, node, redraw, setAttributes, setText } from './nodes';
import { createNotice } from './notice';
import { MIC, MIC_OFF, PERSON, SPEAKER, SPEAKER_OFF, WAVE } from './panel-icons';
import { createPriming } from './priming';
import type { Scene, View } from './scene';
import { isInTrouble, noteOf } from './status';

const WAITING: ReadonlySet<string> = new Set(['opening', 'priming', 'requesting-mic', 'checking', 'connecting', 'ringing', 'queued']);

function bars(part: string): HTMLElement {
  return node('span', { class: 'bars', part, 'aria-hidden': 'true' }, ...Array.from({ length: 5 }, () => node('i')));
}

interface Face {
  readonly node: HTMLElement;
  readonly halo: HTMLElement;
  update(call: Call): void;
}

function createFace(scene: Scene): Face {
  const icon = drawing(WAVE, 30);
  const avatar = scene.host.getAttribute('avatar');
  const halo = node('span', { class: 'halo' });
  const portrait = node('span', { class: 'portrait' }, avatar === null ? icon : node('img', { src: avatar, alt: '' }));
  return {
    node: node('div', { class: 'face', 'aria-hidden': 'true' }, halo, portrait),
    halo,
    update(call) { redraw(icon, call.peers.length === 0 ? WAVE : PERSON); },
  };
}

interface Meters {
  readonly node: HTMLElement;
  readonly local: HTMLElement;
  readonly remote: HTMLElement;
  update(call: Call): void;
}

function createMeters(scene: Scene): Meters {
  const { words } = scene;
  const [mine, theirs] = [drawing(MIC, 16), drawing(SPEAKER, 16)];
  const [local, remote] = [bars('bar-local'), bars('bar-remote')];
  const name = node('span', { class: 'meter-name', dir: 'auto' });
  const made = node('div', { class: 'visualizer', part: 'visualizer' },
    node('div', { class: 'meter' }, mine, node('span', { class: 'meter-name' }, words.you), local),
    node('div', { class: 'meter' }, theirs, name, remote));
  const compact = scene.host.getAttribute('variant') === 'compact';
  return {
    node: made, local, remote,
    update(call) {
      setAttributes(made, { hidden: compact || call.lowData });
      redraw(mine, call.muted ? MIC_OFF : MIC);
      redraw(theirs, call.speakerMuted ? SPEAKER_OFF : SPEAKER);
      setText(name, call.peers[0]?.name ?? words.them);
      setAttributes(local, { 'data-active': isJoined(call.state) && !call.muted });
      setAttributes(remote, { 'data-active': call.state === 'connected' && !call.speakerMuted });
    },
  };
}

export function createCallView(scene: Scene): View {
  const { call: handle, words } = scene;
  const name = node('span', { dir: 'auto' });
  const badge = node('span', { class: 'note' }, words.assistant);
  const peer = node('p', { class: 'peer' }, name, ' ', badge);
  const status = node('p', { class: 'status', part: 'status' });
  const timer = node('div', { class: 'timer', part: 'timer', role: 'timer', 'aria-label': words.duration, 'aria-live': 'off' });
  const note = node('p', { class: 'note' });
  const [face, meters, facts, notice, priming, controls] =
    [createFace(scene), createMeters(scene), createFacts(words), createNotice(scene), createPriming(scene), createControls(scene)];
  const view = node('div', { class: 'view call' },
    face.node, peer, status, timer, note, facts.node, meters.node, notice.node, priming.node, controls.node);

  let lostAt = 0;
  const tick = (): void => {
    const call = handle.get();
    setText(timer, formatClock(durationOf(call, Date.now()) ?? 0));
    if (call.state !== 'reconnecting') lostAt = 0;
    else if (lostAt === 0) lostAt = Date.now();
    const seconds = lostAt === 0 ? 0 : Math.floor((Date.now() - lostAt) / 1000);
    setText(status, seconds === 0 ? statusOf(call, words) : say(words, 'reconnectingFor', { seconds }));
  };
  const ticking = setInterval(tick, 1000);
  const stopLevels = drawLevels(handle, { local: [meters.local], remote: [meters.remote, face.halo] });

  return {
    node: view,
    update(call: Call) {
      setAttributes(view, { 'data-oh-state': call.state, 'data-wait': WAITING.has(call.state), 'data-warn': isInTrouble(call.state) });
      setText(name, call.peers[0]?.name ?? '');
      setAttributes(badge, { hidden: !call.peers[0]?.agent });
      setAttributes(status, { 'data-oh-state': call.state });
      setAttributes(timer, { 'data-running': String(call.connectedAt !== null) });
      setAttributes(note, { part: call.state === 'queued' ? 'queue' : null });
      setText(note, noteOf(call, words));
      tick();
      for (const part of [face, meters, facts, notice, priming, controls]) part.update(call);
    },
    destroy() {
      stopLevels();
      clearInterval(ticking);
      controls.destroy();
    },
  };
}
