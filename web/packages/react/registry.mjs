// registry.mjs — the components as a shadcn-style registry, served by the binary under /r/. Copy-in means sources: each item
// holds the thin file of the request and, under components/offhook, our code as it is, with imports that stay inside.

import { readFile, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { CORE_DOORS } from './declarations.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const components = path.join(here, '../../../components');
const SOURCES = { core: path.join(here, '../core/src'), react: path.join(here, 'src') };

const ITEMS = [
  { name: 'floating-call-button', title: 'Floating call button', description: 'A voice call button in the corner of the page, with the whole call behind it.' },
  { name: 'voice-call-interface', title: 'Voice call interface', description: 'One voice call in a LiveKit room: controls, levels, timer, states.' },
];

const relative = (from, to) => {
  const found = path.posix.relative(path.posix.dirname(from), to);
  return found.startsWith('.') ? found : `./${found}`;
};

/** Our packages' names become paths below components/offhook. */
function inside(file, text) {
  return text
    .replace(/(['"])@offhook\/core(?:\/([\w-]+))?\1/g, (_, quote, part) => quote + relative(file, `offhook/core/${CORE_DOORS[part === undefined ? '@offhook/core' : `@offhook/core/${part}`]}`) + quote)
    .replace(/(['"])@offhook\/react\/styles\.css\1/g, (_, quote) => quote + relative(file, 'offhook/react/styles.css') + quote)
    .replace(/(['"])@offhook\/react(?:\/([\w-]+))?\1/g, (_, quote, part) => quote + relative(file, `offhook/react/${part ?? 'index'}`) + quote);
}

async function library() {
  const files = [];
  for (const [name, folder] of Object.entries(SOURCES)) {
    for (const found of (await readdir(folder, { recursive: true })).sort()) {
      if (!/\.(tsx?|css)$/.test(found)) continue;
      const file = `offhook/${name}/${found.replaceAll('\\', '/')}`;
      files.push(entry(file, inside(file, await readFile(path.join(folder, found), 'utf8'))));
    }
  }
  return files;
}

function entry(file, content) {
  const target = `components/${file}`;
  return { path: target, type: file.startsWith('offhook/') ? 'registry:file' : 'registry:component', target, content };
}

async function item({ name, title, description }, about, shared) {
  const { react, 'react-dom': dom, ...peers } = about.peerDependencies;
  if (react === undefined || dom === undefined) throw new Error('the package must name React as a peer');
  const file = `${name}.tsx`;
  return {
    $schema: 'https://ui.shadcn.com/schema/registry-item.json',
    name,
    type: 'registry:component',
    title,
    description,
    author: 'offhook',
    dependencies: Object.entries(peers).map(([peer, range]) => `${peer}@${range}`),
    registryDependencies: [],
    files: [entry(file, inside(file, await readFile(path.join(components, file), 'utf8'))), ...shared],
    cssVars: { light: { 'oh-accent': '#0b7256', 'oh-radius': '20px' }, dark: { 'oh-accent': '#3fd6a4' } },
    docs: 'The button asks POST /api/voice/token for a call: offhook serves it, see VOICE_CALL_INTEGRATION.md.',
    categories: ['voice', 'call', 'support'],
  };
}

const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

/** Writes registry.json and an item for each component; returns their names. */
export async function writeRegistry(out, about) {
  const shared = await library();
  const items = await Promise.all(ITEMS.map((one) => item(one, about, shared)));
  const registry = {
    $schema: 'https://ui.shadcn.com/schema/registry.json',
    name: 'offhook',
    homepage: 'https://github.com/offhook/offhook',
    items: items.map((one) => ({ ...without(one, '$schema'), files: one.files.map((file) => without(file, 'content')) })),
  };
  const files = { 'registry.json': registry, ...Object.fromEntries(items.map((one) => [`${one.name}.json`, one])) };
  for (const [name, value] of Object.entries(files)) await writeFile(path.join(out, name), `${JSON.stringify(value)}\n`);
  return Object.keys(files);
}
