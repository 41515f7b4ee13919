// size.mjs — what a visitor downloads, in gzip bytes: on load, and later on intent. Reads esbuild's own account of who
// imports whom, so that it knows what is in a chunk instead of guessing.

import { gzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * @param {import('esbuild').Metafile} metafile
 * @param {string} base what the metafile's paths are relative to
 * @param {readonly string[]} entries source files that the page names
 */
export async function measure(metafile, base, entries) {
  /** The chunks that come with one, itself included. */
  const withIt = (name, seen = new Set()) => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const next of metafile.outputs[name].imports) if (next.kind === 'import-statement' && next.external !== true) withIt(next.path, seen);
    return seen;
  };
  const first = new Set();
  for (const [name, output] of Object.entries(metafile.outputs)) if (entries.includes(output.entryPoint)) withIt(name, first);
  const isLiveKit = (name) => Object.entries(metafile.outputs[name].inputs)
    .some(([input, { bytesInOutput }]) => bytesInOutput > 0 && /node_modules\/(livekit-client|@livekit)\//.test(input));

  const files = [];
  for (const [name, output] of Object.entries(metafile.outputs)) {
    if (!/\.(js|css)$/.test(name)) continue;
    const body = await readFile(path.join(base, name));
    const named = (input) => /core\/src\/words\/([a-z]{2}(?:-[A-Z]{2})?)\.ts$/.exec(input)?.[1];
    const inputs = Object.entries(output.inputs).filter(([, input]) => input.bytesInOutput > 0).map(([input]) => input);
    files.push({
      name: path.basename(name),
      bytes: body.length,
      gzip: gzipSync(body, { level: 9 }).length,
      first: first.has(name),
      inputs,
      // The largest input says best what a chunk is about.
      about: [...inputs].sort((a, b) => output.inputs[b].bytesInOutput - output.inputs[a].bytesInOutput)[0] ?? '',
      // A chunk that is a language: a visitor loads one of them, or none (English comes with the panel).
      locale: inputs.map(named).find((tag) => tag !== undefined && tag !== 'en'),
      // Nobody loads it without LiveKit's own code.
      livekit: [...withIt(name)].some(isLiveKit),
      react: inputs.some((input) => /node_modules\/react(-dom)?\//.test(input)),
    });
  }
  files.sort((a, b) => Number(b.first) - Number(a.first) || b.gzip - a.gzip);
  return files;
}

export function report(files) {
  const sum = (list) => list.reduce((total, file) => total + file.gzip, 0);
  const lines = (list) => list.map((file) =>
    `    ${file.name.padEnd(22)} ${String(file.bytes).padStart(7)} B ${String(file.gzip).padStart(7)} gz  ${file.about.replace(/.*node_modules\//, '')}`);
  const first = files.filter((file) => file.first);
  const later = files.filter((file) => !file.first && file.locale === undefined);
  const locales = files.filter((file) => file.locale !== undefined);
  return [
    `on load: ${sum(first)} B gz (${sum(first.filter((file) => !file.react))} without React)`, ...lines(first),
    `on intent: ${sum(later)} B gz`, ...lines(later),
    ...(locales.length === 0 ? [] : [`one of ${locales.length} languages: ${locales.map((file) => `${file.locale} ${file.gzip}`).join(', ')} B gz`]),
  ].join('\n');
}

/**
 * Gzip bytes: all of the first load; the first load without React; what opening the panel adds, without LiveKit and with
 * the largest language (framer-motion alone is 32 KB of it); the largest language.
 */
export const BUDGETS = { first: 90_000, ours: 12_000, panel: 78_000, locale: 3_072 };

export function overBudget(files, budgets = BUDGETS) {
  const sum = (keep) => files.filter(keep).reduce((total, file) => total + file.gzip, 0);
  const locale = Math.max(0, ...files.filter((file) => file.locale !== undefined).map((file) => file.gzip));
  const spent = {
    first: sum((file) => file.first),
    ours: sum((file) => file.first && !file.react),
    panel: locale + sum((file) => !file.first && !file.livekit && file.locale === undefined),
    locale,
  };
  const over = Object.keys(budgets).filter((name) => spent[name] > budgets[name])
    .map((name) => `${name}: ${spent[name]} B gz, allowed ${budgets[name]}`);
  if (files.some((file) => file.first && file.livekit)) over.push('livekit-client is in the first load');
  return over;
}

/** Gzip bytes that the React package adds to a page before anybody shows interest; its peers are the page's own. */
export const REACT_FIRST = 5 * 1024;

/** `files`: the package's own build, measured from the button. */
export function reactOverBudget(files, allowed = REACT_FIRST) {
  const first = files.filter((file) => file.first);
  const spent = first.reduce((total, file) => total + file.gzip, 0);
  const over = spent > allowed ? [`react: ${spent} B gz in the first chunk, allowed ${allowed}`] : [];
  // Errors are told by the panel; whoever never calls must not load their texts, nor the machine that makes them.
  for (const file of first) {
    const strangers = file.inputs.filter((input) => /\/core\/src\/(errors|machine|call|token|words\/(en|error-words|words))\.ts$/.test(input));
    if (strangers.length > 0) over.push(`react: ${strangers.join(', ')} in the first chunk`);
  }
  return { spent, over };
}
