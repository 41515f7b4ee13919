// token.ts — asks the site's back end for a call: POST /api/voice/token, with typed errors and polite retries.
// Problems arrive as RFC 9457 JSON {type, title, status, detail, code}; `code` is one of errors.ts.

import { CallError, isErrorCode, toCallError } from './errors';
import type { CallErrorOptions, ErrorCode } from './errors';
import type { Solved } from './ticket';

/** What the server answers: the four fields of the contract, and ours. */
export interface TokenResponse {
  readonly token: string;
  readonly roomName: string;
  readonly participantName: string;
  /** ws:// or wss:// address of the LiveKit-compatible server. */
  readonly livekitHost: string;
  readonly serverUrl?: string;
  readonly participantToken?: string;
  readonly callId?: string;
  readonly expiresAt?: string | number;
  /** Sealed by the server: gets back into the same room under the same identity. */
  readonly resume?: string;
  /** Seconds; 0: for ever. */
  readonly ringTimeout?: number;
  readonly maxDuration?: number;
}

/** What a call needs to be joined. */
export interface Credentials {
  readonly token: string;
  readonly serverUrl: string;
  readonly roomName: string;
  readonly participantName: string;
  readonly callId: string | null;
  /** Milliseconds since 1970 by this device's clock; absent: unknown. */
  readonly expiresAt?: number;
  readonly resume?: string;
  /** Seconds; 0 or absent: no limit. */
  readonly ringTimeout?: number;
  readonly maxDuration?: number;
}

/** All optional; the server treats them as wishes and trusts none of them. */
export interface TokenRequest {
  readonly participantName?: string;
  /** Puts both holders of the same invite into one room. */
  readonly invite?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly metadata?: string;
  readonly site?: string;
  /** The user as the site vouches for: a JWT signed with the site's secret. */
  readonly identity?: string;
  readonly locale?: string;
  readonly page?: string | { readonly url?: string; readonly title?: string };
  readonly resume?: string;
  readonly lowData?: boolean;
  /** The visitor's own choice; absent: not asked. */
  readonly recording?: boolean;
}

export interface TokenClientOptions {
  /** Default `/api/voice/token`. */
  readonly url?: string;
  /** Sent as `Authorization: Bearer …` when it returns a string. */
  readonly getAuthToken?: () => Promise<string | null | undefined> | string | null | undefined;
  /** Attempts in all, default 3. Only lost connections, 502, 503, 504 and short Retry-After are tried again. */
  readonly attempts?: number;
  /** One attempt's limit, default 10 000 ms. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly online?: () => boolean;
}

/** What the call itself adds to the request. */
export interface CredentialWishes {
  /** The ticket of a call to go on with. */
  readonly resume?: string;
  readonly lowData?: boolean;
  readonly recording?: boolean;
}

export type GetCredentials = (signal: AbortSignal, wishes?: CredentialWishes) => Promise<Credentials>;

const BACKOFF_MS = 300; // first pause at most; doubles
const LONGEST_WAIT_S = 5; // a longer Retry-After is shown to the person instead of waited for
const RETRY_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);

export function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new DOMException('stopped', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 401: return 'AUTH_REQUIRED';
    case 403: return 'AUTH_FORBIDDEN';
    case 428:
    case 429: return 'RATE_LIMITED';
    default: return 'TOKEN_HTTP';
  }
}

/** Retry-After in seconds: a number, or an HTTP date. */
export function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

/** Codes that the server alone knows, in the words of the page. */
const ALIASES: Readonly<Record<string, ErrorCode>> = {
  SITE_UNKNOWN: 'ORIGIN_DENIED',
  PROOF_REQUIRED: 'RATE_LIMITED',
};

/** A refusal; `body` may hold the puzzle that opens the door. */
class Refusal extends CallError {
  readonly body: unknown;

  constructor(code: ErrorCode, options: CallErrorOptions, body: unknown) {
    super(code, options);
    this.body = body;
  }
}

/** The page's own code did not answer, and would take as long again. */
class Silence extends CallError {}

async function readProblem(response: Response): Promise<CallError> {
  const retryAfter = readRetryAfter(response.headers.get('retry-after'), Date.now());
  let problem: unknown = null;
  let code = codeOfStatus(response.status);
  let detail = `HTTP ${String(response.status)}`;
  if (/\bjson\b/i.test(response.headers.get('content-type') ?? '')) {
    const body: unknown = await response.json().catch(() => null);
    if (isRecord(body)) {
      problem = body;
      if (isErrorCode(body.code)) code = body.code;
      else if (typeof body.code === 'string') code = ALIASES[body.code] ?? code;
      const said = body.detail ?? body.title;
      if (typeof said === 'string') detail = said.slice(0, 500);
    }
  }
  return new Refusal(code, { status: response.status, detail, retryAfter }, problem);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function filled(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function seconds(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/**
 * When the pass runs out by this device's clock, whose time of day may be wrong: `serverNow` is the server's. A pass that
 * seems to have run out on arrival says only that the clocks differ.
 */
export function readExpiry(value: unknown, serverNow: number | null, now: number): number | undefined {
  const read = typeof value === 'number' ? value * (value < 1e12 ? 1000 : 1) : Date.parse(typeof value === 'string' ? value : '');
  if (!Number.isFinite(read)) return undefined;
  const expires = read + (serverNow === null ? 0 : now - serverNow);
  return expires > now ? expires : undefined;
}

/** Checks an answer and takes from it what a call needs. LiveKit's own names are understood as well. */
export function readCredentials(body: unknown, serverNow: number | null = null): Credentials {
  if (!isRecord(body)) throw new CallError('TOKEN_INVALID', { detail: 'the answer is not a JSON object' });
  const token = filled(body.token) ?? filled(body.participantToken);
  const serverUrl = filled(body.livekitHost) ?? filled(body.serverUrl);
  if (token === null) throw new CallError('TOKEN_INVALID', { detail: 'the answer has no token' });
  if (serverUrl === null || !/^(wss?|https?):\/\//i.test(serverUrl)) {
    throw new CallError('TOKEN_INVALID', { detail: 'the answer has no usable livekitHost' });
  }
  return {
    token,
    serverUrl,
    roomName: filled(body.roomName) ?? '',
    participantName: filled(body.participantName) ?? '',
    callId: filled(body.callId),
    expiresAt: readExpiry(body.expiresAt, serverNow, Date.now()),
    resume: filled(body.resume) ?? undefined,
    ringTimeout: seconds(body.ringTimeout),
    maxDuration: seconds(body.maxDuration),
  };
}

/** A function that gets credentials for one call. Give the request as a function when it may change between calls. */
export function createTokenClient(
  options: TokenClientOptions = {},
  request: TokenRequest | (() => TokenRequest) = {},
): GetCredentials {
  const url = options.url ?? '/api/voice/token';
  const attempts = Math.max(1, options.attempts ?? 3);
  const timeoutMs = options.timeoutMs ?? 10_000;
  const random = options.random ?? Math.random;
  const sleep = options.sleep ?? sleepFor;
  const online = options.online ?? ((): boolean => typeof navigator === 'undefined' || navigator.onLine);

  async function ask(signal: AbortSignal, wishes: CredentialWishes & Partial<Solved>): Promise<Credentials> {
    const send = options.fetch ?? globalThis.fetch;
    const limit = new AbortController();
    const stop = (): void => { limit.abort(); };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(stop, timeoutMs);
    const late = new Promise<never>((_, reject) => { limit.signal.addEventListener('abort', () => { reject(new DOMException('too late', 'AbortError')); }); });
    let asked = false;
    try {
      const auth = await Promise.race([options.getAuthToken?.(), late]); // the page's own code may hang as any server may
      asked = true;
      const response = await send(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, application/problem+json',
          ...(typeof auth === 'string' && auth !== '' ? { authorization: `Bearer ${auth}` } : {}),
        },
        body: JSON.stringify({ ...(typeof request === 'function' ? request() : request), ...wishes }),
        signal: limit.signal,
      });
      if (!response.ok) throw await readProblem(response);
      const body: unknown = await response.json().catch((cause: unknown) => {
        throw new CallError('TOKEN_INVALID', { detail: 'the answer is not JSON', cause });
      });
      const date = Date.parse(response.headers.get('date') ?? '');
      return readCredentials(body, Number.isNaN(date) ? null : date);
    } catch (error) {
      if (error instanceof CallError || signal.aborted) throw error;
      if (limit.signal.aborted) throw new (asked ? CallError : Silence)('TOKEN_HTTP', { detail: `no answer within ${String(timeoutMs)} ms`, cause: error });
      throw toCallError(error, online() ? 'TOKEN_HTTP' : 'NET_OFFLINE');
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /** How long to wait before asking again; null: do not. */
  function pause(error: CallError, attempt: number): number | null {
    if (error instanceof Silence || error.code === 'NET_OFFLINE' || error.code === 'TOKEN_INVALID') return null;
    if (error.retryAfter !== undefined) return error.retryAfter <= LONGEST_WAIT_S ? error.retryAfter * 1000 : null;
    if (error.status !== undefined && !RETRY_STATUS.has(error.status)) return null;
    // Jitter, so that a thousand pages do not come back in step after an outage.
    return Math.round(BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + random() / 2));
  }

  /** The puzzle of a server under attack, solved; null: it is none. */
  async function answer(error: unknown, signal: AbortSignal): Promise<Solved | null> {
    if (!(error instanceof Refusal) || error.status !== 428) return null;
    const { readPuzzle, solve } = await import('./ticket');
    const puzzle = readPuzzle(error.body);
    return puzzle === null ? null : solve(puzzle, signal);
  }

  return async (signal, wishes = {}) => {
    let solved: Solved | null = null;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask(signal, { ...wishes, ...solved });
      } catch (error) {
        if (signal.aborted || !(error instanceof CallError) || attempt >= attempts) throw error;
        const found: Solved | null = solved === null ? await answer(error, signal) : null;
        if (found !== null) {
          solved = found;
          continue;
        }
        const wait = pause(error, attempt);
        if (wait === null) throw error;
        await sleep(wait, signal);
      }
    }
  };
}
