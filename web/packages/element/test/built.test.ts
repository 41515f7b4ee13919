// What is delivered: its size, its syntax, and that the manifest tells the truth about it.
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'acorn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildElement, here } from '../build.mjs';
import { ELEMENT_BUDGETS, measureElement, overElementBudget } from '../size.mjs';
import type { ElementSizes } from '../size.mjs';
import { ATTRIBUTES, OffhookCall } from '../src/index';
import { STATES } from '../src/marks';

interface Named { readonly name: string; readonly kind?: string }
interface Declaration {
  readonly attributes: readonly Named[]; readonly members: readonly Named[]; readonly events: readonly Named[]; readonly slots: readonly Named[];
  readonly cssParts: readonly Named[]; readonly cssProperties: readonly Named[]; readonly cssStates: readonly Named[];
}

let out: string;
let sizes: ElementSizes;
let scripts: [name: string, code: string][];
let sources: string;
let declared: Declaration;
beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'offhook-built-'));
  sizes = await measureElement(await buildElement(out));
  const names = ['offhook.js', ...(await readdir(path.join(out, 'offhook'))).filter((name) => name.endsWith('.js')).map((name) => `offhook/${name}`)];
  scripts = await Promise.all(names.map(async (name) => [name, await readFile(path.join(out, name), 'utf8')] as [string, string]));
  const files = (await readdir(path.join(here, 'src'))).filter((name) => /\.(ts|css)$/.test(name));
  sources = (await Promise.all(files.map((name) => readFile(path.join(here, 'src', name), 'utf8')))).join('\n');
  const manifest = JSON.parse(await readFile(path.join(here, 'custom-elements.json'), 'utf8')) as { modules: [{ declarations: [Declaration] }] };
  [declared] = manifest.modules[0].declarations;
});
afterAll(() => rm(out, { recursive: true, force: true }));

const names = (list: readonly Named[]): string[] => list.map(({ name }) => name).sort();
const inSources = (pattern: RegExp): string[] => [...new Set([...sources.matchAll(pattern)].map(([, name]) => name ?? ''))].sort();

describe('size', () => {
  it('N02 keeps to 6 KB for the button, 24 for panel and machine, 3 for a language', () => { expect(overElementBudget(sizes)).toEqual([]); });
  it('notices a budget that is broken', () => { expect(overElementBudget(sizes, { ...ELEMENT_BUDGETS, loader: 10 })).toHaveLength(1); });
  it('N02 S47 livekit-client is in one file only, which neither button nor panel brings along', () => {
    expect(scripts.filter(([, code]) => code.length > 200_000).map(([name]) => name)).toEqual([expect.stringMatching(/^offhook\/phone-/)]);
    expect(sizes.whole).toBeLessThan(40_000); // all that comes without a dynamic import
  });
});

describe('browser floor', () => {
  it('S52 S53 S54 S55 everything parses as ES2020, without a spread after an optional chain', () => {
    for (const [name, code] of scripts) {
      const tree = parse(code, { ecmaVersion: 2020, sourceType: name === 'offhook.js' ? 'script' : 'module' });
      let spreads = 0;
      const walk = (value: unknown, inChain: boolean): void => {
        if (Array.isArray(value)) value.forEach((one) => { walk(one, inChain); });
        else if (typeof value === 'object' && value !== null) {
          const { type, arguments: given } = value as { type?: string; arguments?: { type: string }[] };
          const chained = inChain || type === 'ChainExpression';
          if (chained && type === 'CallExpression' && given?.some((one) => one.type === 'SpreadElement') === true) spreads += 1;
          for (const [key, inner] of Object.entries(value)) walk(inner, chained && (key === 'callee' || key === 'object' || key === 'expression'));
        }
      };
      walk(tree, false);
      expect(spreads, name).toBe(0);
    }
  });
  it('S54 our code and style ask for nothing that the oldest browsers lack', () => {
    expect(sources).not.toMatch(/\.(replaceAll|at|findLast|hasOwn|toSorted)\(|structuredClone|randomUUID|AbortSignal\.timeout|\.inert\b/);
    expect(sources).not.toMatch(/(?<![-\w])inset(-\w+)*:|:is\(|:where\(|:has\(|light-dark\(|color-mix\(|@container|@layer|dvh|aspect-ratio:/);
  });
  it('P62 no string becomes markup or code', () => {
    for (const [name, code] of scripts) {
      if (code.length > 200_000) continue;
      expect(code, name).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style"/);
    }
  });
  it('the loader says itself that it is UTF-8: a page in another encoding would garble its words', () => {
    expect(scripts[0]?.[1].charCodeAt(0)).toBe(0xfeff);
  });
});

describe('custom-elements.json', () => {
  it('N22 names every attribute, and the code reads each of them', () => {
    expect(names(declared.attributes)).toEqual([...ATTRIBUTES].sort());
    for (const attribute of ATTRIBUTES) expect(sources, attribute).toMatch(new RegExp(`(?:Attribute|of|wanted|readJson)\\((?:host, )?'${attribute}'|${attribute}: '|'${attribute}', '${attribute}'|this\\.(nonce|lang|dir)`));
  });
  it('names methods and fields that the class has', () => {
    for (const { name, kind } of declared.members) {
      const found = Object.getOwnPropertyDescriptor(OffhookCall.prototype, name);
      expect(kind === 'method' ? typeof found?.value : typeof found?.get, name).toBe('function');
    }
  });
  it('names every event', () => { expect(names(declared.events)).toEqual(inSources(/'(oh-(?!panel)[a-z-]+)'/g)); });
  it('names every part', () => {
    const dynamic = ['back', 'close', 'more', 'mic', 'speaker', 'end', 'bar-local', 'bar-remote', 'queue']; // given to a function as their name
    for (const part of dynamic) expect(sources).toContain(`'${part}'`);
    expect(names(declared.cssParts)).toEqual([...new Set([...inSources(/part: (?:[^'\n,}]*\? )?'([a-z-]+)'/g), ...dynamic])].sort());
  });
  it('names every slot', () => { expect(names(declared.slots).filter(Boolean)).toEqual(inSources(/'slot', \{ name: '([a-z-]+)'/g)); });
  it('names every custom property that a page may set', () => {
    const inner = ['--oh-level', '--oh-reach'];
    expect(names(declared.cssProperties)).toEqual(inSources(/^\s*(--oh-[a-z-]+):|\{ (--oh-[a-z-]+):/gm).filter((name) => name !== '' && !inner.includes(name)));
  });
  it('names every state', () => { expect(names(declared.cssStates)).toEqual([...STATES].sort()); });
});
