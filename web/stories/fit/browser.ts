// browser.ts — walks a button through all scenes of the demo call in Chromium and asks clipped.ts in each, at each width.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { DEMO_SCENES } from '@offhook/core/demo';
import type { Words } from '@offhook/core/words';
import type { clipped, orientation } from './clipped';

export const WIDTHS = [320, 360];
const HEIGHT = 640;

/** All scenes, the errors with the longest words, and what lies over the panel (`sheet:` names what to press). */
export const SCENES: readonly string[] = [
  ...DEMO_SCENES, 'error-MIC_DENIED', 'error-MIC_DENIED_SYSTEM', 'error-MIC_SILENT', 'error-ORIGIN_DENIED', 'error-AUTH_REQUIRED', 'error-ICE_FAILED',
  'sheet:settings', 'sheet:privacy', 'sheet:consent',
];

export interface Served {
  readonly url: (lang: string) => string;
  readonly close: () => Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css', '.html': 'text/html; charset=utf-8' };

/** Files of a folder; `/?lang=…` is the page, and any address under /api/ answers with `api`. */
export async function serve(folder: string, pageOf: (lang: string) => string, api: unknown = {}): Promise<Served> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answer = async (): Promise<readonly [string, string | Buffer]> => {
      if (url.pathname === '/') return ['.html', pageOf(url.searchParams.get('lang') ?? 'en')];
      if (url.pathname.startsWith('/api/')) return ['.json', JSON.stringify(api)];
      const file = path.join(folder, path.normalize(url.pathname));
      if (!file.startsWith(folder)) throw new Error('outside');
      return [path.extname(file), await readFile(file)];
    };
    answer().then(([type, body]) => {
      response.writeHead(200, { 'content-type': TYPES[type] ?? 'application/json' });
      response.end(body);
    }, () => { response.writeHead(404).end(); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return {
    url: (lang) => `http://127.0.0.1:${String(port)}/?lang=${lang}`,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}

export interface Walker {
  readonly page: () => Promise<Page>;
  readonly close: () => Promise<void>;
}

export async function openBrowser(): Promise<Walker> {
  const browser: Browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  return {
    page: async () => {
      const context = await browser.newContext({ viewport: { width: WIDTHS[0] ?? 320, height: HEIGHT }, reducedMotion: 'reduce' });
      return context.newPage();
    },
    close: () => browser.close(),
  };
}

interface Fit {
  readonly clipped: typeof clipped;
  readonly orientation: typeof orientation;
}
type FitWindow = typeof globalThis & { readonly demo?: { show(scene: string): void; get(): { state: string } }; readonly fit: Fit };

/** Two frames and the time a fade needs to be seen. */
const settle = (page: Page): Promise<void> => page.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => { setTimeout(resolve, 40); }));
}));

async function openSheet(page: Page, sheet: string, words: Words): Promise<void> {
  const press = async (name: string): Promise<void> => {
    await page.getByRole('dialog').getByRole('button', { name, exact: true }).first().click();
    await settle(page);
  };
  await page.evaluate(() => { (globalThis as FitWindow).demo?.show('idle'); });
  await settle(page);
  if (sheet === 'consent') await press(words.start);
  else await press(words.settings);
  if (sheet === 'privacy') await press(words.privacy);
}

export interface Report {
  readonly seen: number;
  readonly complaints: readonly string[];
  readonly dir: string;
  readonly launcher: number | null;
}

export async function walk(walker: Walker, url: string, scenes: readonly string[], words: Words): Promise<Report> {
  const page = await walker.page();
  const complaints: string[] = [];
  page.on('pageerror', (error) => { complaints.push(String(error)); });
  await page.goto(url);
  await page.waitForFunction(() => (globalThis as FitWindow).demo !== undefined);
  await page.locator('[role=dialog]').waitFor();
  let seen = 0;
  for (const scene of scenes) {
    if (scene.startsWith('sheet:')) await openSheet(page, scene.slice('sheet:'.length), words);
    else await page.evaluate((name) => { (globalThis as FitWindow).demo?.show(name); }, scene);
    await settle(page);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      const found = await page.evaluate(() => (globalThis as FitWindow).fit.clipped());
      complaints.push(...found.map((what) => `${scene} ${String(width)}: ${what}`));
      if (process.env.FIT_SHOTS !== undefined) await page.screenshot({ path: path.join(process.env.FIT_SHOTS, `${new URL(url).searchParams.get('lang') ?? ''}-${scene.replace(':', '-')}-${String(width)}.png`) });
    }
    seen += 1;
    if (scene.startsWith('sheet:')) {
      await page.keyboard.press('Escape');
      if (scene === 'sheet:privacy') await page.keyboard.press('Escape');
      await settle(page);
    }
  }
  const { dir } = await page.evaluate(() => (globalThis as FitWindow).fit.orientation());
  // On a phone the launcher lies under the open panel.
  await page.evaluate(() => { (globalThis as FitWindow).demo?.show('idle'); });
  await settle(page);
  const close = page.getByRole('dialog').getByRole('button', { name: words.close, exact: true });
  if (await close.isVisible()) await close.click();
  await page.waitForFunction(() => (globalThis as FitWindow).fit.orientation().launcher !== null);
  const { launcher } = await page.evaluate(() => (globalThis as FitWindow).fit.orientation());
  await page.context().close();
  return { seen, complaints, dir, launcher };
}
