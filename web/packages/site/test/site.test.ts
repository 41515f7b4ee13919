// What the binary serves: sizes, chunks, a page that a strict CSP accepts; and the invite.
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ENTRIES, buildSite, here } from '../build.mjs';
import { BUDGETS, measure, overBudget } from '../size.mjs';
import { addressOfInvite, createInvite, inviteOfAddress } from '../src/invite';

let out: string;
let page: string;
let files: Awaited<ReturnType<typeof measure>>;

beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'offhook-site-'));
  files = await measure(await buildSite(out), here, ENTRIES);
  page = await readFile(path.join(out, 'index.html'), 'utf8');
}, 60_000);
afterAll(() => rm(out, { recursive: true, force: true }));

describe('the built page', () => {
  it('has no livekit-client in what loads first, and has it later', () => {
    expect(files.filter((file) => file.first).length).toBeGreaterThan(1);
    expect(files.filter((file) => file.first && file.livekit)).toEqual([]);
    expect(files.some((file) => !file.first && file.livekit)).toBe(true);
  });
  it('keeps to its budgets', () => { expect(overBudget(files)).toEqual([]); });
  it('notices a budget that is broken', () => { expect(overBudget(files, { ...BUDGETS, ours: 10 })).toHaveLength(1); });
  it('has nothing inline and nothing from elsewhere', () => {
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i);
    for (const [, attributes, body] of page.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) {
      expect(attributes).toContain('src="/assets/');
      expect(body).toBe('');
    }
    for (const [, address] of page.matchAll(/<[a-z][^>]*\s(?:src|href)="([^"]+)"/g)) expect(address).toMatch(/^(\/(?!\/)|#|\.\/)/);
  });
  it('names only files that exist, by content hash', async () => {
    const there = await readdir(path.join(out, 'assets'));
    const named = [...page.matchAll(/\/assets\/([^"]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(3);
    for (const name of named) {
      expect(there).toContain(name);
      expect(name).toMatch(/-[0-9A-Z]{8}\.(js|css|svg)$/);
    }
    expect(page).not.toMatch(/%[A-Z]+%/);
  });
  it('needs no syntax newer than its oldest browser in the first chunks', async () => {
    const { transform } = await import('esbuild');
    for (const file of files.filter((item) => item.first && item.name.endsWith('.js'))) {
      const code = await readFile(path.join(out, 'assets', file.name), 'utf8');
      expect(code).not.toMatch(/\?\?=|\|\|=|&&=/);
      await transform(code, { target: 'es2020', format: 'esm', minify: true });
    }
  });
});

describe('an invite', () => {
  it('travels in the address', () => {
    expect(inviteOfAddress('')).toBeUndefined();
    expect(inviteOfAddress('?invite=')).toBeUndefined();
    expect(inviteOfAddress('?invite=a%26b')).toBe('a&b');
    expect(addressOfInvite('a&b', 'http://localhost:7880/demo?x=1#two')).toBe('http://localhost:7880/?invite=a%26b');
  });
  it('is asked of the server', async () => {
    const send = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(() => Promise.resolve(Response.json({ invite: 'abc', expiresAt: 1, url: 'https://evil.example/' })));
    expect(await createInvite('http://h/', send)).toEqual({ invite: 'abc', url: 'http://h/?invite=abc' });
    expect(send).toHaveBeenCalledWith('/api/voice/invite', expect.objectContaining({ method: 'POST' }));
  });
  it.each<[Response | Error, string]>([
    [new Error('gone'), 'SIGNAL_FAILED'],
    [Response.json({ code: 'RATE_LIMITED' }, { status: 429 }), 'RATE_LIMITED'],
    [new Response('no', { status: 500 }), 'TOKEN_HTTP'],
    [Response.json({}), 'TOKEN_INVALID'],
  ])('fails with a code (%#)', async (answer, code) => {
    const send = (): Promise<Response> => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
    await expect(createInvite('http://h/', send)).rejects.toMatchObject({ code });
  });
});
