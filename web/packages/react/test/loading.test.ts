// A network that loses single files of the built React button, in Chromium: always a way on, and nothing is lost for good.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { openBrowser, serve } from '../../../stories/fit/browser';
import type { Served, Walker } from '../../../stories/fit/browser';

const web = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const PAGE = `
  import { createRoot } from 'react-dom/client';
  import { FloatingCallButton } from '@offhook/react';
  createRoot(document.getElementById('root')).render(
    <><h1>A shop</h1><FloatingCallButton locale="en" sounds={false} siteConfig={false} /></>);`;
let out: string;
let served: Served;
let walker: Walker;

beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'offhook-loading-'));
  await build({
    absWorkingDir: web, stdin: { contents: PAGE, resolveDir: web, loader: 'tsx', sourcefile: 'shop.tsx' }, outdir: out, entryNames: 'shop', chunkNames: '[name]-[hash]',
    bundle: true, splitting: true, format: 'esm', jsx: 'automatic', logLevel: 'error', define: { 'process.env.NODE_ENV': '"production"' },
    logOverride: { 'ignored-directive': 'silent' },
  });
  await build({ absWorkingDir: web, entryPoints: { style: 'packages/react/src/styles.css' }, outdir: out, bundle: true, logLevel: 'error' });
  served = await serve(out, () => '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>shop</title><link rel="stylesheet" href="/style.css"><script type="module" src="/shop.js"></script></head><body><div id="root"></div></body></html>',
    { token: 'jwt', roomName: 'r', participantName: 'p', livekitHost: 'ws://localhost:1' });
  walker = await openBrowser();
});
afterAll(async () => {
  await walker.close();
  await served.close();
  await rm(out, { recursive: true, force: true });
});

/** A shop's page for which one file cannot be had until `mend` is called. */
async function visit(file: string): Promise<{ page: Page; mend: () => Promise<void>; thrown: string[] }> {
  const page = await walker.page();
  await page.context().grantPermissions(['microphone']);
  const thrown: string[] = [];
  page.on('pageerror', (error) => { thrown.push(String(error)); });
  const lost = new RegExp(`/${file}-\\w+\\.js$`);
  await page.route(lost, (route) => route.abort());
  await page.goto(served.url('floating'));
  return { page, mend: () => page.unroute(lost), thrown };
}

it('the call’s own code cannot be loaded: the call fails with words, the page stays whole, and another try loads it', async () => {
  const { page, mend, thrown } = await visit('voice-call-interface');
  await page.getByRole('button', { name: 'Talk to us' }).click();
  await page.getByRole('button', { name: 'Start voice call' }).click();
  const again = page.getByRole('dialog').getByRole('button', { name: 'Try again' });
  await again.waitFor();
  await page.getByText('The call server cannot be reached').first().waitFor();
  expect(await page.getByRole('heading', { name: 'A shop' }).count()).toBe(1);
  await mend();
  const loaded = page.waitForResponse((response) => response.url().includes('/voice-call-interface-'));
  await again.click();
  expect((await loaded).status()).toBe(200);
  expect(thrown).toEqual([]);
  await page.context().close();
});
