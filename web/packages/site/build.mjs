// build.mjs — writes web/dist/site: index.html and content-hashed files under assets/. Runs on Node 18.

import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { packWords } from '../core/words-plugin.mjs';
import { measure, report } from './size.mjs';

export const ENTRIES = ['src/site.tsx', 'src/site.css'];
export const here = path.dirname(fileURLToPath(import.meta.url));
export const OUT = path.join(here, '../../dist/site');

/** The browsers of the contract. */
export const TARGETS = ['chrome80', 'edge80', 'firefox75', 'safari14.1', 'opera67'];

export async function buildSite(out = OUT) {
  await rm(out, { recursive: true, force: true });
  await mkdir(path.join(out, 'assets'), { recursive: true });
  const result = await build({
    absWorkingDir: here,
    entryPoints: { site: 'src/site.tsx', style: 'src/site.css' },
    outdir: path.join(out, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    target: TARGETS,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'linked',
    plugins: [packWords()],
    metafile: true,
    logLevel: 'warning',
    // 'use client' is for frameworks that split server from browser; here everything is browser.
    logOverride: { 'ignored-directive': 'silent' },
  });
  const nameOf = (entry) => {
    const found = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint === entry);
    if (found === undefined) throw new Error(`esbuild wrote nothing for ${entry}`);
    return `/assets/${path.basename(found[0])}`;
  };
  const icon = await readFile(path.join(here, 'src/icon.svg'));
  const iconName = `/assets/icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8).toUpperCase()}.svg`;
  await writeFile(path.join(out, iconName), icon);

  const [JS, CSS] = ENTRIES.map(nameOf);
  // What the first chunk imports is asked for at once, not after it has been parsed.
  const preload = preloads(result.metafile, JS).map((name) => `<link rel="modulepreload" href="${name}">`).join('\n  ');
  const names = { ICON: iconName, CSS, JS, PRELOAD: preload };
  const page = await readFile(path.join(here, 'src/index.html'), 'utf8');
  await writeFile(path.join(out, 'index.html'), page.replace(/%([A-Z]+)%/g, (_, key) => names[key]));
  return result.metafile;
}

function preloads(metafile, entry) {
  const seen = new Set();
  const follow = (name) => {
    for (const { kind, path: next } of metafile.outputs[name].imports) {
      if (kind !== 'import-statement' || seen.has(next)) continue;
      seen.add(next);
      follow(next);
    }
  };
  follow(Object.keys(metafile.outputs).find((name) => name.endsWith(entry)));
  return [...seen].map((name) => `/assets/${path.basename(name)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const metafile = await buildSite();
  console.log(report(await measure(metafile, here, ENTRIES)));
}
