// Every state of the React button in Chromium, in words that are 40 % longer and in languages from right to left, on the
// two smallest screens: nothing is cut off, nothing leaves its box or the window.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { en, loadWords } from '@offhook/core/words';
import { pseudo } from '@offhook/core/pseudo-words';
import { SCENES, WIDTHS, openBrowser, serve, walk } from '../../../stories/fit/browser';
import type { Served, Walker } from '../../../stories/fit/browser';

const web = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');
let out: string;
let served: Served;
let walker: Walker;

beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'offhook-fit-'));
  await build({
    absWorkingDir: web, entryPoints: { fit: 'stories/fit/page.tsx', style: 'packages/react/src/styles.css' }, outdir: out, bundle: true, splitting: true, format: 'esm',
    jsx: 'automatic', logLevel: 'error', define: { 'process.env.NODE_ENV': '"production"' },
    logOverride: { 'ignored-directive': 'silent' },
    plugins: [{
      name: 'demo-call',
      setup(bundler) {
        // The button's own code, with a call that needs no server.
        bundler.onResolve({ filter: /^@offhook\/core$/ }, ({ importer }) => (importer.endsWith('session.ts') ? { path: 'core', namespace: 'demo' } : undefined));
        bundler.onLoad({ filter: /./, namespace: 'demo' }, () => ({
          contents: "export * from '@offhook/core'; import { createDemoCall } from '@offhook/core/demo'; export const createCall = () => (window.demo = createDemoCall());",
          resolveDir: web,
        }));
      },
    }],
  });
  served = await serve(out, (lang) => `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>fit ${lang}</title><link rel="stylesheet" href="/style.css"><script type="module" src="/fit.js"></script></head><body><div id="root"></div></body></html>`);
  walker = await openBrowser();
});
afterAll(async () => {
  await walker.close();
  await served.close();
  await rm(out, { recursive: true, force: true });
});

it.each(['en-XA', 'ar', 'he'] as const)(`P11 every state of the React button fits into ${WIDTHS.join(' and ')} px in %s`, async (lang) => {
  const report = await walk(walker, served.url(lang), SCENES, lang === 'en-XA' ? pseudo(en) : await loadWords(lang));
  expect(report.seen).toBe(SCENES.length);
  expect(report.complaints).toEqual([]);
  expect(report.dir).toBe(lang === 'en-XA' ? 'ltr' : 'rtl');
  // Bottom end: on the right where people write from left to right, else on the left.
  if (lang === 'en-XA') expect(report.launcher).toBeGreaterThan(0.5);
  else expect(report.launcher).toBeLessThan(0.5);
});
