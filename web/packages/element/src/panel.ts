// panel.ts — the panel above the button and the call behind it. Its own chunk, without livekit-client.

import { durationOf, formatClock, isActive } from '@offhook/core';
import { loadWords, localeFor, withLabels } from '@offhook/core/words';
import type { Call, CallHandle } from '@offhook/core';
import type { DemoCall } from '@offhook/core/demo';
import type { Words } from '@offhook/core/words';
import { createAnnouncer, newsOf } from './announcer';
import type { Company } from './company';
import { createBeforeView } from './before-view';
import { createCallView } from './call-view';
import { showCall } from './corner-call';
import { createFrame, move } from './frame';
import type { Frame } from './frame';
import type { Host, Panel } from './host';
import { createLine, prefetchPhone } from './line';
import { labelsOf } from './labels';
import { markStates } from './marks';
import { tellPage } from './news';
import { createEndedView, createFailedView } from './outcome-view';
import css from './panel.css?inline';
import { siteSettled, termsOf } from './scene';
import type { Scene, Sheet, View } from './scene';
import { recall, recallSwitch, remember } from '@offhook/core/memory';
import type * as Sheets from './sheets';
import { listenForShortcuts } from './shortcuts';
import { addStyle } from './style';

// Written by build.mjs; nothing where a bundler has no file of it.
declare const OFFHOOK_PANEL_STYLE: string | undefined;

/** Views that look alike share a key, so that only real changes are animated. */
function keyOf(call: Call, sheet: Sheet | null): string {
  if (sheet !== null) return sheet;
  if (call.state === 'failed' || call.state === 'missed') return `failed ${String(call.attempt)}`;
  return call.state === 'idle' || call.state === 'ended' ? call.state : 'call';
}

let count = 0;

export async function createPanel(host: Host): Promise<Panel> {
  const styled = addStyle(host.shadow, css, host.styleWays(typeof OFFHOOK_PANEL_STYLE === 'string' ? OFFHOOK_PANEL_STYLE : ''));
  const words = await loadWords(localeFor(host.wishes(), host.site?.languages));
  await styled;
  return new CallPanel(host, words, await createLine(host));
}

class CallPanel implements Panel {
  readonly id = `oh-panel-${String(count += 1)}`;
  private readonly frame: Frame;
  private readonly announcer = createAnnouncer();
  private view: View | null = null;
  private key = '';
  private sheet: Sheet | null = null;
  private sheets: typeof Sheets | null = null;
  private company: Promise<Company> | null = null;
  private opened = false;
  private demo: string | null;
  private before: Call;
  private clock: ReturnType<typeof setInterval> | undefined;
  private readonly unsubscribe: () => void;

  constructor(private readonly host: Host, private words: Words, readonly call: CallHandle) {
    this.before = this.call.get();
    this.demo = host.getAttribute('demo');
    this.frame = createFrame(this.id, {
      close: () => { host.close(); },
      more: () => { this.show('settings'); },
      back: () => { this.goBack(); },
    });
    host.root.prepend(this.frame.node);
    host.root.append(this.announcer.node);
    listenForShortcuts(this.frame.node, {
      call: this.call,
      enabled: () => recallSwitch('shortcuts') !== false && host.getAttribute('shortcuts') !== 'off',
      escape: () => { this.goBack(); },
    });
    this.unsubscribe = this.call.subscribe(() => { this.follow(); });
    this.draw();
  }

  isActive(): boolean { return isActive(this.call.get().state); }

  async start(): Promise<void> {
    await siteSettled(this.host);
    if (!this.opened || !this.host.isConnected) return; // not wanted any more
    const terms = termsOf(this.host);
    if (terms !== null && recall('consent') !== terms) this.show('consent');
    else if (!this.isActive() && this.host.emit('oh-before-call', null, true)) this.call.start();
  }

  setOpen(open: boolean, focus = true): void {
    if (open === this.opened) return;
    this.opened = open;
    if (!open) {
      this.sheet = null;
      if (!this.isActive()) this.call.dismiss();
      this.frame.setOpen(false);
      return;
    }
    this.draw();
    this.frame.setOpen(true);
    prefetchPhone();
    this.announcer.say({ text: this.scene().words.said.opened, urgent: false });
    if (focus) this.frame.focusIn();
  }

  refresh(): void {
    const demo = this.host.getAttribute('demo');
    if ('show' in this.call && demo !== this.demo) (this.call as DemoCall).show(demo === null || demo === '' ? 'idle' : demo);
    this.demo = demo;
    void loadWords(localeFor(this.host.wishes(), this.host.site?.languages)).then((words) => {
      this.words = words;
      this.key = ''; // what is shown is in the former language
      this.draw();
    });
  }

  destroy(): void {
    this.unsubscribe();
    clearInterval(this.clock);
    this.view?.destroy?.();
    this.call.destroy();
    this.frame.node.remove();
    this.announcer.node.remove();
  }

  private scene(): Scene {
    return {
      host: this.host, call: this.call, words: withLabels(this.words, labelsOf(this.host)), site: this.host.site ?? {},
      start: () => this.start(),
      show: (sheet) => { this.show(sheet); },
      line: () => import('./phone'),
    };
  }

  private accompany(): void {
    if (this.host.hasAttribute('demo')) return;
    this.company ??= import('./company').then(({ accompany }) => accompany(this.host, this.call));
    this.company.catch(() => { this.company = null; }); // a call without sounds is a call
  }

  private show(sheet: Sheet | null): void {
    const go = (): void => {
      this.sheet = sheet;
      this.draw();
      if (this.opened) this.frame.focusIn();
    };
    if (sheet === null || this.sheets !== null) {
      go();
      return;
    }
    void import('./sheets').then(async (sheets) => {
      await sheets.styleSheets(this.host);
      this.sheets = sheets;
      go();
    }, () => undefined); // the next press tries again
  }

  private goBack(): void {
    if (this.sheet === null) this.host.close();
    else this.show(this.sheet === 'privacy' ? 'settings' : null);
  }

  private follow(): void {
    const [before, now] = [this.before, this.call.get()];
    this.before = now;
    if (this.isActive()) this.accompany(); // also one that goes on after a reload, or was taken over
    if (this.sheet === 'consent' && now.state !== 'idle') this.sheet = null;
    // A call that came back after a page change needs a press before the browser gives the microphone.
    if (now.state === 'priming' && before.state !== 'priming' && !this.opened) this.host.open();
    this.draw();
    const news = newsOf(before, now, this.scene().words);
    if (news !== null) this.announcer.say(news);
    tellPage(before, now, (type, detail, cancelable) => this.host.emit(type, detail, cancelable));
  }

  private agree(): void {
    remember('consent', termsOf(this.host) ?? '');
    this.show(null);
    void this.start();
  }

  private viewOf(call: Call, scene: Scene): View {
    if (this.sheet !== null && this.sheets !== null) return this.sheets.createSheet(this.sheet, scene, () => { this.agree(); });
    switch (call.state) {
      case 'idle': return createBeforeView(scene);
      case 'ended': return createEndedView(scene);
      case 'missed': case 'failed': return createFailedView(scene);
      default: return createCallView(scene);
    }
  }

  private draw(): void {
    const [now, scene] = [this.call.get(), this.scene()];
    const { words } = scene;
    const key = keyOf(now, this.sheet);
    const changed = this.view === null || key !== this.key;
    const hadFocus = this.frame.node.contains(this.host.shadow.activeElement);
    if (changed) {
      const first = this.view === null;
      this.view?.destroy?.();
      this.view = this.viewOf(now, scene);
      this.key = key;
      this.frame.body.textContent = '';
      this.frame.body.append(this.view.node);
      if (!first) move(this.view.node, [{ opacity: 0 }, { opacity: 1 }]);
    }
    this.view?.update(now);
    this.frame.draw({
      name: words.panel, title: words[this.sheet === 'consent' ? 'consentTitle' : this.sheet ?? 'panel'],
      logo: this.sheet === null ? this.host.getAttribute('logo') ?? scene.site.theme?.logo ?? null : null,
      state: now.state, close: this.isActive() ? words.minimise : words.close, more: words.settings, back: words.back,
      minimise: this.isActive(), sheet: this.sheet !== null, modal: this.sheet === 'consent',
    });
    // The control that had the focus is gone: it belongs to what came in its place.
    if (changed && hadFocus && this.host.shadow.activeElement === null) this.frame.focusIn();
    this.showOutside();
  }

  private readonly showOutside = (): void => {
    const now = this.call.get();
    const running = this.isActive() && now.connectedAt !== null;
    if (running) this.clock ??= setInterval(this.showOutside, 1000);
    else {
      clearInterval(this.clock);
      this.clock = undefined;
    }
    markStates(this.host, now, this.opened);
    showCall(this.host.corner, now.state, this.isActive(), running ? formatClock(durationOf(now, Date.now()) ?? 0) : null);
    this.host.draw();
  };
}
