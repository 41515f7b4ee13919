// element.ts — <offhook-call>: the button, its attributes and methods. Everything else loads on first intent (panel.ts).

import { directionOf, launcherWords } from '@offhook/core/launcher-words';
import type { Call } from '@offhook/core';
import { createCorner } from './corner';
import type { Corner } from './corner';
import type { Host, Panel, PanelModule } from './host';
import css from './launcher.css?inline';
import { applyLooks } from './looks';
import { node, setAttributes } from './nodes';
import { recall, remember } from './settings';
import { addStyle } from './style';
import type { StyleWays } from './style';

/** Where this code came from; set once, before the element is defined. */
export interface Origin {
  /** The server's address, with a slash at its end. */
  readonly base: string;
  readonly nonce: string;
  /** The launcher's style as a file, for browsers without adoptedStyleSheets; '' when there is none. */
  readonly styleHref: string;
  readonly loadPanel: () => Promise<PanelModule>;
}

export type GetAuth = () => Promise<string | null | undefined> | string | null | undefined;

export interface StartOptions {
  readonly attributes?: Readonly<Record<string, string>>;
}

export const ATTRIBUTES = [
  'accent', 'attributes', 'auth', 'avatar', 'consent', 'demo', 'dismissible', 'for', 'hide-when-closed', 'host', 'identity', 'inline', 'invite',
  'label', 'labels', 'lang', 'dir', 'logo', 'low-data', 'max-duration', 'metadata', 'name', 'no-prefetch', 'noise', 'nonce', 'open', 'placement',
  'preflight', 'push-to-talk', 'radius', 'resume', 'ringback', 'shortcuts', 'sign-in-url', 'site', 'tel', 'theme', 'token-url', 'variant', 'z',
] as const;
export type AttributeName = (typeof ATTRIBUTES)[number];

const DAY_MS = 86_400_000;
const STATES = ['open', 'connecting', 'queued', 'connected', 'reconnecting', 'ended', 'muted', 'recording'] as const;

/** Servers may import this file; they never make an element. */
const Base = typeof HTMLElement === 'undefined' ? (Object as unknown as typeof HTMLElement) : HTMLElement;

export class OffhookCall extends Base {
  static readonly observedAttributes: readonly string[] = ATTRIBUTES;
  static origin: Origin | null = null;
  /** For all elements of the page; an element's own setAuth goes first. */
  static getAuth: GetAuth | null = null;

  private readonly corner: Corner;
  private readonly root: HTMLElement;
  private readonly fallback: HTMLSlotElement;
  private readonly internals: ElementInternals | null;
  private panel: Panel | null = null;
  private loading: Promise<Panel> | null = null;
  private opened = false;
  private styled = false;
  private returnTo: HTMLElement | null = null;
  private getAuth: GetAuth | null = null;
  private words: Readonly<Record<string, unknown>> = {};
  private chosen: string | null = recall('language');
  private given: Readonly<Record<string, string>> = {};

  constructor() {
    super();
    this.shadow = this.attachShadow({ mode: 'open' });
    this.corner = createCorner({
      toggle: () => { if (this.opened) this.close(); else this.open(); },
      intend: () => { if (!this.hasAttribute('no-prefetch')) void this.load().catch(() => undefined); },
      dismiss: () => { this.dismiss(); },
    });
    this.fallback = node('slot', { name: 'fallback', hidden: true });
    this.root = node('div', { class: 'root', hidden: true }, this.corner.node);
    this.shadow.append(this.root, this.fallback);
    this.internals = typeof this.attachInternals === 'function' ? this.attachInternals() : null;
  }

  connectedCallback(): void {
    if (!this.styled) {
      this.styled = true;
      const ways = this.styleWays(OffhookCall.origin?.styleHref ?? '');
      void addStyle(this.shadow, css, ways).then(() => {
        this.styleReady = true;
        this.draw();
      });
    }
    this.draw();
    if (this.hasAttribute('open') || this.hasAttribute('inline') || this.hasAttribute('demo')) this.open(null, false);
    this.emit('oh-ready');
  }

  private styleReady = false;

  disconnectedCallback(): void {
    // Moved, not removed: it is back in the same task.
    setTimeout(() => {
      if (this.isConnected) return;
      this.panel?.destroy();
      this.panel = null;
      this.loading = null;
      this.opened = false;
    }, 0);
  }

  attributeChangedCallback(name: AttributeName, before: string | null, now: string | null): void {
    if (before === now || !this.isConnected) return;
    if (name === 'open') {
      if (now !== null && !this.opened) this.open();
      else if (now === null && this.opened) this.close();
      return;
    }
    this.draw();
    this.panel?.refresh();
  }

  // ---- what a page may call

  /** Opens the panel; `from` gets the focus back when it closes. */
  open(from: HTMLElement | null = null, focus = true): void {
    if (this.opened) return;
    this.opened = true;
    this.returnTo = from;
    this.toggleAttribute('open', true);
    this.draw();
    void this.load().then((panel) => {
      panel.setOpen(this.opened, focus);
      this.draw();
    }, () => {
      this.opened = false;
      this.toggleAttribute('open', false);
      this.draw(true);
    });
    this.emit('oh-open');
  }

  close(): void {
    if (!this.opened || this.hasAttribute('inline')) return;
    this.opened = false;
    this.toggleAttribute('open', false);
    this.panel?.setOpen(false);
    this.draw();
    (this.returnTo ?? this.corner.launcher).focus({ preventScroll: true });
    this.returnTo = null;
    this.emit('oh-close');
  }

  /** Opens the panel and starts a call. Resolves when the call is being started, not when it is answered. */
  async start(options: StartOptions = {}): Promise<void> {
    this.setAttributes(options.attributes ?? {});
    this.open();
    (await this.load()).start();
  }

  end(): void { this.panel?.call.hangUp(); }
  mute(muted = true): void { this.panel?.call.setMuted(muted); }

  /** What the other side is told about this visitor; unsigned. */
  setAttributes(attributes: Readonly<Record<string, string>>): void { this.given = { ...this.given, ...attributes }; }
  /** Where the session token of a signed-in visitor comes from. */
  setAuth(getAuth: GetAuth | null): void { this.getAuth = getAuth; }

  /** The page's own words over ours, key by key. */
  get labels(): Readonly<Record<string, unknown>> { return { ...this.json('labels'), ...this.words }; }
  set labels(words: Readonly<Record<string, unknown>>) {
    this.words = words;
    this.draw();
    this.panel?.refresh();
  }

  /** The state of the call, as in the `state` attribute. */
  get state(): string { return this.panel?.call.get().state ?? 'idle'; }

  // ---- inside

  private readonly shadow: ShadowRoot;

  private styleWays(href: string): StyleWays {
    return { nonce: this.nonce || (this.getAttribute('nonce') ?? OffhookCall.origin?.nonce ?? ''), href };
  }

  private emit(type: string, detail: unknown = null, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, cancelable, bubbles: true, composed: true }));
  }

  private json(name: AttributeName): Readonly<Record<string, unknown>> {
    const text = this.getAttribute(name);
    if (text === null || text === '') return {};
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      console.warn(`offhook: the attribute ${name} is not JSON`);
      return {};
    }
  }

  private wishes(): readonly (string | null)[] {
    return [this.chosen, this.getAttribute('lang'), document.documentElement.lang, ...navigator.languages];
  }

  private draw(failed = false): void {
    const words = launcherWords(this.wishes());
    const called = this.opened || (this.panel?.isActive() ?? false);
    const inline = this.hasAttribute('inline');
    const label = this.getAttribute('label') ?? (typeof this.labels.launcher === 'string' ? this.labels.launcher : words.launcher);
    const able = typeof RTCPeerConnection !== 'undefined';
    const instead = !able && this.querySelector('[slot="fallback"]') !== null;
    const away = Number(recall(`away:${this.getAttribute('site') ?? ''}`) ?? 0) > Date.now();

    this.corner.setLabel(failed ? words.retry : label);
    this.corner.setDismiss(this.hasAttribute('dismissible') && !called ? words.hide : null);
    this.corner.setOpen(this.opened, this.panel?.id ?? null);
    setAttributes(this.corner.node, { hidden: inline || (this.hasAttribute('for') && !called) });
    setAttributes(this.fallback, { hidden: !instead });
    setAttributes(this.root, { hidden: !this.styleReady || instead || (away && !called && !inline), 'data-open': this.opened, lang: words.locale });
    applyLooks(this, this.root, {
      placement: this.getAttribute('placement'), variant: this.getAttribute('variant'), inline, dark: this.isDark(),
      dir: (this.getAttribute('dir') ?? directionOf(words.locale)) === 'rtl' ? 'rtl' : 'ltr',
      accent: this.getAttribute('accent'), radius: this.getAttribute('radius'), z: this.getAttribute('z'),
    });
  }

  private isDark(): boolean {
    const theme = this.getAttribute('theme') ?? 'auto';
    if (theme !== 'auto') return theme === 'dark';
    return matchMedia('(prefers-color-scheme: dark)').matches || document.documentElement.classList.contains('dark');
  }

  private dismiss(): void {
    const days = Number(this.getAttribute('dismissible')) || 30;
    remember(`away:${this.getAttribute('site') ?? ''}`, String(Date.now() + days * DAY_MS));
    this.draw();
    this.emit('oh-close', { dismissed: true });
  }

  private show(call: Call, active: boolean, clock: string | null): void {
    this.corner.setCall(call.state, active, clock);
    this.setAttribute('state', call.state);
    const on: Readonly<Record<(typeof STATES)[number], boolean>> = {
      open: this.opened,
      connecting: ['opening', 'requesting-mic', 'connecting'].includes(call.state),
      queued: call.state === ('queued' as string), connected: call.state === 'connected', reconnecting: call.state === 'reconnecting',
      ended: call.state === 'ended', muted: call.muted, recording: false,
    };
    for (const name of STATES) this.mark(name, on[name]);
    this.draw();
  }

  /** :state(name), where the browser has it. */
  private mark(name: string, on: boolean): void {
    const states = this.internals?.states;
    if (states === undefined) return;
    try {
      if (on) states.add(name);
      else states.delete(name);
    } catch {
      // Chrome 90–124 wants names with two dashes; the state attribute is there for them.
    }
  }

  private load(): Promise<Panel> {
    const { origin } = OffhookCall;
    if (origin === null) return Promise.reject(new Error('offhook: the element has no origin'));
    this.loading ??= origin.loadPanel().then((module) => module.createPanel(this.host(origin))).then((panel) => {
      this.panel = panel;
      return panel;
    }, (error: unknown) => {
      this.loading = null; // the next click tries again
      console.error('Failed to start call:', error);
      throw error;
    });
    return this.loading;
  }

  private host(origin: Origin): Host {
    return {
      element: this, shadow: this.shadow, root: this.root,
      base: () => this.getAttribute('host')?.replace(/\/*$/, '/') ?? origin.base,
      attribute: (name) => this.getAttribute(name),
      wishes: () => this.wishes(),
      labels: () => this.labels,
      auth: () => this.auth(),
      attributes: () => ({ ...(this.json('attributes') as Record<string, string>), ...this.given }),
      styleWays: (href) => this.styleWays(href),
      emit: (type, detail, cancelable) => this.emit(type, detail, cancelable),
      close: () => { this.close(); },
      show: (call, active, clock) => { this.show(call, active, clock); },
      speak: (language) => {
        this.chosen = language;
        remember('language', language);
        this.draw();
      },
    };
  }

  /** The visitor's session token: from the page's function, the attribute, or Clerk where the page has it. */
  private async auth(): Promise<string | null> {
    const ask = this.getAuth ?? OffhookCall.getAuth;
    if (ask !== null) return (await ask()) ?? null;
    const auth = this.getAttribute('auth');
    if (auth !== 'clerk') return auth;
    const clerk = (window as { Clerk?: { session?: { getToken(): Promise<string | null> } | null } }).Clerk;
    return (await clerk?.session?.getToken()) ?? null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'offhook-call': OffhookCall;
  }
}

/** Safe to call twice; the first one wins. */
export function defineOffhookCall(origin: Origin): void {
  OffhookCall.origin ??= origin;
  if (customElements.get('offhook-call') === undefined) customElements.define('offhook-call', OffhookCall);
}
