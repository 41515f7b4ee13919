// The element as a visitor meets it: real Chromium, by role and name, on a page with a strict CSP and Trusted Types.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { CALL_STATES } from '@offhook/core';
import { DEMO_SCENES } from '@offhook/core/demo';
import type { Stage, Visit } from './page';
import { openStage } from './page';

const AXE = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../node_modules/axe-core/axe.min.js');
const tag = (attributes: string, children = ''): string =>
  `<offhook-call ${attributes}>${children}</offhook-call><script async src="/offhook.js"></script>`;

let stage: Stage;
beforeAll(async () => { stage = await openStage(); });
afterAll(() => stage.close());

const launcher = (page: Page): Locator => page.getByRole('button', { name: 'Talk to us' });
const panel = (page: Page): Locator => page.getByRole('dialog', { name: 'Voice call' });
const clean = async ({ page, problems }: Visit): Promise<void> => {
  expect(problems).toEqual([]);
  expect(await page.context().cookies()).toEqual([]);
  await page.context().close();
};
const set = (page: Page, name: string, value: string): Promise<void> => page.evaluate(([key, text]) => {
  document.querySelector('offhook-call')?.setAttribute(key, text);
}, [name, value] as const);

describe('installing', () => {
  it('P01 P62 N02 one script tag is enough for a whole call: no inline style, no third party, no cookie', async () => {
    const visit = await stage.open('<script async src="/offhook.js" data-demo=""></script>');
    const { page } = visit;
    await launcher(page).click();
    await panel(page).getByRole('button', { name: 'Start voice call' }).click();
    await page.locator('[role=dialog][data-oh-state="connected"]').waitFor();
    await panel(page).getByRole('timer').waitFor();
    const mute = panel(page).getByRole('button', { name: 'Mute microphone' });
    await mute.click();
    expect(await mute.getAttribute('aria-pressed')).toBe('true');
    await panel(page).getByRole('button', { name: 'Mute speaker' }).click();
    await panel(page).getByRole('button', { name: 'End call' }).click();
    await panel(page).getByText('Call ended').waitFor();
    expect(await page.locator('offhook-call').getAttribute('state')).toBe('ended');
    await clean(visit);
  });

  it('N02 before anybody shows an interest only the loader and the site’s settings are fetched, and nothing shifts', async () => {
    const visit = await stage.open('<script async src="/offhook.js" data-site="acme"></script>', {
      before: () => {
        const page = window as unknown as { shift: number };
        page.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) page.shift += (entry as PerformanceEntry & { value: number }).value;
        }).observe({ type: 'layout-shift', buffered: true });
      },
      config: { label: 'Ring the shop now, please', placement: 'top-start' },
    });
    await visit.page.getByRole('button', { name: 'Ring the shop now, please' }).waitFor();
    await visit.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); }));
    expect(visit.requests.filter((name) => name !== '/favicon.ico').sort()).toEqual(['/', '/api/voice/config', '/offhook.js']);
    expect(await visit.page.evaluate(() => (window as unknown as { shift: number }).shift)).toBe(0);
    await clean(visit);
  });

  it('P06 own triggers: for="id", [data-offhook-call], offhook.open(); the focus returns to the trigger', async () => {
    const visit = await stage.open(`<button id="ring">Ring us</button><a href="#x" data-offhook-call>Talk</a>${tag('demo for="ring"')}`);
    const { page } = visit;
    await page.waitForFunction(() => 'offhook' in window);
    expect(await launcher(page).count()).toBe(0);
    await page.getByRole('button', { name: 'Ring us' }).click();
    await page.getByRole('button', { name: 'Start voice call' }).waitFor();
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('ring');
    await page.getByRole('link', { name: 'Talk' }).click();
    await panel(page).waitFor();
    await page.evaluate(() => { (window as unknown as { offhook: { close(): void } }).offhook.close(); });
    await panel(page).waitFor({ state: 'hidden' });
    await page.evaluate(() => { (window as unknown as { offhook: { open(): void } }).offhook.open(); });
    await panel(page).waitFor();
    await clean(visit);
  });

  it('N29 without WebRTC, and without JavaScript, the fallback child is what people see', async () => {
    const fallback = '<a slot="fallback" href="tel:+4930123">Call +49 30 123</a>';
    const poor = await stage.open(tag('demo', fallback), { before: () => { Reflect.deleteProperty(window, 'RTCPeerConnection'); } });
    await poor.page.waitForFunction(() => customElements.get('offhook-call') !== undefined);
    await poor.page.getByRole('link', { name: 'Call +49 30 123' }).waitFor();
    expect(await launcher(poor.page).count()).toBe(0);
    await clean(poor);
    const still = await stage.open(tag('', fallback), { javaScriptEnabled: false });
    expect(await still.page.getByRole('link', { name: 'Call +49 30 123' }).isVisible()).toBe(true);
    await still.page.context().close();
  });

  it('P62 browsers without adoptedStyleSheets: a link to our host, or a style with the page’s nonce', async () => {
    const old = (): void => { Object.defineProperty(window, 'CSSStyleSheet', { value: undefined }); };
    const rounded = (page: Page): Promise<string> => launcher(page).evaluate((button) => getComputedStyle(button).borderRadius);
    const linked = await stage.open(tag('demo'), { before: old });
    await launcher(linked.page).waitFor();
    expect(await rounded(linked.page)).toBe('28px');
    await clean(linked);
    const csp = "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-abc'; connect-src 'self'";
    const nonced = await stage.open('<script nonce="abc" async src="/offhook.js" data-demo=""></script>', { before: old, csp });
    await launcher(nonced.page).click();
    await panel(nonced.page).waitFor();
    expect(await rounded(nonced.page)).toBe('28px');
    await clean(nonced);
  });
});

describe('looks', () => {
  it('P07 six placements, right to left as well, z-index, and inline', async () => {
    const visit = await stage.open(tag('demo z="7"'));
    const { page } = visit;
    await launcher(page).waitFor();
    const where = (): Promise<string> => launcher(page).evaluate((button) => {
      const { left, right, top, bottom } = button.getBoundingClientRect();
      const [x, y] = [(left + right) / 2 / innerWidth, (top + bottom) / 2 / innerHeight];
      return `${y < 0.5 ? 'top' : 'bottom'} ${x < 0.4 ? 'left' : x > 0.6 ? 'right' : 'middle'}`;
    });
    for (const [placement, ltr, rtl] of [
      ['bottom-end', 'bottom right', 'bottom left'], ['bottom-start', 'bottom left', 'bottom right'], ['bottom-center', 'bottom middle', 'bottom middle'],
      ['top-end', 'top right', 'top left'], ['top-start', 'top left', 'top right'], ['top-center', 'top middle', 'top middle'],
    ] as const) {
      await set(page, 'placement', placement);
      await set(page, 'dir', 'ltr');
      expect(await where()).toBe(ltr);
      await set(page, 'dir', 'rtl');
      expect(await where()).toBe(rtl);
    }
    const root = (property: 'zIndex' | 'position'): Promise<string | undefined> => page.evaluate((name) => {
      const found = document.querySelector('offhook-call')?.shadowRoot?.querySelector('.root');
      return found == null ? undefined : getComputedStyle(found)[name];
    }, property);
    expect(await root('zIndex')).toBe('7');
    await page.evaluate(() => { document.querySelector('offhook-call')?.remove(); });
    await page.evaluate(() => {
      const made = document.createElement('offhook-call');
      made.setAttribute('inline', '');
      made.setAttribute('demo', '');
      document.querySelector('main')?.append(made);
    });
    await page.getByRole('button', { name: 'Start voice call' }).waitFor();
    expect(await launcher(page).count()).toBe(0);
    expect(await root('position')).toBe('static');
    await clean(visit);
  });

  it('P08 variants: tiny is an icon that keeps its name, compact has no meters', async () => {
    const visit = await stage.open(tag('demo="connected" variant="tiny"'));
    await launcher(visit.page).waitFor();
    const box = await launcher(visit.page).boundingBox();
    expect(box?.width).toBeGreaterThanOrEqual(44);
    expect(box?.width).toBeLessThanOrEqual(60);
    await launcher(visit.page).click();
    await visit.page.locator('.visualizer').waitFor();
    await set(visit.page, 'variant', 'compact');
    await visit.page.locator('.visualizer').waitFor({ state: 'hidden' });
    await clean(visit);
  });

  it('P09 accent, radius, logo, avatar, theme; whatever the accent is, its text can be read', async () => {
    const visit = await stage.open(tag('demo="connected" open radius="4" logo="/x.svg" avatar="/y.svg" accent="#ffee00"'), { reducedMotion: 'reduce' });
    const { page } = visit;
    await page.getByRole('timer').waitFor();
    const seen = new Set<string>();
    for (const accent of ['#ffee00', 'white', 'black', '#777', 'rebeccapurple', 'hsl(200 90% 50%)']) {
      for (const theme of ['light', 'dark']) {
        await set(page, 'accent', accent);
        await set(page, 'theme', theme);
        const [ground, text, colour] = await launcher(page).evaluate((button) => {
          const { backgroundColor, color } = getComputedStyle(button);
          const light = (from: string): number => (from.match(/\d+/g) ?? []).slice(0, 3).map(Number)
            .map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4))
            .reduce((sum, value, index) => sum + value * ([0.2126, 0.7152, 0.0722][index] ?? 0), 0.05);
          return [light(backgroundColor), light(color), backgroundColor] as const;
        });
        seen.add(colour);
        expect(Math.max(ground, text) / Math.min(ground, text), `${accent} ${theme}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(seen.size).toBeGreaterThan(6);
    expect(await panel(page).evaluate((dialog) => getComputedStyle(dialog).borderRadius)).toBe('4px');
    expect(await page.locator('.logo:visible').count()).toBe(1);
    expect(await page.locator('.portrait img').count()).toBe(1);
    await clean(visit);
  });

  it('P13 dismissible, and it is remembered', async () => {
    const visit = await stage.open(tag('demo dismissible'));
    const { page } = visit;
    await page.getByRole('button', { name: 'Hide this button' }).click();
    await launcher(page).waitFor({ state: 'hidden' });
    await page.reload();
    await page.waitForFunction(() => 'offhook' in window);
    expect(await launcher(page).isVisible()).toBe(false);
    await page.evaluate(() => { (window as unknown as { offhook: { open(): void } }).offhook.open(); });
    await panel(page).waitFor();
    await clean(visit);
  });

  it('P10 P11 every word can be replaced, and the language chosen', async () => {
    const visit = await stage.open(tag('demo label="Ring!" labels=\'{"start":"Go ahead"}\''));
    const { page } = visit;
    await page.getByRole('button', { name: 'Ring!' }).click();
    await page.getByRole('button', { name: 'Go ahead' }).waitFor();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('combobox', { name: 'Language' }).selectOption('de');
    await page.getByRole('button', { name: 'Zurück' }).waitFor();
    expect(await page.evaluate(() => document.querySelector('offhook-call')?.shadowRoot?.querySelector('.root')?.getAttribute('lang'))).toBe('de');
    await clean(visit);
  });
});

describe('in use', () => {
  it('P18 terms are agreed to once per version, in a modal that keeps the focus', async () => {
    const config = { consent: { mode: 'required', version: '2', text: 'We record this call.' } };
    const { page } = await stage.open('<script async src="/offhook.js" data-site="acme"></script>', { config });
    await launcher(page).click();
    await panel(page).getByRole('button', { name: 'Start voice call' }).click();
    await panel(page).getByText('We record this call.').waitFor();
    expect(await panel(page).getAttribute('aria-modal')).toBe('true');
    for (let press = 0; press < 5; press += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('OFFHOOK-CALL');
    }
    await panel(page).getByRole('button', { name: 'Not now' }).click();
    await panel(page).getByRole('button', { name: 'Start voice call' }).click();
    await panel(page).getByRole('button', { name: 'Agree and call' }).click();
    await page.locator('[role=dialog][data-oh-state="failed"]').waitFor(); // there is no token on this stage
    expect(await page.evaluate(() => localStorage.getItem('offhook.consent'))).toBe(JSON.stringify(['acme', config.consent]));
    await panel(page).getByRole('button', { name: 'Try again' }).click();
    expect(await panel(page).getByText('We record this call.').count()).toBe(0);
    await page.context().close();
  });

  it('P18 Start before the site has said that it wants a yes: something happens at once, then it asks, and the server is told', async () => {
    const { page } = await stage.open('', { csp: "default-src 'self'" });
    let say: (() => void) | undefined;
    const said = new Promise<void>((done) => { say = done; });
    await page.route('**/api/voice/config*', async (route) => {
      await said;
      await route.fulfill({ json: { consent: { mode: 'required', version: '1', text: 'We record this call.' } } });
    });
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.src = '/offhook.js';
      document.body.append(script);
    });
    await launcher(page).click();
    await panel(page).getByRole('button', { name: 'Start voice call' }).click();
    await panel(page).getByRole('button', { name: 'Getting a line…' }).waitFor();
    say?.();
    await panel(page).getByText('We record this call.').waitFor();
    const asked = page.waitForRequest((request) => request.url().endsWith('/api/voice/token'));
    await panel(page).getByRole('button', { name: 'Agree and call' }).click();
    expect((await asked).postDataJSON()).toMatchObject({ recording: true });
    await page.context().close();
  });

  it('P18 as a choice: the call is made either way, and nobody is recorded who has not said so', async () => {
    const config = { consent: { mode: 'choice', version: '2', text: 'We may record this call.' } };
    const { page } = await stage.open('<script async src="/offhook.js" data-site="acme"></script>', { config });
    const wish = async (press: () => Promise<void>): Promise<unknown> => {
      const asked = page.waitForRequest((request) => request.url().endsWith('/api/voice/token'));
      await press();
      return (await asked).postDataJSON();
    };
    await launcher(page).click();
    const group = panel(page).getByRole('group', { name: 'We may record this call.' });
    expect(await group.getByRole('radio', { name: 'Do not record my voice' }).isChecked()).toBe(true);
    const start = panel(page).getByRole('button', { name: 'Start voice call' });
    expect(await wish(() => start.click())).toMatchObject({ recording: false });
    await page.locator('[role=dialog][data-oh-state="failed"]').waitFor(); // there is no token on this stage
    await page.keyboard.press('Escape');
    await launcher(page).click();
    await group.getByRole('radio', { name: 'Record my voice', exact: true }).check();
    expect(await wish(() => start.click())).toMatchObject({ recording: true });
    await page.context().close();
  });

  it('P50 a call that goes on after a reload has its sounds and its events too', async () => {
    const before = (): void => { sessionStorage.setItem('offhook.resume.acme', JSON.stringify({ resume: 'sealed', roomName: 'r', muted: false, speakerMuted: false })); };
    const { page, requests } = await stage.open('<script async src="/offhook.js" data-site="acme"></script>', { before });
    await expect.poll(() => requests.some((one) => one.includes('company')), { timeout: 60_000 }).toBe(true);
    await page.context().close();
  });

  it('N11 a page that gets another body, as Turbo gives it one, keeps the button and its call', async () => {
    const visit = await stage.open('<script async src="/offhook.js" data-demo="connected"></script>');
    const { page } = visit;
    await page.locator('offhook-call[state=connected]').waitFor({ state: 'attached' });
    for (let swap = 0; swap < 2; swap += 1) {
      await page.evaluate(() => {
        const body = document.createElement('body');
        body.append(document.createElement('main'));
        Object.assign(window, { call: (document.querySelector('offhook-call') as unknown as { call: unknown }).call });
        document.documentElement.replaceChild(body, document.body);
      });
      await page.locator('offhook-call[state=connected]').waitFor({ state: 'attached' });
      expect(await page.evaluate(() => (document.querySelector('offhook-call') as unknown as { call: unknown }).call === (window as unknown as { call: unknown }).call)).toBe(true);
    }
    await clean(visit);
  });

  it('S30 it gets dark with the system and with the page, also later', async () => {
    const visit = await stage.open(tag('demo'), { colorScheme: 'light' });
    const { page } = visit;
    await launcher(page).waitFor();
    expect(await page.locator('offhook-call[data-oh-dark]').count()).toBe(0);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('offhook-call[data-oh-dark]').waitFor({ state: 'attached' });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('offhook-call:not([data-oh-dark])').waitFor({ state: 'attached' });
    await page.evaluate(() => { document.documentElement.className = 'dark'; });
    await page.locator('offhook-call[data-oh-dark]').waitFor({ state: 'attached' });
    await clean(visit);
  });

  it('P66 the details can be copied where the page has no clipboard', async () => {
    const before = (): void => {
      Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });
      document.addEventListener('copy', () => { Object.assign(window, { copied: String(getSelection()) }); });
    };
    const visit = await stage.open(tag('demo="failed" open'), { before });
    const { page } = visit;
    await panel(page).getByRole('button', { name: 'Copy details' }).click();
    await panel(page).getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => (window as unknown as { copied: string }).copied)).toMatch(/^offhook call failed\ncode \w+/);
    await clean(visit);
    const strict = await stage.open(tag('demo="failed" open'), { before: () => {
      Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });
      Object.assign(document, { execCommand: () => false });
    } });
    await panel(strict.page).getByRole('button', { name: 'Copy details' }).click();
    await panel(strict.page).getByText(/^offhook call failed/).waitFor();
    await strict.page.waitForFunction(() => String(getSelection()).includes('offhook call failed'));
    expect(await panel(strict.page).evaluate((box) => box.scrollWidth - box.clientWidth)).toBeLessThanOrEqual(0);
    await clean(strict);
  });

  it('N33 the privacy sheet says what this button sends', async () => {
    const visit = await stage.open(tag('demo open'));
    await visit.page.getByRole('button', { name: 'Settings' }).click();
    await visit.page.getByRole('button', { name: 'What this button sends' }).click();
    await visit.page.getByText(`All of it goes to ${stage.host}, to nobody else.`).waitFor();
    await visit.page.keyboard.press('Escape');
    await visit.page.getByRole('combobox', { name: 'Language' }).waitFor();
    await clean(visit);
  });

  it('P53 push to talk: the microphone is open only while the button or the space bar is held', async () => {
    const visit = await stage.open(tag('demo="push-to-talk" open'));
    const { page } = visit;
    const hold = page.getByRole('button', { name: 'Hold to talk' });
    await hold.waitFor();
    const muted = (): Promise<boolean | undefined> => page.evaluate(() => document.querySelector('offhook-call')?.call?.get().muted);
    expect(await muted()).toBe(true);
    await page.getByRole('heading', { name: 'A shop' }).click();
    await page.keyboard.down(' ');
    expect(await muted()).toBe(false);
    await page.keyboard.up(' ');
    expect(await muted()).toBe(true);
    await hold.hover();
    await page.mouse.down();
    expect(await muted()).toBe(false);
    await page.mouse.up();
    expect(await muted()).toBe(true);
    await clean(visit);
  });

  it('P41 P42 microphone and loudspeaker can be chosen in a call', async () => {
    const visit = await stage.open(tag('demo="connected" open'));
    const { page } = visit;
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('combobox', { name: 'Microphone' }).selectOption({ label: 'Headset' });
    await page.getByRole('combobox', { name: 'Loudspeaker' }).selectOption({ label: 'Headset' });
    expect(await page.evaluate(() => document.querySelector('offhook-call')?.call?.get().devices))
      .toMatchObject({ input: 'demo-headset', output: 'demo-headset' });
    await clean(visit);
  });

  it('S42 a call that needs a sign-in says so; the page may do it itself', async () => {
    const visit = await stage.open(tag('demo="error-AUTH_REQUIRED" open'));
    const { page } = visit;
    await page.evaluate(() => {
      document.addEventListener('oh-sign-in', (event) => {
        event.preventDefault();
        document.title = 'asked';
      });
    });
    await page.getByRole('button', { name: 'Sign in to call' }).click();
    expect(await page.title()).toBe('asked');
    expect(await page.locator('offhook-call').getAttribute('state')).toBe('failed');
    await clean(visit);
  });

  it('S32 S34 shortcuts act in the panel only and can be turned off; Escape returns the focus', async () => {
    const visit = await stage.open(tag('demo="connected"'));
    const { page } = visit;
    await launcher(page).focus();
    await page.keyboard.press('Enter');
    const mute = page.getByRole('button', { name: 'Mute microphone' });
    await page.waitForFunction(() => document.querySelector('offhook-call')?.shadowRoot?.activeElement?.getAttribute('aria-label') === 'Mute microphone');
    await page.keyboard.press('m');
    expect(await mute.getAttribute('aria-pressed')).toBe('true');
    await set(page, 'shortcuts', 'off');
    await page.keyboard.press('m');
    expect(await mute.getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => document.querySelector('offhook-call')?.shadowRoot?.activeElement?.getAttribute('part'))).toBe('launcher');
    await clean(visit);
  });

  it('S33 what screen readers are told of a call, in order', async () => {
    const visit = await stage.open(tag('demo'));
    const { page } = visit;
    await launcher(page).click();
    await page.getByText('Call panel opened').waitFor({ state: 'attached' });
    await page.evaluate(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      const live = document.querySelector('offhook-call')?.shadowRoot?.querySelector('[part=live]');
      if (live == null) return;
      new MutationObserver((records) => {
        for (const { target } of records) said.push(`${(target as Element).getAttribute('role') === 'alert' ? '! ' : ''}${target.textContent ?? ''}`);
      }).observe(live, { childList: true, subtree: true });
    });
    await page.getByRole('button', { name: 'Start voice call' }).click();
    await page.locator('[role=dialog][data-oh-state="connected"]').waitFor();
    await page.getByRole('button', { name: 'End call' }).click();
    await page.waitForFunction(() => (window as unknown as { said: string[] }).said.some((text) => text.startsWith('! Call ended')));
    const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
    expect(said.slice(0, 3)).toEqual(['Calling', 'Waiting for microphone permission', 'Connecting…']);
    expect(said.slice(-2)).toEqual(['! Connected to Anna', expect.stringMatching(/^! Call ended, \d+ seconds?$/)]);
    await clean(visit);
  });

  it('S59 fits 320 pixels without scrolling sideways', async () => {
    const visit = await stage.open(tag('demo="connected" open'), { viewport: { width: 320, height: 568 } });
    await visit.page.getByRole('timer').waitFor();
    expect(await visit.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    expect(await panel(visit.page).evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
    await clean(visit);
  });
});

describe('every state', () => {
  it.each([['light', 'ltr'], ['light', 'rtl'], ['dark', 'ltr'], ['dark', 'rtl']])('N22 S30 S31 axe finds nothing in any state, %s, %s', async (theme, dir) => {
    const visit = await stage.open(tag(`demo open theme="${theme}" dir="${dir}"`), { reducedMotion: 'reduce', colorScheme: theme as 'light' });
    const { page } = visit;
    await panel(page).waitFor();
    await page.evaluate(await readFile(AXE, 'utf8')); // through the debugger, so the CSP stays as it is
    const found: string[] = [];
    const states = new Set<string | null>();
    for (const scene of DEMO_SCENES) {
      await set(page, 'demo', scene);
      found.push(...await page.evaluate(async (name) => {
        await new Promise((resolve) => { setTimeout(resolve, 20); });
        interface Finding { readonly id: string; readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[] }
        const { axe } = window as unknown as { axe: { run(target: unknown, options: object): Promise<{ violations: readonly Finding[] }> } };
        const { violations } = await axe.run('offhook-call', { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
        return violations.map(({ id, nodes }) => `${name}: ${id} ${JSON.stringify(nodes.map(({ target, failureSummary }) => [target, failureSummary]))}`);
      }, scene));
      states.add(await page.locator('offhook-call').getAttribute('state'));
    }
    expect([...states].sort()).toEqual([...CALL_STATES].sort()); // they really were shown
    expect(found).toEqual([]);
    await clean(visit);
  });
});
