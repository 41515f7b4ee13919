// build.mjs — writes web/dist/element: offhook.js (one name for ever) and what it loads, by content hash, under offhook/.
// Runs on Node 18. The C build embeds the folder: dist/element/x is served at /x.

import { build, transform } from 'esbuild';
import { packWords } from '../core/words-plugin.mjs';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const OUT = path.join(here, '../../dist/element');

/** The browsers of the contract. */
export const TARGETS = ['chrome80', 'edge80', 'firefox75', 'safari14.1', 'opera67'];

// Class fields as plain assignments: smaller, and everything parses as ES2020.
// Chromium before 91 stumbles over a spread after an optional chain: there is none, and a test keeps it so.
const COMMON = {
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  absWorkingDir: here, bundle: true, minify: true, target: TARGETS, legalComments: 'none', metafile: true, write: true,
  logLevel: 'warning', supported: { 'class-field': false, 'class-static-field': false, 'optional-chain': true },
};

const minifyCss = async (file) => (await transform(await readFile(file, 'utf8'), { loader: 'css', minify: true, target: TARGETS })).code.trim();

/** `import css from './x.css?inline'` → the style sheet as text. */
const inlineCss = {
  name: 'inline-css',
  setup(setup) {
    setup.onResolve({ filter: /\.css\?inline$/ }, ({ path: name, resolveDir }) =>
      ({ path: path.join(resolveDir, name.replace('?inline', '')), namespace: 'inline-css' }));
    setup.onLoad({ filter: /./, namespace: 'inline-css' }, async ({ path: file }) =>
      ({ contents: await minifyCss(file), loader: 'text', watchFiles: [file] }));
  },
};

/** Of the launcher's words only the first, its label: the others are in extras. */
const onlyLabels = {
  name: 'only-labels',
  setup(setup) {
    setup.onLoad({ filter: /[\\/]launcher-words\.ts$/ }, async ({ path: file }) =>
      ({ contents: (await readFile(file, 'utf8')).replace(/('?[\w-]+'?: '[^'|]*)\|[^']*'/g, "$1'"), loader: 'ts' }));
  },
};

/**
 * esbuild splits by file: whatever an index names that any chunk needs would land in the chunk of everybody who uses that
 * index. So `import { x } from '@offhook/core'` goes straight to the file that x is in.
 */
const straight = {
  name: 'straight',
  async setup(setup) {
    const core = path.join(here, '../core/src');
    const homes = new Map();
    for (const folder of ['', 'words/']) {
      const index = await readFile(path.join(core, folder, 'index.ts'), 'utf8');
      for (const [, names, file] of index.matchAll(/^export \{([^}]+)\} from '\.\/([\w./-]+)'/gm)) {
        for (const name of names.split(',')) homes.set(name.trim(), path.join(core, folder, `${file}.ts`));
      }
    }
    setup.onLoad({ filter: /element[\\/]src[\\/][\w-]+\.ts$/ }, async ({ path: file }) => ({
      loader: 'ts',
      contents: (await readFile(file, 'utf8')).replace(/^import \{([^}]+)\} from '@offhook\/core(?:\/words)?';/gm, (_, names) =>
        names.split(',').map((name) => `import { ${name.trim()} } from ${JSON.stringify(homes.get(name.trim()))};`).join(' ')),
    }));
  },
};

/** An import that is left to the browser. */
const elsewhere = (from, to) => ({
  name: 'elsewhere',
  setup(setup) { setup.onResolve({ filter: new RegExp(`^${from.replace('.', '\\.')}$`) }, () => ({ path: to, external: true })); },
});

/** The style as a file, for browsers without adoptedStyleSheets on pages without a nonce. */
async function writeStyle(out, name) {
  const css = await minifyCss(path.join(here, 'src', `${name}.css`));
  const file = `offhook/${name}-${createHash('sha256').update(css).digest('hex').slice(0, 8).toUpperCase()}.css`;
  await writeFile(path.join(out, file), css);
  return file;
}

/** What went into the files: esbuild's metafiles of the chunks and of the loader. */
export async function buildElement(out = OUT) {
  await rm(out, { recursive: true, force: true });
  await mkdir(path.join(out, 'offhook'), { recursive: true });
  const [launcherStyle, panelStyle, extrasStyle, sheetsStyle] =
    await Promise.all(['launcher', 'panel', 'extras', 'sheets'].map((name) => writeStyle(out, name)));
  const styles = { OFFHOOK_PANEL_STYLE: JSON.stringify(panelStyle), OFFHOOK_EXTRAS_STYLE: JSON.stringify(extrasStyle), OFFHOOK_SHEETS_STYLE: JSON.stringify(sheetsStyle) };
  const names = { outdir: path.join(out, 'offhook'), entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', format: 'esm', define: styles };
  // What few calls need is built on its own: shared pieces would be cut out of the panel into many small files.
  const alone = { chunks: {}, files: {} };
  for (const name of ['demo', 'sheets', 'company', 'extras']) {
    const { metafile } = await build({ ...COMMON, ...names, entryPoints: { [name]: `src/${name}.ts` }, plugins: [inlineCss, straight] });
    const [file] = Object.keys(metafile.outputs);
    alone.chunks[name] = file;
    alone.files[name] = `offhook/${path.basename(file)}`;
  }
  const chunks = await build({
    ...COMMON, ...names, entryPoints: { panel: 'src/panel.ts' }, splitting: true,
    plugins: [inlineCss, packWords(), straight, ...['demo', 'sheets', 'company'].map((name) => elsewhere(`./${name}`, `./${path.basename(alone.files[name])}`))],
  });
  const fileOf = (entry) => {
    const found = Object.entries(chunks.metafile.outputs).find(([, output]) => output.entryPoint === entry);
    if (found === undefined) throw new Error(`esbuild wrote nothing for ${entry}`);
    return `offhook/${path.basename(found[0])}`;
  };
  const { version } = JSON.parse(await readFile(path.join(here, 'package.json'), 'utf8'));
  const loader = await build({
    ...COMMON, entryPoints: { offhook: 'src/loader.ts' }, outdir: out, format: 'iife', plugins: [inlineCss, onlyLabels],
    charset: 'utf8',
    define: {
      OFFHOOK_PANEL: JSON.stringify(fileOf('src/panel.ts')),
      OFFHOOK_EXTRAS: JSON.stringify(alone.files.extras),
      OFFHOOK_STYLE: JSON.stringify(launcherStyle),
      OFFHOOK_VERSION: JSON.stringify(version),
    },
  });
  // A classic script is read in the page's encoding unless it says otherwise itself: a byte order mark does.
  const file = path.join(out, 'offhook.js');
  await writeFile(file, `\uFEFF${await readFile(file, 'utf8')}`);
  return { chunks: chunks.metafile, loader: loader.metafile, alone: alone.chunks };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildElement();
