// host.ts — what the element and its panel (a later chunk) know of each other.

import type { CallHandle } from '@offhook/core';
import type { WordsOverrides } from '@offhook/core/words';
import type { Corner } from './corner';
import type { StyleWays } from './style';

/** What the server says about the site (GET /api/voice/config). */
export interface Site {
  readonly name?: string;
  readonly paused?: boolean;
  readonly tel?: string;
  readonly consent?: { readonly mode?: string; readonly version?: string; readonly text?: string };
  readonly greeting?: string;
  readonly presets?: Readonly<Record<string, { readonly greeting?: string; readonly terms?: string } | undefined>>;
  readonly languages?: readonly string[];
  readonly theme?: { readonly accent?: string; readonly radius?: number | string; readonly logo?: string };
  readonly placement?: string;
  readonly label?: string;
  /** Has the server an echo room to try the line with? */
  readonly echo?: boolean;
  readonly privacy?: Readonly<Record<string, unknown>>;
}

export type GetAuth = () => Promise<string | null | undefined> | string | null | undefined;

/** What the panel may ask of the element: it is the element. */
export interface Host extends HTMLElement {
  /** The page's own words, over ours. */
  readonly labels: WordsOverrides;
  /** @internal */ readonly shadow: ShadowRoot;
  /** @internal */ readonly root: HTMLElement;
  /** @internal */ readonly corner: Corner;
  /** @internal */ readonly internals: ElementInternals | null;
  /** @internal The server's address, with a slash at its end. */
  readonly base: string;
  /** @internal What the server says about the site; null as long as it has not answered, and when it knows nothing. */
  readonly site: Site | null;
  /** @internal Settled when it has answered, or was waited for long enough. */ asked: Promise<unknown> | null;
  /** @internal What setAttributes was given. */
  readonly given: Readonly<Record<string, string>>;
  /** @internal With consent `choice`: what the visitor answered; not kept. */ recording: boolean | undefined;
  /** @internal */ readonly getAuth: GetAuth | null;
  /** @internal The languages to speak, most wanted first. */
  wishes(): readonly (string | null)[];
  /** @internal */ styleWays(file: string): StyleWays;
  /** @internal Tells the page; false: the page said no. */
  emit(type: string, detail?: unknown, cancelable?: boolean): boolean;
  open(): void;
  close(): void;
  /** @internal Something that the button shows has changed. */
  draw(): void;
  /** @internal Another language was chosen in the panel. */
  speak(language: string): void;
}

/** What the element may ask of the panel. */
export interface Panel {
  readonly call: CallHandle;
  readonly id: string;
  /** Is a line being opened, open, or closing? */
  isActive(): boolean;
  setOpen(open: boolean, focus?: boolean): void;
  start(): Promise<void>;
  /** An attribute, the labels or the site's settings changed. */
  refresh(): void;
  destroy(): void;
}

export interface PanelModule {
  createPanel(host: Host): Promise<Panel>;
}
