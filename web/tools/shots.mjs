// shots.mjs — pictures of every state, light, dark and mobile, and of the page itself. `npm run shots [-- FILTER]` writes
// them to web/dist/shots. Pages run under a strict CSP; a violation or console error is reported and fails the command.
// Every state is also checked with axe.

import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { createServer } from 'node:http';
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { buildSite } from '../packages/site/build.mjs';

const web = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const shots = path.join(web, 'dist/shots');
const stories = path.join(web, 'dist/stories');
const site = path.join(web, 'dist/site');
const port = Number(process.env.SHOTS_PORT ?? 21210);
const filter = new RegExp(process.argv[2] ?? '');
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: wss:; media-src 'self' blob:; base-uri 'none'; form-action 'none'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const STORY_PAGE = (dark) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>story</title><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/stories/stories.css"><script type="module" src="/stories/stories.js"></script></head><body class="${dark ? 'dark-page' : ''}"><main><h1>A page</h1></main><div id="root"></div></body></html>`;

await buildSite(site);
await build({
  absWorkingDir: web, entryPoints: ['stories/stories.tsx', 'stories/stories.css'], outdir: stories, bundle: true, splitting: true, format: 'esm',
  target: 'es2022', jsx: 'automatic', logLevel: 'warning', define: { 'process.env.NODE_ENV': '"development"' },
  logOverride: { 'ignored-directive': 'silent' },
});
await mkdir(shots, { recursive: true });

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const answer = async () => {
    if (url.pathname === '/story') return ['.html', STORY_PAGE(url.searchParams.get('theme') === 'dark')];
    if (url.pathname === '/') return ['.html', await readFile(path.join(site, 'index.html'))];
    const root = url.pathname.startsWith('/stories/') ? path.join(web, 'dist') : site;
    const file = path.join(root, path.normalize(url.pathname));
    if (!file.startsWith(root)) throw new Error('outside');
    return [path.extname(file), await readFile(file)];
  };
  answer().then(([type, body]) => {
    response.writeHead(200, { 'content-type': TYPES[type] ?? 'text/plain', 'content-security-policy': CSP });
    response.end(body);
  }, () => { response.writeHead(404).end(); });
});
await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });

const STATES = ['idle', 'idle-tiny', 'idle-dismissible', 'before', 'before-paused', 'before-sign-in', 'before-accent', 'consent', 'settings',
  'privacy', 'opening', 'priming', 'requesting-mic', 'connecting', 'slow', 'ringing', 'queued', 'connected', 'compact', 'large', 'inline',
  'recorded', 'push-to-talk', 'devices', 'muted', 'muted-talking', 'mic-silent', 'network-you', 'sound-blocked', 'reconnecting',
  'interrupted', 'minimised', 'elsewhere', 'ended', 'ended-by-them', 'missed', 'failed-mic', 'failed-sign-in', 'failed-rate', 'failed-origin'];
const WINDOW = { width: 520, height: 760 };
const PHONE = { width: 360, height: 640 };
const LOOKS = [
  { name: 'light', theme: 'light', viewport: WINDOW },
  { name: 'dark', theme: 'dark', viewport: WINDOW },
  { name: 'mobile', theme: 'light', viewport: PHONE },
  { name: 'rtl', theme: 'light', viewport: WINDOW, lang: 'ar' },
  { name: 'rtl-dark', theme: 'dark', viewport: PHONE, lang: 'ar' },
];
const axe = await readFile(path.join(web, 'node_modules/axe-core/axe.min.js'), 'utf8');

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'] });
let bad = 0;
const complain = (where, what) => {
  bad += 1;
  console.error(`${where}: ${what}`);
};

async function picture(name, address, options, wait) {
  if (!filter.test(name)) return;
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !/^Failed to start call:|status of 4\d\d|Download the React/.test(message.text())) complain(name, message.text());
  });
  page.on('pageerror', (error) => { complain(name, String(error)); });
  page.on('request', (request) => {
    if (!request.url().startsWith(`http://127.0.0.1:${port}/`)) complain(name, `third-party request ${request.url()}`);
  });
  await page.goto(`http://127.0.0.1:${port}${address}`);
  try {
    await wait(page);
  } catch (error) {
    complain(name, String(error).split('\n')[0]);
  }
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: name.startsWith('page') });
  await page.evaluate(axe); // through the debugger, so the CSP stays as it is
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  for (const violation of violations) {
    complain(name, `axe ${violation.id}: ${violation.nodes.map((node) => `${node.target.join(' ')} (${node.failureSummary.split('\n')[1]?.trim()})`).join('; ')}`);
  }
  await context.close();
}

const ready = (page) => page.waitForSelector('html[data-ready]', { state: 'attached', timeout: 20000 });
for (const look of LOOKS) {
  for (const state of STATES) {
    await picture(`${state}-${look.name}`, `/story?story=${state}&theme=${look.theme}&lang=${look.lang ?? 'en'}`,
      { viewport: look.viewport, colorScheme: look.theme, deviceScaleFactor: 1 }, ready);
  }
}
for (const [name, options] of [
  ['page-light', { viewport: { width: 1100, height: 760 }, colorScheme: 'light' }],
  ['page-dark', { viewport: { width: 1100, height: 760 }, colorScheme: 'dark' }],
  ['page-mobile', { viewport: { width: 360, height: 700 }, colorScheme: 'light' }],
]) {
  await picture(name, '/', options, (page) => page.getByRole('button', { name: 'Talk to us' }).waitFor());
  await picture(`${name}-invited`, '/?invite=abc', options, (page) => page.getByRole('button', { name: 'Talk to us' }).waitFor());
}
await browser.close();
server.close();
console.log(bad === 0 ? `pictures in ${shots}: no console error, CSP violation, third-party request or axe finding` : `${bad} complaint(s)`);
process.exitCode = bad === 0 ? 0 : 1;
