// priming.ts — asking for the microphone: by the browser's own element where it has one, by our button elsewhere.

import { permissionElement } from '@offhook/core';
import type { Call } from '@offhook/core';
import { node, setAttributes } from './nodes';
import type { Scene } from './scene';

export interface Priming {
  readonly node: HTMLElement;
  update(call: Call): void;
}

export function createPriming(scene: Scene): Priming {
  const { words, call: handle } = scene;
  const allow = (): void => { handle.allowMicrophone(); };
  const button = node('button', { type: 'button', class: 'primary', part: 'primary', 'data-autofocus': '' });
  button.addEventListener('click', allow);
  const made = node('div', { class: 'priming', hidden: true }, button);
  let native: HTMLElement | null = null;

  /** <usermedia> would ask for the camera as well, so only <microphone> will do. */
  function addNative(): void {
    if (native !== null || permissionElement() !== 'microphone') return;
    native = document.createElement('microphone');
    // What it opens is let go of at once: the phone asks again, and is no longer questioned.
    native.addEventListener('stream', () => {
      const { stream } = native as { stream?: MediaStream | null };
      for (const track of stream?.getTracks() ?? []) track.stop();
      allow();
    });
    made.prepend(native);
  }

  return {
    node: made,
    update(call) {
      const shown = call.state === 'priming';
      if (shown && !call.resumed) addNative();
      setAttributes(made, { hidden: !shown });
      if (button.textContent === '') button.append(call.resumed ? words.resume : words.primeTitle);
    },
  };
}
