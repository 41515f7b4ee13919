// host.ts — what the element and its panel (a later chunk) know of each other.

import type { Call, CallHandle } from '@offhook/core';
import type { StyleWays } from './style';

/** What the panel may ask of the element. */
export interface Host {
  readonly element: HTMLElement;
  readonly shadow: ShadowRoot;
  readonly root: HTMLElement;
  /** The server's address, with a slash at its end. */
  base(): string;
  attribute(name: string): string | null;
  /** The languages to speak, most wanted first. */
  wishes(): readonly (string | null)[];
  /** The page's own words, over ours. */
  labels(): Readonly<Record<string, unknown>>;
  auth(): Promise<string | null>;
  attributes(): Readonly<Record<string, string>>;
  styleWays(href: string): StyleWays;
  /** Tells the page; false: the page said no. */
  emit(type: string, detail?: unknown, cancelable?: boolean): boolean;
  close(): void;
  /** Shows a call on the button in the corner and in the element's states. */
  show(call: Call, active: boolean, clock: string | null): void;
  /** Another language was chosen in the panel. */
  speak(language: string): void;
}

/** What the element may ask of the panel. */
export interface Panel {
  readonly call: CallHandle;
  readonly id: string;
  setOpen(open: boolean, focus?: boolean): void;
  /** Is a line being opened, open, or closing? */
  isActive(): boolean;
  start(): void;
  /** An attribute, the labels or the site's settings changed. */
  refresh(): void;
  destroy(): void;
}

export interface PanelModule {
  createPanel(host: Host): Promise<Panel>;
}
