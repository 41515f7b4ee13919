// scene.ts — what every view of the panel needs: the words, the call, and what can be done besides the call.

import type { Call, CallHandle } from '@offhook/core';
import type { Words } from '@offhook/core/words';
import type { Host } from './host';

export type Sheet = 'settings' | 'privacy' | 'consent';

export interface Scene {
  readonly host: Host;
  readonly call: CallHandle;
  readonly words: Words;
  /** The Start button: asks for consent first where the site wants that. */
  start(): void;
  show(sheet: Sheet | null): void;
}

/** One content of the panel. Updated in place: rebuilding would lose the focus and the screen reader's place. */
export interface View {
  readonly node: HTMLElement;
  update(call: Call): void;
  destroy?(): void;
}
