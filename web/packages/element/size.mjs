// size.mjs — what a visitor downloads for the element, in gzip bytes; budgets of docs: the idle button, the call, a language.

import { build } from 'esbuild';
import { gzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TARGETS, here } from './build.mjs';

const gzip = (body) => gzipSync(body, { level: 9 }).length;
const sizeOf = async (name) => gzip(await readFile(path.join(here, name)));
const LOCALE = /core\/src\/words\/([a-z]{2}(?:-[A-Z]{2})?)\.ts$/;

/** The files that come with `start`, itself included. */
function closureOf(metafile, start, seen = new Set()) {
  if (seen.has(start)) return seen;
  seen.add(start);
  for (const { kind, path: next, external } of metafile.outputs[start].imports) {
    if (kind === 'import-statement' && external !== true) closureOf(metafile, next, seen);
  }
  return seen;
}

/** Our side of the phone: livekit-client itself is the visitor's price for a call anywhere. */
async function phoneSize() {
  const { outputFiles } = await build({
    absWorkingDir: here, entryPoints: ['src/phone.ts'], bundle: true, minify: true, target: TARGETS, format: 'esm', write: false,
    external: ['livekit-client'], logLevel: 'warning',
  });
  return gzip(outputFiles[0].contents);
}

/** @param {import('./build.d.mts').Built} built */
export async function measureElement({ chunks, loader, alone }) {
  const outputs = Object.entries(chunks.outputs).filter(([name]) => name.endsWith('.js'));
  const fileOf = (entry) => outputs.find(([, output]) => output.entryPoint === entry)?.[0];
  const localeOf = ([, output]) => Object.keys(output.inputs).map((input) => LOCALE.exec(input)?.[1]).find((tag) => tag !== undefined);
  const locales = new Map();
  for (const entry of outputs) {
    const tag = localeOf(entry);
    if (tag !== undefined) locales.set(tag, await sizeOf(entry[0]));
  }
  const sum = async (names) => {
    let total = 0;
    for (const name of names) if (localeOf([name, chunks.outputs[name]]) === undefined) total += await sizeOf(name);
    return total;
  };
  const call = closureOf(chunks, fileOf('src/panel.ts'));
  const loaderSize = await sizeOf(Object.keys(loader.outputs).find((name) => name.endsWith('offhook.js')));
  const sizes = {
    loader: loaderSize, call: await sum(call), phone: await phoneSize(),
    company: await sizeOf(alone.company), extras: await sizeOf(alone.extras), sheets: await sizeOf(alone.sheets), demo: await sizeOf(alone.demo),
    english: locales.get('en'), locale: Math.max(...[...locales].filter(([tag]) => tag !== 'en').map(([, size]) => size)),
  };
  return { ...sizes, whole: sizes.loader + sizes.call, locales: Object.fromEntries(locales) };
}

/**
 * Gzip bytes. `whole`: button, panel, call machine; our side of the phone comes in livekit-client's file, the words in theirs.
 */
export const ELEMENT_BUDGETS = { loader: 6 * 1024, call: 24 * 1024, locale: 3 * 1024, whole: 30 * 1024 };

export function overElementBudget(sizes, budgets = ELEMENT_BUDGETS) {
  return Object.keys(budgets).filter((name) => sizes[name] > budgets[name])
    .map((name) => `element ${name}: ${sizes[name]} B gz, allowed ${budgets[name]}`);
}

export function reportElement(sizes) {
  return [
    `<offhook-call>: idle button ${sizes.loader} B gz, with panel and call machine ${sizes.whole} B gz`,
    `    at the start of a call: sounds and events ${sizes.company}, our side of the phone ${sizes.phone} (within livekit-client's file); ` +
      `only where wanted: accent and dismissal ${sizes.extras}, settings and privacy ${sizes.sheets}, demo ${sizes.demo}`,
    `    English ${sizes.english}, which names the texts of all languages; one other language: ${Object.entries(sizes.locales).map(([tag, size]) => `${tag} ${size}`).join(', ')}`,
  ].join('\n');
}
