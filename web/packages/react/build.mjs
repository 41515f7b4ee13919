// build.mjs — the package as others install it: packages/react/dist (ES modules in chunks, types, package.json), and from it
// web/dist/registry: an npm tarball and shadcn-style registry items, which the binary serves under /r/. `npm run build:react`.

import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { packWords } from '../core/words-plugin.mjs';
import { writeTypes } from './declarations.mjs';
import { writeRegistry } from './registry.mjs';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const DIST = path.join(here, 'dist');
export const REGISTRY = path.join(here, '../../dist/registry');
export const ENTRIES = { index: 'src/index.ts', 'call-controls': 'src/call-controls.tsx' };

/** The browsers of the contract. */
const TARGETS = ['chrome80', 'edge80', 'firefox75', 'safari14.1', 'opera67'];

/** Everything but our own code comes from the page's own node_modules. */
export function buildCode(out = DIST) {
  return bundle(out, { ...ENTRIES, styles: 'src/styles.css' });
}

/** The button alone, as a page's bundler makes it of the package: for its budget. */
export function buildButton(out) {
  return bundle(out, { button: 'src/floating-call-button.tsx' });
}

async function bundle(out, entryPoints) {
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints,
    outdir: out,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    target: TARGETS,
    jsx: 'automatic',
    external: ['react', 'react-dom', 'react/*', 'livekit-client', '@livekit/*', 'framer-motion', 'framer-motion/*', 'lucide-react'],
    plugins: [packWords()],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    logOverride: { 'ignored-directive': 'silent' },
  });
  // Every file of ours runs in the browser only; a framework that splits server from browser must see that in each of them.
  for (const name of Object.keys(metafile.outputs).filter((one) => one.endsWith('.js'))) {
    const file = path.join(here, name);
    const code = await readFile(file, 'utf8');
    if (!code.startsWith('"use client"')) await writeFile(file, `"use client";\n${code}`);
  }
  return metafile;
}

async function manifest() {
  const own = JSON.parse(await readFile(path.join(here, 'package.json'), 'utf8'));
  const entry = (name) => ({ types: `./types/react/${name}.d.ts`, default: `./${name}.js` });
  return {
    name: own.name,
    version: own.version,
    description: own.description,
    license: own.license,
    type: 'module',
    sideEffects: ['**/*.css'],
    exports: {
      '.': entry('index'),
      './call-controls': entry('call-controls'),
      './styles.css': './styles.css',
      './package.json': './package.json',
    },
    types: './types/react/index.d.ts',
    peerDependencies: own.peerDependencies,
  };
}

export async function buildPackage() {
  await rm(DIST, { recursive: true, force: true });
  await mkdir(DIST, { recursive: true });
  const metafile = await buildCode();
  await writeTypes(path.join(DIST, 'types'));
  const about = await manifest();
  await writeFile(path.join(DIST, 'package.json'), `${JSON.stringify(about, null, 2)}\n`);
  await cp(path.join(here, 'README.md'), path.join(DIST, 'README.md'));
  await cp(path.join(here, '../../../LICENSE'), path.join(DIST, 'LICENSE'));
  return { metafile, about };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { about } = await buildPackage();
  await rm(REGISTRY, { recursive: true, force: true });
  await mkdir(REGISTRY, { recursive: true });
  const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--pack-destination', REGISTRY], { cwd: DIST });
  const packed = JSON.parse(stdout);
  const tarball = (Array.isArray(packed) ? packed[0] : Object.values(packed)[0]).filename;
  const items = await writeRegistry(REGISTRY, about);
  console.log(`packages/react/dist, dist/registry: ${[tarball, ...items].join(' ')}`);
}
