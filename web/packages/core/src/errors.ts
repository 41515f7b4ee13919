// errors.ts — every way a call can go wrong, as a stable code. What a person is told about one is errorWords in words/.

export const ERROR_CODES = [
  'MIC_DENIED', 'MIC_DENIED_SYSTEM', 'MIC_NOT_FOUND', 'MIC_IN_USE', 'MIC_SILENT', 'OUTPUT_BLOCKED',
  'INSECURE_CONTEXT', 'BROWSER_UNSUPPORTED', 'POLICY_BLOCKED',
  'TOKEN_HTTP', 'TOKEN_INVALID', 'TOKEN_EXPIRED', 'AUTH_REQUIRED', 'AUTH_FORBIDDEN', 'ORIGIN_DENIED',
  'RATE_LIMITED', 'BUDGET_EXCEEDED', 'SITE_PAUSED', 'CLOSED', 'CAPACITY',
  'SIGNAL_FAILED', 'SIGNAL_TIMEOUT', 'ICE_FAILED', 'NET_UDP_BLOCKED', 'NET_OFFLINE', 'DTLS_FAILED', 'MEDIA_STALLED',
  'PEER_LEFT', 'NO_ANSWER', 'DECLINED', 'AGENT_TIMEOUT', 'DUPLICATE_IDENTITY', 'ROOM_CLOSED', 'KICKED',
  'MAX_DURATION', 'SERVER_DRAINING', 'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && (ERROR_CODES as readonly string[]).includes(value);
}

export interface CallErrorOptions {
  /** HTTP status, when the error came from one. */
  readonly status?: number;
  /** Seconds until trying again makes sense. */
  readonly retryAfter?: number;
  /** What the machine said; for logs and "Copy details", never the headline. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** The one error type that leaves this package. */
export class CallError extends Error {
  readonly code: ErrorCode;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, options: CallErrorOptions = {}) {
    super(options.detail === undefined ? code : `${code}: ${options.detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CallError';
    this.code = code;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
    this.detail = options.detail;
  }
}

/** Wraps anything thrown into a CallError; `fallback` is the code when nothing better is known. */
export function toCallError(error: unknown, fallback: ErrorCode = 'INTERNAL'): CallError {
  if (error instanceof CallError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new CallError(fallback, { detail, cause: error });
}
