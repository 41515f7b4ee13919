// Every state of the built element in Chromium, in words that are 40 % longer and in languages from right to left, on the
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
import { buildElement } from '../build.mjs';

const web = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');
let out: string;
let served: Served;
let walker: Walker;

beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'offhook-fit-'));
  await buildElement(out);
  await build({ absWorkingDir: web, entryPoints: { fit: 'stories/fit/element-page.ts' }, outdir: out, bundle: true, format: 'iife', logLevel: 'error' });
  served = await serve(out, (lang) => `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>fit ${lang}</title><script src="/offhook.js" data-manual></script></head><body><script src="/fit.js"></script></body></html>`, {
    name: 'Acme Support and Service', consent: { mode: 'required', version: '1', text: 'The call goes through our own server.' }, tel: '+49 30 901820',
    privacy: { eventDays: 30, recording: false },
  });
  walker = await openBrowser();
});
afterAll(async () => {
  await walker.close();
  await served.close();
  await rm(out, { recursive: true, force: true });
});

it.each(['en-XA', 'ar', 'he'] as const)(`P11 every state of the element fits into ${WIDTHS.join(' and ')} px in %s`, async (lang) => {
  const report = await walk(walker, served.url(lang), SCENES, lang === 'en-XA' ? pseudo(en) : await loadWords(lang));
  expect(report.seen).toBe(SCENES.length);
  expect(report.complaints).toEqual([]);
  expect(report.dir).toBe(lang === 'en-XA' ? 'ltr' : 'rtl');
  // Bottom end: on the right where people write from left to right, else on the left.
  if (lang === 'en-XA') expect(report.launcher).toBeGreaterThan(0.5);
  else expect(report.launcher).toBeLessThan(0.5);
});
