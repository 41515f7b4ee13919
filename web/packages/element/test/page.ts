// page.ts — a web page of somebody else's: serves the built element beside it, under a CSP of its own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { buildElement } from '../build.mjs';

export const STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
  + "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css' };
const PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>';

export interface StageOptions extends BrowserContextOptions {
  readonly csp?: string;
  /** Run before anything else of the page. */
  readonly before?: () => void;
  /** What GET /api/voice/config answers. */
  readonly config?: object;
}

export interface Visit {
  readonly page: Page;
  /** What no page may cause: errors on the console, requests to third parties. */
  readonly problems: string[];
  readonly requests: string[];
}

export interface Stage {
  readonly host: string;
  readonly out: string;
  /** A new page with this inside its <main>. */
  open(html: string, options?: StageOptions): Promise<Visit>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const out = await mkdtemp(path.join(tmpdir(), 'offhook-element-'));
  await buildElement(out);
  let [body, csp] = ['', STRICT];
  let config: object = {};
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const answer = (status: number, type: string, content: string | Buffer = ''): void => {
      response.writeHead(status, { 'content-type': type, 'content-security-policy': csp }).end(content);
    };
    if (pathname === '/') answer(200, 'text/html', `<!doctype html><html lang="en"><head><title>A shop</title><meta name="viewport" content="width=device-width"></head><body><main><h1>A shop</h1>${body}</main></body></html>`);
    else if (pathname === '/api/voice/config') answer(200, 'application/json', JSON.stringify(config));
    else if (pathname.endsWith('.svg')) answer(200, 'image/svg+xml', PIXEL);
    else if (pathname === '/favicon.ico') answer(204, 'text/plain');
    else {
      readFile(path.join(out, path.normalize(pathname))).then(
        (file) => { answer(200, TYPES[path.extname(pathname)] ?? 'text/plain', file); }, () => { answer(404, 'text/plain'); });
    }
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const url = `http://${host}/`;
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });

  return {
    host,
    out,
    async open(html, { csp: policy = STRICT, before, config: site = {}, ...options } = {}) {
      [body, csp, config] = [html, policy, site];
      const context = await browser.newContext({ viewport: { width: 900, height: 760 }, locale: 'en', ...options });
      const page = await context.newPage();
      const problems: string[] = [];
      const requests: string[] = [];
      page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
      page.on('pageerror', (error) => { problems.push(String(error)); });
      page.on('request', (request) => {
        requests.push(new URL(request.url()).pathname);
        if (!request.url().startsWith(url)) problems.push(`third-party request ${request.url()}`);
      });
      if (before !== undefined) await page.addInitScript(before);
      await page.goto(url);
      return { page, problems, requests };
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
      await rm(out, { recursive: true, force: true });
    },
  };
}
