// @vitest-environment happy-dom
// The package as others get it: React 18 and 19, server and StrictMode; what is in the first chunk; types, tarball, registry.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildButton, here } from '../build.mjs';
import { apiReport } from '../declarations.mjs';
import { writeRegistry } from '../registry.mjs';
import { measure, reactOverBudget } from '../../site/size.mjs';
import type * as Rehearsal from './rehearsal';

let out: string;
beforeAll(async () => { out = await mkdtemp(path.join(tmpdir(), 'offhook-react-')); });
afterAll(() => rm(out, { recursive: true, force: true }));

const homes = { 18: path.join(here, '../react-18'), 19: here };

/** The rehearsal with this React; one file. */
async function bundle(react: 18 | 19): Promise<string> {
  const from = createRequire(path.join(homes[react], 'package.json'));
  const outfile = path.join(out, `rehearsal-${String(react)}.cjs`);
  await build({
    entryPoints: [path.join(here, 'test/rehearsal.tsx')], outfile, bundle: true, format: 'cjs', platform: 'browser', jsx: 'automatic', logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"development"' },
    alias: {
      react: path.dirname(from.resolve('react')),
      'react-dom/server': path.join(path.dirname(from.resolve('react-dom')), 'server.browser.js'),
      'react-dom': path.dirname(from.resolve('react-dom')),
    },
    logOverride: { 'ignored-directive': 'silent' },
  });
  return outfile;
}

describe.each([18, 19] as const)('with React %i', (react) => {
  it('S60 P02 it is drawn on a server, hydrated without a word, and calls once in StrictMode', async () => {
    const file = await bundle(react);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', `process.stdout.write(require(${JSON.stringify(file)}).server(), () => process.exit())`]);
    expect(stderr).toBe('');
    expect(stdout).toContain('data-oh-state="idle"');
    expect(stdout).toContain('Talk to us');
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const host = document.createElement('div');
    document.body.append(host);
    host.innerHTML = stdout;
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    const { version, live } = createRequire(file)(file) as typeof Rehearsal;
    expect(version.split('.')[0]).toBe(String(react));
    expect(await live(host)).toEqual({ opened: 1, states: ['opening', 'requesting-mic', 'connecting', 'connected'], closed: 1 });
    expect(said.mock.calls).toEqual([]);
    vi.unstubAllGlobals();
  });
});

describe('the built package', () => {
  it('S47 its first chunk is small and has neither LiveKit, nor the machine, nor the texts of errors', async () => {
    const files = await measure(await buildButton(path.join(out, 'dist')), here, ['src/floating-call-button.tsx']);
    const { over, spent } = reactOverBudget(files);
    expect(over).toEqual([]);
    expect(reactOverBudget(files, spent - 1).over).toHaveLength(1);
    const first = await Promise.all(files.filter((file) => file.first).map((file) => readFile(path.join(out, 'dist', file.name === 'button.js' ? file.name : `chunks/${file.name}`), 'utf8')));
    for (const code of first) {
      expect(code.startsWith('"use client"')).toBe(true);
      expect(code).not.toContain('livekit');
    }
  });
  it('S60 the report of its types in git is what the sources say', async () => {
    expect(apiReport()).toBe(await readFile(path.join(here, 'api.md'), 'utf8'));
  }, 240_000);
  it('P03 its registry items have the shape that shadcn reads, and nothing in them leads outside', async () => {
    const about = { peerDependencies: { react: '>=18', 'react-dom': '>=18', 'livekit-client': '^2' } };
    await writeRegistry(out, about);
    const item = JSON.parse(await readFile(path.join(out, 'floating-call-button.json'), 'utf8')) as {
      name: string; type: string; dependencies: string[]; files: { path: string; type: string; target: string; content: string }[];
    };
    expect(item).toMatchObject({ name: 'floating-call-button', type: 'registry:component', dependencies: ['livekit-client@^2'] });
    const targets = new Set(item.files.map((file) => file.target));
    expect(item.files[0]).toMatchObject({ path: 'components/floating-call-button.tsx', target: 'components/floating-call-button.tsx' });
    for (const file of item.files) {
      expect(file.type).toMatch(/^registry:(component|file)$/);
      for (const [, name = ''] of file.content.matchAll(/(?:from|import|import\()\s*['"](\.[^'"]+)['"]/g)) {
        const to = path.posix.join(path.posix.dirname(file.target), name);
        expect([to, `${to}.ts`, `${to}.tsx`].some((one) => targets.has(one)), `${file.target} → ${name}`).toBe(true);
      }
      expect(file.content).not.toMatch(/(?:from|import|import\()\s*['"]@offhook\//);
    }
    const registry = JSON.parse(await readFile(path.join(out, 'registry.json'), 'utf8')) as { items: { name: string; files: object[] }[] };
    expect(registry.items.map(({ name }) => name)).toEqual(['floating-call-button', 'voice-call-interface']);
    expect(registry.items.every(({ files }) => files.every((file) => !('content' in file)))).toBe(true);
  });
});
