// errors.ts — every way a call can go wrong: a stable code, one human sentence, and the next step.

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

/** What a person is told: a title (≤ 60 characters), what happened, and what to do about it. */
export interface ErrorText {
  readonly title: string;
  readonly sentence: string;
  readonly next: string;
  /** May the same person usefully press "Try again"? */
  readonly retry: boolean;
}

const text = (title: string, sentence: string, next: string, retry = true): ErrorText => ({ title, sentence, next, retry });

export const ERROR_TEXT: Readonly<Record<ErrorCode, ErrorText>> = {
  MIC_DENIED: text('Microphone is blocked', 'Your browser did not let this page use the microphone.',
    'Open the site settings next to the address, allow the microphone, then try again.'),
  MIC_DENIED_SYSTEM: text('Microphone is blocked', 'Your computer does not let this browser use the microphone.',
    'Allow the browser in your system’s privacy settings, then try again.'),
  MIC_NOT_FOUND: text('No microphone found', 'This device has no microphone that the browser can see.',
    'Plug one in or switch it on, then try again.'),
  MIC_IN_USE: text('Microphone is busy', 'Another app is using the microphone.',
    'Close the other app or its call, then try again.'),
  MIC_SILENT: text('We cannot hear you', 'Your microphone sends only silence.',
    'Check its mute switch or choose another microphone, then try again.'),
  OUTPUT_BLOCKED: text('Sound is blocked', 'Your browser does not let this page play sound yet.',
    'Press “Turn on sound”.'),
  INSECURE_CONTEXT: text('This page is not secure', 'Browsers allow the microphone only on https pages and on localhost.',
    'Open this page with https.', false),
  BROWSER_UNSUPPORTED: text('This browser cannot make calls', 'It lacks the technology for voice calls (WebRTC).',
    'Use a current Chrome, Edge, Firefox or Safari.', false),
  POLICY_BLOCKED: text('This page blocks the microphone', 'The website’s own security policy forbids using the microphone here.',
    'Tell the website’s owner, or open the page in its own tab.', false),
  TOKEN_HTTP: text('The call could not be set up', 'The server did not answer the way it should.',
    'Wait a moment, then try again.'),
  TOKEN_INVALID: text('The call could not be set up', 'The server did not accept the pass for this call.',
    'Try again to get a new one.'),
  TOKEN_EXPIRED: text('The call pass is too old', 'The pass for this call has run out.',
    'Try again to get a new one.'),
  AUTH_REQUIRED: text('Sign in to call', 'Calls are for people who are signed in.',
    'Sign in, then try again.'),
  AUTH_FORBIDDEN: text('You cannot call here', 'Your account is not allowed to make this call.',
    'Ask the website for access, or use another account.'),
  ORIGIN_DENIED: text('Calls are not set up for this website', 'The call server does not know the address of this page.',
    'Tell the website’s owner to allow this address.', false),
  RATE_LIMITED: text('Too many tries', 'There were many calls from here in a short time.',
    'Wait a little, then try again.'),
  BUDGET_EXCEEDED: text('No calls left for today', 'This website has used up its calls for now.',
    'Try again later.'),
  SITE_PAUSED: text('Calls are paused', 'The website has switched calls off for the moment.',
    'Try again later.'),
  CLOSED: text('Nobody is here right now', 'Calls are answered at other hours.',
    'Try again later.'),
  CAPACITY: text('All lines are busy', 'The server is carrying as many calls as it can.',
    'Wait a moment, then try again.'),
  SIGNAL_FAILED: text('The call server cannot be reached', 'The connection to the call server failed.',
    'Check your internet connection, then try again.'),
  SIGNAL_TIMEOUT: text('The call server is not answering', 'The call server took too long to answer.',
    'Check your internet connection, then try again.'),
  ICE_FAILED: text('No path for the sound', 'Your network did not let the sound of the call through.',
    'Try another network, for example your phone’s, then try again.'),
  NET_UDP_BLOCKED: text('This network blocks calls', 'A firewall here stops the sound of calls.',
    'Try another network, for example your phone’s, then try again.'),
  NET_OFFLINE: text('You are offline', 'This device has no internet connection.',
    'Connect to the internet, then try again.'),
  DTLS_FAILED: text('The call could not be secured', 'Your browser and the server could not agree on encryption.',
    'Try again, or use another browser.'),
  MEDIA_STALLED: text('The sound stopped', 'The connection is up, but no sound is arriving.',
    'Try again.'),
  PEER_LEFT: text('The other side left', 'The other person has left the call.',
    'Call again if you were not finished.'),
  NO_ANSWER: text('Nobody answered', 'The call rang, but nobody picked up.',
    'Try again later.'),
  DECLINED: text('The call was declined', 'The other side cannot talk right now.',
    'Try again later.'),
  AGENT_TIMEOUT: text('The assistant did not answer', 'The assistant did not join the call in time.',
    'Try again.'),
  DUPLICATE_IDENTITY: text('This call moved to another tab', 'The same call was opened somewhere else.',
    'Go on there, or start a new call here.'),
  ROOM_CLOSED: text('The call was closed', 'The server closed this call.',
    'Start a new call if you were not finished.'),
  KICKED: text('You were removed from the call', 'The other side ended the call for you.',
    'Start a new call if this was a mistake.'),
  MAX_DURATION: text('The call reached its time limit', 'Calls on this website end after a set time.',
    'Start a new call if you were not finished.'),
  SERVER_DRAINING: text('The call server is restarting', 'It takes no new calls for a moment.',
    'Wait a few seconds, then try again.'),
  INTERNAL: text('Something went wrong', 'The call stopped because of a fault on our side.',
    'Try again.'),
};

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
    super(`${code}: ${options.detail ?? ERROR_TEXT[code].sentence}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CallError';
    this.code = code;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
    this.detail = options.detail;
  }

  get text(): ErrorText {
    return ERROR_TEXT[this.code];
  }
}

/** Wraps anything thrown into a CallError; `fallback` is the code when nothing better is known. */
export function toCallError(error: unknown, fallback: ErrorCode = 'INTERNAL'): CallError {
  if (error instanceof CallError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new CallError(fallback, { detail, cause: error });
}
