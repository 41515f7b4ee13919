// element.ts — <offhook-call>: the button, its attributes and methods. Everything else loads on first intent (panel.ts).

import { directionOf, launcherWords } from '@offhook/core/launcher-words';
import type { CallHandle, CallStats } from '@offhook/core';
import type { WordsOverrides } from '@offhook/core/words';
import type { AttributeName } from './attributes';
import { createCorner } from './corner';
import type { Corner } from './corner';
import type { GetAuth, Host, Panel, PanelModule, Site } from './host';
import css from './launcher.css?inline';
import { applyLooks } from './looks';
import { node, setAttributes } from './nodes';
import type * as Extras from './extras';
import { recall, remember } from '@offhook/core/memory';
import { addStyle } from './style';

/** Where this code came from; set once, before the element is defined. */
export interface Origin {
  /** The server's address, with a slash at its end. */
  readonly base: string;
  readonly nonce: string;
  /** The launcher's style as a file, for browsers without adoptedStyleSheets; '' when there is none. */
  readonly styleFile: string;
  readonly loadPanel: () => Promise<PanelModule>;
  readonly loadExtras: () => Promise<typeof Extras>;
}

export interface StartOptions {
  /** Unsigned, as setAttributes gives them. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Servers may import this file; they never make an element. */
const Base = typeof HTMLElement === 'undefined' ? (Object as unknown as typeof HTMLElement) : HTMLElement;

export class OffhookCall extends Base implements Host {
  static origin: Origin;
  /** For all elements of the page; an element's own setAuth goes first. */
  static auth: GetAuth | null = null;

  /** @internal */ readonly shadow: ShadowRoot;
  /** @internal */ readonly corner: Corner;
  /** @internal */ readonly root: HTMLElement;
  private readonly fallback: HTMLSlotElement;
  /** @internal */ readonly internals: ElementInternals | null;
  private readonly watch = new MutationObserver((records) => { this.changed(records.map((record) => record.attributeName)); });
  /** The page and the system get dark in the middle of a visit. */
  private readonly dusk = new MutationObserver(() => { this.draw(); });
  private readonly night = matchMedia('(prefers-color-scheme: dark)');
  private panel: Panel | null = null;
  private loading: Promise<Panel> | null = null;
  /** @internal */ site: Site | null = null;
  /** @internal */ asked: Promise<unknown> | null = null;
  private extras: typeof Extras | null | undefined;
  private waits = false;
  private opened = false;
  private styled: boolean | null = null;
  private returnTo: HTMLElement | null = null;
  /** @internal The body in which the script placed the element: when the page gets another (Turbo, pjax), no call ends by that. */
  home: HTMLElement | null = null;
  private ownAuth: GetAuth | null = null;
  private words: WordsOverrides = {};
  /** @internal */ given: Readonly<Record<string, string>> = {};
  /** @internal */ recording: boolean | undefined;

  constructor() {
    super();
    this.shadow = this.attachShadow({ mode: 'open' });
    this.corner = createCorner({
      toggle: () => { if (this.opened) this.close(); else this.open(); },
      intend: () => { if (!this.hasAttribute('no-prefetch')) this.prepare(); },
    });
    this.fallback = node('slot', { name: 'fallback', hidden: true });
    this.root = node('div', { class: 'root', hidden: true }, this.corner.node);
    this.shadow.append(this.root, this.fallback);
    this.internals = typeof this.attachInternals === 'function' ? this.attachInternals() : null;
  }

  connectedCallback(): void {
    if (this.styled === null) {
      this.styled = false;
      void addStyle(this.shadow, css, this.styleWays(OffhookCall.origin.styleFile)).then(() => {
        this.styled = true;
        this.draw();
      });
    }
    this.draw();
    this.watch.observe(this, { attributes: true });
    this.dusk.observe(document.documentElement, { attributes: true });
    this.night.onchange = (): void => { this.draw(); };
    if (this.hasAttribute('demo')) this.prepare();
    else this.ask();
    if (this.hasAttribute('open') || this.hasAttribute('inline')) this.open(null, false);
    // A call of this tab was running when the page was left (core's resume.ts keeps its ticket).
    if (this.getAttribute('resume') !== 'off' && recall(`resume.${this.getAttribute('site') ?? 'default'}`) !== null) this.resume();
    this.emit('oh-ready');
  }

  disconnectedCallback(): void {
    this.dusk.disconnect();
    this.night.onchange = null;
    // Moved, not removed: then it is back in the same task.
    setTimeout(() => {
      if (this.isConnected) return;
      if (this.home?.isConnected === false) (this.home = document.body).append(this);
      else {
        this.panel?.destroy();
        this.panel = this.loading = null;
        this.opened = false;
      }
    }, 0);
  }

  /** Watched as a whole: a list of names for observedAttributes would weigh more than this. */
  private changed(names: readonly (string | null)[]): void {
    if (names.includes('open') && this.hasAttribute('open') !== this.opened) {
      if (this.opened) this.close();
      else this.open();
    }
    const others = names.filter((name) => !/^(open|state|class|style|data-.*)$/.test(name ?? ''));
    if (others.length === 0) return;
    if (others.includes('site') || others.includes('host')) this.ask();
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
    this.load().then((panel) => {
      if (panel === this.panel) panel.setOpen(this.opened, focus);
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
    this.emit('oh-close');
  }

  /** Opens the panel and starts a call. Resolves when the call is being started, not when it is answered. */
  async start(options: StartOptions = {}): Promise<void> {
    this.setAttributes(options.attributes ?? {});
    this.open();
    const panel = await this.load();
    if (panel === this.panel) await panel.start();
  }

  end(): void { this.call?.hangUp(); }
  mute(muted = true): void { this.call?.setMuted(muted); }

  /** false: mutes the other side; a number from 0 to 1: its volume. */
  setSpeaker(speaker: boolean | number): void {
    if (typeof speaker === 'number') this.call?.setVolume(speaker);
    else this.call?.setSpeakerMuted(!speaker);
  }

  setInput(id: string): void { this.call?.setInput(id); }
  setOutput(id: string): void { this.call?.setOutput(id); }

  /** What the other side is told about this visitor; unsigned. */
  setAttributes(attributes: Readonly<Record<string, string>>): void { this.given = { ...this.given, ...attributes }; }

  /** Where the session token of a signed-in visitor comes from. */
  setAuth(getAuth: GetAuth | null): void { this.ownAuth = getAuth; }

  /** Goes on with a call from before a page change, or after the system interrupted it. */
  resume(): void {
    this.load().then(({ call }) => {
      if (call.get().state === 'interrupted') call.continue();
      else call.resume();
    }, () => undefined);
  }

  getStats(): Promise<CallStats | null> { return this.call?.stats() ?? Promise.resolve(null); }

  /** The call as code sees it; null before the first intent. */
  get call(): CallHandle | null { return this.panel?.call ?? null; }
  get state(): string { return this.call?.get().state ?? 'idle'; }

  /** The page's own words over ours, key by key. */
  get labels(): WordsOverrides { return this.words; }
  set labels(words: WordsOverrides) {
    this.words = words;
    this.draw();
    this.panel?.refresh();
  }

  // ---- inside

  /** @internal */
  get getAuth(): GetAuth | null { return this.ownAuth ?? OffhookCall.auth; }

  /** @internal */
  get base(): string { return this.getAttribute('host')?.replace(/\/*$/, '/') ?? OffhookCall.origin.base; }

  /** @internal */
  styleWays(file: string): { nonce: string; href: string } {
    const origin = OffhookCall.origin;
    return { nonce: this.nonce || (this.getAttribute('nonce') ?? origin.nonce), href: file === '' ? '' : origin.base + file };
  }

  /** @internal */
  emit(type: string, detail: unknown = null, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, cancelable, bubbles: true, composed: true }));
  }

  /** @internal */
  wishes(): readonly (string | null)[] {
    return [recall('locale'), this.getAttribute('lang'), document.documentElement.lang, ...navigator.languages];
  }

  /** What the server says about the site. The button works without it; a call waits a moment, for there may be terms. */
  private ask(): void {
    this.asked = fetch(`${this.base}api/voice/config?site=${encodeURIComponent(this.getAttribute('site') ?? '')}`)
      .then(async (answer) => {
        if (!answer.ok) return;
        this.site = await answer.json() as Site;
        // Nothing moves before anybody's eyes: what changes its place comes back anew.
        const moved = this.site.label ?? this.site.placement;
        if (moved !== undefined && !this.opened) this.root.hidden = true;
        requestAnimationFrame(() => requestAnimationFrame(() => { this.draw(); }));
        this.panel?.refresh();
      })
      .catch(() => undefined);
  }

  /** @internal */
  draw(failed = false): void {
    const { site } = this;
    const of = (name: AttributeName): string | null => this.getAttribute(name);
    const words = launcherWords(this.wishes());
    const called = this.opened || (this.panel?.isActive() ?? false);
    const inline = this.hasAttribute('inline');
    const paused = site?.paused === true;
    const instead = (typeof RTCPeerConnection === 'undefined' || paused) && this.querySelector('[slot="fallback"]') !== null;
    const away = paused || (this.hasAttribute('dismissible') && recall('dismissed') === 'yes');

    const accent = of('accent') ?? site?.theme?.accent ?? null;
    const dismissible = this.hasAttribute('dismissible');
    const dark = this.isDark();
    if (accent !== null || dismissible) {
      this.waits ||= accent !== null && this.extras === undefined;
      this.fetchExtras();
    }
    this.corner.setFailed(failed);
    this.corner.setLabel(of('label') ?? this.words.launcher ?? site?.label ?? words.launcher);
    this.extras?.drawDismiss(this, dismissible && !called);
    this.corner.setOpen(this.opened, this.panel?.id ?? null);
    this.corner.node.hidden = inline || (this.hasAttribute('for') && !called);
    this.fallback.hidden = !instead;
    this.root.hidden = this.styled !== true || this.waits || ((instead || away) && !called);
    setAttributes(this.root, { 'data-open': this.opened, lang: words.locale });
    applyLooks(this, this.root, {
      placement: of('placement') ?? site?.placement ?? 'bottom-end', variant: of('variant'), inline, dark,
      dir: (of('dir') ?? directionOf(words.locale)) === 'rtl' ? 'rtl' : 'ltr',
      accent: accent === null ? null : this.extras?.accentProperties(accent, dark) ?? null, radius: of('radius') ?? site?.theme?.radius?.toString() ?? null, z: of('z'),
    });
  }

  private isDark(): boolean {
    const theme = this.getAttribute('theme') ?? 'auto';
    return theme === 'auto'
      ? this.night.matches || document.documentElement.classList.contains('dark')
      : theme === 'dark';
  }

  /** Loads what only some pages want; until it is there the button waits, so that it does not change its colour. */
  private fetchExtras(): void {
    if (this.extras !== undefined) return;
    this.extras = null;
    void OffhookCall.origin.loadExtras().then((extras) => { this.extras = extras; }, () => undefined).then(() => {
      this.waits = false;
      this.draw();
    });
  }

  private prepare(): void { this.load().catch(() => undefined); }

  private load(): Promise<Panel> {
    if (this.loading !== null) return this.loading;
    const loading = OffhookCall.origin.loadPanel().then((module) => module.createPanel(this)).then((panel) => {
      // Removed while it was being made: nobody else would let go of it.
      if (this.loading === loading) this.panel = panel;
      else panel.destroy();
      return panel;
    }, (error: unknown) => {
      this.loading = null; // the next click tries again
      console.error('Failed to start call:', error);
      throw error;
    });
    return this.loading = loading;
  }

  /** @internal */
  speak(language: string): void {
    remember('locale', language);
    this.draw();
    this.panel?.refresh();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'offhook-call': OffhookCall;
  }
}

/** Safe to call twice; the first one wins. */
export function defineOffhookCall(origin: Origin): void {
  if (customElements.get('offhook-call') !== undefined) return;
  OffhookCall.origin = origin;
  customElements.define('offhook-call', OffhookCall);
}
