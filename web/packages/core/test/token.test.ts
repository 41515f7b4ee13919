import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallError, createTokenClient, readCredentials } from '../src/index';
import { sha256 } from '../src/sha256';
import { leadingZeroBits } from '../src/ticket';
import { readExpiry, readRetryAfter, sleepFor } from '../src/token';
import type { ErrorCode, TokenClientOptions, TokenRequest } from '../src/index';

const GOOD = {
  token: 'jwt', roomName: 'room', participantName: 'guest', livekitHost: 'ws://h:7880', serverUrl: 'ws://h:7880',
  participantToken: 'jwt', callId: 'call_1', expiresAt: '2026-11-22T18:00:00Z',
};

// A token API in a few lines: each request takes the next answer.
type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let url: string;
let answers: Answer[];
let seen: { method: string | undefined; headers: IncomingMessage['headers']; body: string }[];
let slept: number[];

const json = (status: number, body: unknown, headers: Record<string, string> = {}, type = 'application/json'): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
const problem = (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  json(status, { type: 'about:blank', title: 'No', status, detail: 'because', code }, headers, 'application/problem+json');
const hangUp: Answer = (_request, response) => { response.destroy(); };

beforeEach(async () => {
  answers = [];
  seen = [];
  slept = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
    request.on('end', () => {
      seen.push({ method: request.method, headers: request.headers, body });
      const answer = answers.shift();
      if (answer === undefined) response.writeHead(500).end();
      else answer(request, response);
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/api/voice/token`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => { server.close(resolve); });
});

function client(options: TokenClientOptions = {}, request?: TokenRequest | (() => TokenRequest)): ReturnType<typeof createTokenClient> {
  return createTokenClient({
    url, random: () => 1, online: () => true,
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
    ...options,
  }, request);
}
const ask = (options?: TokenClientOptions, request?: TokenRequest): Promise<unknown> =>
  client(options, request)(new AbortController().signal);

async function errorOf(promise: Promise<unknown>): Promise<CallError> {
  const error: unknown = await promise.then(() => null, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(CallError);
  return error as CallError;
}

describe('S10 the request', () => {
  it('posts {} as JSON when nothing is asked for', async () => {
    answers = [json(200, GOOD)];
    expect(await ask()).toEqual({ token: 'jwt', serverUrl: 'ws://h:7880', roomName: 'room', participantName: 'guest', callId: 'call_1' });
    expect(seen[0]).toMatchObject({ method: 'POST', body: '{}' });
    expect(seen[0]?.headers['content-type']).toBe('application/json');
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });
  it('sends what was given, and the session of the site', async () => {
    answers = [json(200, GOOD)];
    await ask({ getAuthToken: () => Promise.resolve('session') }, { invite: 'i', participantName: 'Zoë', attributes: { page: '/' }, metadata: 'm' });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ invite: 'i', participantName: 'Zoë', attributes: { page: '/' }, metadata: 'm' });
    expect(seen[0]?.headers.authorization).toBe('Bearer session');
  });
  it('reads the request anew for each call', async () => {
    answers = [json(200, GOOD), json(200, GOOD)];
    let invite = 'one';
    const get = client({}, () => ({ invite }));
    await get(new AbortController().signal);
    invite = 'two';
    await get(new AbortController().signal);
    expect(seen.map(({ body }) => (JSON.parse(body) as TokenRequest).invite)).toEqual(['one', 'two']);
  });
});

describe('answers', () => {
  it('understands LiveKit’s names alone', () => {
    expect(readCredentials({ participantToken: 'p', serverUrl: 'wss://x' })).toMatchObject({ token: 'p', serverUrl: 'wss://x', callId: null });
  });
  it.each<[string, unknown]>([
    ['null', null], ['a list', []], ['a string', 'hello'], ['nothing', {}],
    ['no token', { livekitHost: 'ws://h' }], ['an empty token', { token: '', livekitHost: 'ws://h' }],
    ['a token that is no string', { token: 7, livekitHost: 'ws://h' }],
    ['no host', { token: 't' }], ['a script for a host', { token: 't', livekitHost: 'javascript:alert(1)' }],
  ])('refuses %s', (_name, body) => {
    expect(() => readCredentials(body)).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }) as Error);
  });
  it('refuses HTML with status 200, without a second try', async () => {
    answers = [json(200, '<html>login</html>', {}, 'text/html')];
    expect((await errorOf(ask())).code).toBe('TOKEN_INVALID');
    expect(seen).toHaveLength(1);
  });
});

describe('S09 refusals', () => {
  it.each<[number, string, ErrorCode]>([
    [401, 'AUTH_REQUIRED', 'AUTH_REQUIRED'], [403, 'ORIGIN_DENIED', 'ORIGIN_DENIED'], [400, 'TOKEN_INVALID', 'TOKEN_INVALID'],
    [429, 'RATE_LIMITED', 'RATE_LIMITED'], [403, 'SITE_PAUSED', 'SITE_PAUSED'],
    [401, 'NOT_OURS', 'AUTH_REQUIRED'], [403, 'NOT_OURS', 'AUTH_FORBIDDEN'], [429, 'NOT_OURS', 'RATE_LIMITED'], [404, 'NOT_OURS', 'TOKEN_HTTP'],
  ])('%i with code %s is %s, asked once', async (status, code, expected) => {
    answers = [problem(status, code)];
    expect(await errorOf(ask())).toMatchObject({ code: expected, status, detail: 'because' });
    expect(seen).toHaveLength(1);
  });
  it('survives a refusal that is not JSON', async () => {
    answers = [json(403, 'nope', {}, 'text/plain')];
    expect(await errorOf(ask())).toMatchObject({ code: 'AUTH_FORBIDDEN', status: 403 });
  });
  it('shows a long Retry-After instead of waiting for it', async () => {
    answers = [problem(429, 'RATE_LIMITED', { 'retry-after': '28' })];
    expect(await errorOf(ask())).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 28 });
    expect(slept).toEqual([]);
  });
  it('waits for a short one', async () => {
    answers = [problem(429, 'RATE_LIMITED', { 'retry-after': '2' }), json(200, GOOD)];
    await ask();
    expect(slept).toEqual([2000]);
  });
  it('reads Retry-After as seconds or as a date', () => {
    const now = Date.parse('2026-11-22T17:00:00Z');
    expect(readRetryAfter('Sun, 22 Nov 2026 17:00:30 GMT', now)).toBe(30);
    expect(readRetryAfter('1.2', now)).toBe(2);
    expect(readRetryAfter('-5', now)).toBe(0);
    expect(readRetryAfter('soon', now)).toBeUndefined();
    expect(readRetryAfter(null, now)).toBeUndefined();
  });
});

describe('S13 S44 credentials and their age', () => {
  const now = Date.parse('2026-11-22T17:00:00Z');
  it.each<[string, unknown, number | null, number | undefined]>([
    ['a date', '2026-11-22T18:00:00Z', null, now + 3_600_000],
    ['seconds', now / 1000 + 60, null, now + 60_000],
    ['milliseconds', now + 60_000, null, now + 60_000],
    ['a date of a server whose clock is an hour ahead', '2026-11-22T19:00:00Z', now + 3_600_000, now + 3_600_000],
    ['a date in the past: only the clocks differ', '2026-11-22T16:00:00Z', null, undefined],
    ['nothing', undefined, null, undefined], ['nonsense', 'soon', null, undefined],
  ])('reads %s', (_name, value, server, expected) => {
    expect(readExpiry(value, server, now)).toBe(expected);
  });
  it('takes ticket and limits from the answer, and no nonsense', () => {
    const good = { token: 't', livekitHost: 'ws://h', resume: 'sealed', ringTimeout: 45, maxDuration: 0 };
    expect(readCredentials(good)).toMatchObject({ resume: 'sealed', ringTimeout: 45, maxDuration: 0 });
    const odd = readCredentials({ ...good, resume: 7, ringTimeout: -1, maxDuration: 'long' });
    expect([odd.resume, odd.ringTimeout, odd.maxDuration]).toEqual([undefined, undefined, undefined]);
  });
  it('P50 sends the ticket of the call to go on with', async () => {
    answers = [json(200, GOOD)];
    await client({}, { site: 'shop' })(new AbortController().signal, { resume: 'sealed', lowData: true });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ site: 'shop', resume: 'sealed', lowData: true });
  });
});

describe('N27 a server under attack', () => {
  const puzzle = json(428, {
    status: 428, code: 'PROOF_REQUIRED', detail: 'work', ticket: 'origin-ticket', proof: { algorithm: 'SHA-256', challenge: 'abc', bits: 6 },
  }, {}, 'application/problem+json');
  it('gets its puzzle solved, once, without a pause', async () => {
    answers = [puzzle, json(200, GOOD)];
    await ask({}, { site: 'shop' });
    const again = JSON.parse(seen[1]?.body ?? '') as { site: string; ticket: string; proof: string };
    expect(again).toMatchObject({ site: 'shop', ticket: 'origin-ticket' });
    expect(leadingZeroBits(sha256(new TextEncoder().encode(`abc${again.proof}`)))).toBeGreaterThanOrEqual(6);
    expect(slept).toEqual([]);
  });
  it('is not believed a second time', async () => {
    answers = [puzzle, puzzle, json(200, GOOD)];
    expect(await errorOf(ask())).toMatchObject({ code: 'RATE_LIMITED', status: 428 });
    expect(seen).toHaveLength(2);
  });
  it('has a site that nobody knows: the website’s owner is told, not the visitor blamed', async () => {
    answers = [problem(404, 'SITE_UNKNOWN')];
    expect((await errorOf(ask())).code).toBe('ORIGIN_DENIED');
  });
});

describe('S12 trying again', () => {
  it.each([502, 503, 504])('after %i, with growing pauses, three times in all', async (status) => {
    answers = [problem(status, 'SERVER_DRAINING'), problem(status, 'SERVER_DRAINING'), problem(status, 'SERVER_DRAINING'), json(200, GOOD)];
    expect((await errorOf(ask())).code).toBe('SERVER_DRAINING');
    expect(seen).toHaveLength(3);
    expect(slept).toEqual([300, 600]);
  });
  it('spreads the pauses by chance, never under half', async () => {
    answers = [hangUp, json(200, GOOD)];
    await ask({ random: () => 0 });
    expect(slept).toEqual([150]);
  });
  it('after a lost connection', async () => {
    answers = [hangUp, json(200, GOOD)];
    expect(await ask()).toMatchObject({ token: 'jwt' });
  });
  it('not when the device is offline', async () => {
    answers = [hangUp];
    expect((await errorOf(ask({ online: () => false }))).code).toBe('NET_OFFLINE');
    expect(seen).toHaveLength(1);
  });
  it('gives a slow server up', async () => {
    answers = [() => undefined];
    expect(await errorOf(ask({ timeoutMs: 30, attempts: 1 }))).toMatchObject({ code: 'TOKEN_HTTP', detail: 'no answer within 30 ms' });
  });
  it('waits no longer for the page’s own code than for a server', async () => {
    const getAuthToken = (): Promise<string> => new Promise(() => undefined);
    expect(await errorOf(ask({ getAuthToken, timeoutMs: 30, attempts: 1 }))).toMatchObject({ code: 'TOKEN_HTTP', detail: 'no answer within 30 ms' });
    const hanging = vi.fn(getAuthToken);
    expect(await errorOf(ask({ getAuthToken: hanging, timeoutMs: 30 }))).toMatchObject({ code: 'TOKEN_HTTP', detail: 'no answer within 30 ms' });
    expect(hanging).toHaveBeenCalledOnce(); // and not three times as long
    const stop = new AbortController();
    const asked = client({ getAuthToken })(stop.signal);
    stop.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toHaveLength(0);
  });
  it('stops at once when the call is ended', async () => {
    answers = [() => undefined];
    const stop = new AbortController();
    const asked = client()(stop.signal);
    setTimeout(() => { stop.abort(); }, 20);
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen.length).toBeLessThanOrEqual(1);
    await expect(sleepFor(60_000, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
