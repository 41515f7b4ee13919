// words-plugin.mjs — for esbuild: turns each language (an object with named keys) into one packed string in the order of
// English, and keeps letters as UTF-8. Without it everything works too, only larger.

import { build } from 'esbuild';
import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'src/words');

/** Reads a module of this folder, types and all. */
async function load(name) {
  const { outputFiles } = await build({ entryPoints: [path.join(folder, name)], bundle: true, format: 'esm', write: false, charset: 'utf8' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Greek or Cyrillic letters take two bytes each; where it helps, they change places with the Latin ones. */
function smallest({ alphabetOf, transcribe }, packed) {
  const alphabet = alphabetOf(packed);
  const ways = [JSON.stringify(packed), `${JSON.stringify(transcribe(packed, alphabet))}, ${JSON.stringify(alphabet)}`];
  const [plain, swapped] = ways.map((way) => gzipSync(way, { level: 9 }).length);
  return ways[swapped < plain ? 1 : 0];
}

/** @returns {import('esbuild').Plugin} */
export function packWords() {
  return {
    name: 'pack-words',
    setup({ initialOptions, onLoad }) {
      initialOptions.charset ??= 'utf8';
      onLoad({ filter: /[\\/]src[\\/]words[\\/][a-z]{2}(-[A-Z]{2})?\.ts$/ }, async ({ path: file }) => {
        if (path.dirname(file) !== folder || path.basename(file) === 'en.ts') return undefined;
        const [{ words }, packing] = await Promise.all([load(path.basename(file)), load('pack.ts')]);
        const contents = `import { unpack } from './pack';\nexport const words = unpack(${smallest(packing, packing.pack(words))});\n`;
        return { contents, loader: 'js', resolveDir: folder, watchFiles: [file] };
      });
    },
  };
}
