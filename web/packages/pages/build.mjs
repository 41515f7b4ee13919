// build.mjs — writes web/dist/pages: embed.html, call.html and designer.html, and what they load under assets/, by content hash.
// Runs on Node 18.

import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { TARGETS } from '../element/build.mjs';
import { packWords } from '../core/words-plugin.mjs';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const OUT = path.join(here, '../../dist/pages');
export const PAGES = ['embed', 'call', 'designer'];

/** One bundle of `source` → its address. */
async function bundle(out, source) {
  const { outputFiles } = await build({
    absWorkingDir: here, entryPoints: [source], outdir: out, bundle: true, minify: true, format: 'esm', target: TARGETS, write: false,
    legalComments: 'none', logLevel: 'warning', plugins: [packWords()],
  });
  return asset(out, path.parse(source).name, path.extname(outputFiles[0].path), outputFiles[0].contents);
}

async function asset(out, name, suffix, contents) {
  const file = `/assets/${name}-${createHash('sha256').update(contents).digest('hex').slice(0, 8).toUpperCase()}${suffix}`;
  await writeFile(path.join(out, file), contents);
  return file;
}

/** The languages' own names, read off the dictionary's list. */
async function languages() {
  const { outputFiles } = await build({
    stdin: { contents: "export { LOCALES } from '@offhook/core/words'", resolveDir: here }, bundle: true, format: 'esm', write: false, platform: 'neutral', plugins: [packWords()],
    logLevel: 'warning', external: ['livekit-client'],
  });
  const { LOCALES } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return LOCALES.map(({ tag, name }) => `<option value="${tag}">${name}</option>`).join('');
}

export async function buildPages(out = OUT) {
  await rm(out, { recursive: true, force: true });
  await mkdir(path.join(out, 'assets'), { recursive: true });
  const names = {
    CSS: await bundle(out, 'src/pages.css'),
    ICON: await asset(out, 'pages-icon', '.svg', await readFile(path.join(here, '../site/src/icon.svg'))),
    LANGUAGES: await languages(),
  };
  for (const page of PAGES) {
    const JS = await bundle(out, `src/${page}.ts`);
    const html = await readFile(path.join(here, `src/${page}.html`), 'utf8');
    await writeFile(path.join(out, `${page}.html`), html.replace(/%([A-Z]+)%/g, (_, key) => ({ ...names, JS })[key]));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPages();
