// declarations.mjs — the types of the package: TypeScript's own declarations of react and core, made to stand alone, and
// from them the report of the public API (api.md) that is kept in git.

import ts from 'typescript';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const here = path.dirname(fileURLToPath(import.meta.url));
const packages = path.join(here, '..');

/** Where @offhook/core's doors lead, from its own package.json: '@offhook/core/words' → 'words/index'. */
export const CORE_DOORS = Object.fromEntries(Object.entries(JSON.parse(readFileSync(path.join(packages, 'core/package.json'), 'utf8')).exports)
  .filter(([, file]) => file.endsWith('.ts'))
  .map(([door, file]) => [`@offhook/core${door.slice(1)}`, file.replace(/^\.\/src\/(.*)\.ts$/, '$1')]));
const ENTRIES = ['index', 'call-controls'];

/** Relative file name → text. `@offhook/core…` becomes a path inside the package, every path gets its extension. */
export function declarations() {
  const { config } = ts.readConfigFile(path.join(packages, '../tsconfig.json'), (name) => ts.sys.readFile(name));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, path.join(packages, '..'));
  const program = ts.createProgram(['index.ts', 'call-controls.tsx'].map((name) => path.join(here, 'src', name)), {
    ...options, noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: packages, outDir: '/',
    paths: Object.fromEntries(Object.entries(CORE_DOORS).map(([door, file]) => [door, [path.join(packages, 'core/src', `${file}.ts`)]])),
  });
  const files = new Map();
  const { diagnostics } = program.emit(undefined, (name, text) => {
    const own = /^\/(react|core)\/src\/(.*)$/.exec(name.replaceAll('\\', '/'));
    if (own !== null) files.set(`${own[1]}/${own[2]}`, text);
  }, undefined, true);
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length > 0) throw new Error(ts.formatDiagnostics(problems, { getCanonicalFileName: (name) => name, getCurrentDirectory: () => packages, getNewLine: () => '\n' }));
  for (const [name, text] of files) files.set(name, standAlone(name, text, files));
  return reachable(files);
}

function standAlone(name, text, files) {
  return text.replace(/(from\s+|import\()(['"])([^'"]+)\2/g, (whole, before, quote, target) => {
    let to = null;
    if (target in CORE_DOORS) to = `core/${CORE_DOORS[target]}.d.ts`;
    else if (target.startsWith('.')) to = path.posix.join(path.posix.dirname(name), `${target}.d.ts`);
    if (to === null) return whole;
    if (!files.has(to)) throw new Error(`${name} names ${target}, which has no declarations`);
    const relative = path.posix.relative(path.posix.dirname(name), to).replace(/\.d\.ts$/, '.js');
    return `${before}${quote}${relative.startsWith('.') ? relative : `./${relative}`}${quote}`;
  });
}

/** Only what the entry points lead to. */
function reachable(files) {
  const kept = new Map();
  const follow = (name) => {
    if (kept.has(name) || !files.has(name)) return;
    const text = files.get(name);
    kept.set(name, text);
    for (const [, , target] of text.matchAll(/(from\s+|import\()['"](\.[^'"]+)\.js['"]/g)) {
      follow(path.posix.join(path.posix.dirname(name), `${target}.d.ts`));
    }
  };
  for (const entry of ENTRIES) follow(`react/${entry}.d.ts`);
  return kept;
}

export async function writeTypes(out) {
  for (const [name, text] of declarations()) {
    const file = path.join(out, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** The public API as one text: what each entry point exports, and every type of ours that these mention. */
export function apiReport(files = declarations()) {
  const base = '/api/';
  const host = ts.createCompilerHost({});
  const real = { get: host.getSourceFile.bind(host), exists: host.fileExists.bind(host), read: host.readFile.bind(host) };
  const own = (name) => (name.startsWith(base) ? files.get(name.slice(base.length)) : undefined);
  host.fileExists = (name) => own(name) !== undefined || real.exists(name);
  host.directoryExists = () => true;
  host.readFile = (name) => own(name) ?? real.read(name);
  host.getSourceFile = (name, target) => (own(name) === undefined ? real.get(name, target) : ts.createSourceFile(name, own(name), target, true));
  const program = ts.createProgram([...files.keys()].map((name) => base + name), { moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, noLib: true, skipLibCheck: true }, host);
  const checker = program.getTypeChecker();
  const seen = new Map();

  function note(symbol) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    if (seen.has(target)) return;
    const nodes = (target.declarations ?? []).filter((node) => node.getSourceFile().fileName.startsWith(base) && !ts.isTypeParameterDeclaration(node) && named(node));
    if (nodes.length === 0) return;
    seen.set(target, nodes);
    const visit = (node) => {
      if (ts.isIdentifier(node)) {
        const found = checker.getSymbolAtLocation(node);
        if (found !== undefined) note(found);
      }
      ts.forEachChild(node, visit);
    };
    nodes.forEach(visit);
  }

  const lines = ['# @offhook/react: the public API', '', 'Written by `npm run api`, compared by a test. A change here is a change for everybody who uses the package.', ''];
  for (const entry of ENTRIES) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(`${base}react/${entry}.d.ts`));
    const names = checker.getExportsOfModule(module);
    lines.push(`## ${entry === 'index' ? '@offhook/react' : `@offhook/react/${entry}`}`, '', names.map((symbol) => `\`${symbol.name}\``).sort().join(' · '), '');
    names.forEach(note);
  }
  lines.push('## Declarations', '', '```ts');
  const texts = [...seen].map(([symbol, nodes]) => [symbol.name, nodes.map((node) => declarationText(node)).join('\n')]);
  texts.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  lines.push(...texts.map(([, text]) => text), '```', '');
  return lines.join('\n');
}

/** Top-level declarations; members are part of the text of what holds them. */
function named(node) {
  const holder = ts.isVariableDeclaration(node) ? node.parent.parent.parent : node.parent;
  return ts.isSourceFile(holder);
}

function declarationText(node) {
  const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  return statement.getText().replace(/^(export |declare )+/, '');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = path.join(here, 'api.md');
  const before = await readFile(file, 'utf8').catch(() => '');
  const report = apiReport();
  await writeFile(file, report);
  console.log(before === report ? 'api.md: as it was' : 'api.md: changed');
}
