// settings-view.ts — devices, volume, language and habits; the way to the privacy sheet; the call's id.

import type { Call, Device } from '@offhook/core';
import { createCopyLine } from './copy-line';
import { createHearing } from './hearing';
import { createLanguagePicker } from './language-picker';
import { node, setAttributes } from './nodes';
import type { Scene, View } from './scene';
import { recallSwitch, rememberSwitch } from '@offhook/core/memory';

interface Picker {
  readonly node: HTMLElement;
  update(devices: readonly Device[], used: string | null): void;
}

function createPicker(name: string, standard: string, choose: (id: string) => void): Picker {
  const select = node('select');
  const made = node('label', { class: 'field', hidden: true }, name, select);
  let shown = '';
  select.addEventListener('change', () => { choose(select.value); });
  return {
    node: made,
    update(devices, used) {
      setAttributes(made, { hidden: devices.length === 0 });
      const now = JSON.stringify(devices);
      if (now !== shown) {
        shown = now;
        select.textContent = '';
        for (const { id, label } of devices) select.append(node('option', { value: id }, label === '' ? standard : label));
      }
      if (used !== null) select.value = used;
    },
  };
}

function createSwitch(name: string, on: boolean, turn: (on: boolean) => void): HTMLElement {
  const box = node('input', { type: 'checkbox' });
  box.checked = on;
  box.addEventListener('change', () => { turn(box.checked); });
  return node('label', { class: 'choice' }, box, name);
}

export function createSettingsView(scene: Scene): View {
  const { words, call: handle, host } = scene;
  const microphone = createPicker(words.microphone, words.systemDefault, (id) => { handle.setInput(id); });
  const loudspeaker = createPicker(words.loudspeaker, words.systemDefault, (id) => { handle.setOutput(id); });
  const volume = node('input', { type: 'range', min: '0', max: '1', step: '0.05' });
  volume.addEventListener('input', () => { handle.setVolume(Number(volume.value)); });
  const hearing = createHearing(scene);
  const privacy = node('button', { type: 'button', class: 'secondary' }, words.privacy);
  privacy.addEventListener('click', () => { scene.show('privacy'); });
  const callId = handle.get().credentials?.callId ?? null;
  const choose = (key: string) => (on: boolean): void => { rememberSwitch(key, on); };
  const chosen = (key: string): boolean => recallSwitch(key) ?? host.getAttribute(key) !== null;
  return {
    node: node('div', { class: 'view sheet' },
      microphone.node, loudspeaker.node,
      hearing.node,
      node('label', { class: 'field' }, words.volume, volume),
      createLanguagePicker(scene),
      node('div', {},
        createSwitch(words.pushToTalk, chosen('push-to-talk'), choose('push-to-talk')),
        createSwitch(words.lowData, chosen('low-data'), choose('low-data')),
        createSwitch(words.keyboard, recallSwitch('shortcuts') !== false && host.getAttribute('shortcuts') !== 'off', choose('shortcuts'))),
      privacy,
      callId !== null && createCopyLine(words, callId)),
    update(call: Call) {
      microphone.update(call.devices.inputs, call.devices.input);
      loudspeaker.update(call.devices.outputs, call.devices.output);
      volume.value = String(call.volume);
      hearing.update(call);
    },
    destroy() { hearing.destroy?.(); },
  };
}
