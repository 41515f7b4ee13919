// preflight.ts — would a call work here? Three seconds on the real path: the server's echo room returns what we send, and
// what was measured becomes a verdict. The verdict is a pure function; the line is opened by livekit-probe.ts.

import { voiceUrl } from './config';
import { toCallError } from './errors';
import type { ErrorCode , CallError} from './errors';
import type { Route } from './machine';
import type { MicrophonePermission, MicrophoneState } from './permission';
import { createTokenClient } from './token';
import type { Credentials, TokenClientOptions } from './token';

/** What a probe of the line found out. */
export interface ProbeFacts {
  /** Milliseconds until the room was joined. */
  readonly joinMs: number;
  /** Milliseconds from joining until our own sound came back; null: it did not. */
  readonly echoMs: number | null;
  readonly route: Route | null;
  readonly roundTripMs: number | null;
  readonly jitterMs: number | null;
  /** 0 … 1, the worse of both directions. */
  readonly loss: number | null;
}

export interface PreflightFacts {
  readonly online: boolean;
  readonly secure: boolean;
  readonly webrtc: boolean;
  readonly microphone: MicrophoneState;
  /** null: not known. */
  readonly microphones: number | null;
  /** What went wrong on the way; null: nothing did. */
  readonly error: CallError | null;
  /** null: there was no echo room to probe. */
  readonly probe: ProbeFacts | null;
}

export interface Preflight {
  /** `degraded`: a call works, with less data better. */
  readonly verdict: 'ready' | 'degraded' | 'blocked';
  /** What to do about it is told by the dictionary's errorWords; null: nothing, or only that the network is weak. */
  readonly code: ErrorCode | null;
  readonly route: Route | null;
  readonly rttMs: number | null;
  readonly echoMs: number | null;
  readonly facts: PreflightFacts;
}

const SLOW_RTT_MS = 350;
const SHAKY_MS = 50;
const LOSSY = 0.04;
const SLOW_JOIN_MS = 2500;

function obstacle(facts: PreflightFacts): ErrorCode | null {
  if (!facts.secure) return 'INSECURE_CONTEXT';
  if (!facts.webrtc) return 'BROWSER_UNSUPPORTED';
  if (!facts.online) return 'NET_OFFLINE';
  if (facts.error !== null) return facts.error.code;
  if (facts.microphone === 'denied') return 'MIC_DENIED';
  return facts.microphones === 0 ? 'MIC_NOT_FOUND' : null;
}

function isWeak({ joinMs, roundTripMs, jitterMs, loss }: ProbeFacts): boolean {
  return joinMs > SLOW_JOIN_MS || (roundTripMs ?? 0) > SLOW_RTT_MS || (jitterMs ?? 0) > SHAKY_MS || (loss ?? 0) > LOSSY;
}

export function judge(facts: PreflightFacts): Preflight {
  const { probe } = facts;
  const found = { route: probe?.route ?? null, rttMs: probe?.roundTripMs ?? null, echoMs: probe?.echoMs ?? null, facts };
  const blocked = obstacle(facts);
  if (blocked !== null) return { verdict: 'blocked', code: blocked, ...found };
  if (probe === null) return { verdict: 'ready', code: null, ...found };
  if (probe.echoMs === null) return { verdict: 'blocked', code: 'MEDIA_STALLED', ...found };
  // UDP got nowhere: it works, but every lost packet is waited for.
  if (probe.route === 'tcp' || probe.route === 'relay') return { verdict: 'degraded', code: 'NET_UDP_BLOCKED', ...found };
  return { verdict: isWeak(probe) ? 'degraded' : 'ready', code: null, ...found };
}

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** The echo is waited for this long after joining. */
  readonly limitMs: number;
  /** "Hear yourself": send this instead of a tone, and play what comes back. */
  readonly microphone?: MediaStreamTrack;
}

export type OpenProbe = (credentials: Credentials, options: ProbeOptions) => Promise<ProbeFacts>;

export interface PreflightOptions {
  /** Of the token API; the check's door is beside it. */
  readonly tokenUrl?: string;
  readonly site?: string;
  /** `probeLine` of livekit-probe.ts, imported when it is needed. */
  readonly probe: OpenProbe;
  readonly permission: Pick<MicrophonePermission, 'state'>;
  readonly microphone?: MediaStreamTrack;
  readonly signal?: AbortSignal;
  readonly limitMs?: number;
  readonly token?: TokenClientOptions;
  /** What the browser says about itself; for tests. */
  readonly browser?: Pick<PreflightFacts, 'online' | 'secure' | 'webrtc'>;
  readonly countMicrophones?: () => Promise<number | null>;
}

function browserFacts(): Pick<PreflightFacts, 'online' | 'secure' | 'webrtc'> {
  const there = typeof navigator !== 'undefined';
  // Pages without https have no mediaDevices, and old browsers no RTCPeerConnection.
  const devices = there ? (navigator.mediaDevices as MediaDevices | undefined) : undefined;
  return {
    online: !there || navigator.onLine,
    secure: typeof isSecureContext === 'undefined' || isSecureContext,
    webrtc: typeof RTCPeerConnection !== 'undefined' && devices !== undefined,
  };
}

async function countMicrophones(): Promise<number | null> {
  try {
    return (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === 'audioinput').length;
  } catch {
    return null;
  }
}

/** Never rejects; ends within about `limitMs` after the server has answered. Asks nobody for the microphone. */
export async function runPreflight(options: PreflightOptions): Promise<Preflight> {
  const browser = options.browser ?? browserFacts();
  const [microphone, microphones] = await Promise.all([options.permission.state(), (options.countMicrophones ?? countMicrophones)()]);
  const facts: PreflightFacts = { ...browser, microphone, microphones, error: null, probe: null };
  if (obstacle(facts) !== null) return judge(facts);
  try {
    return judge({ ...facts, probe: await probe(options) });
  } catch (error) {
    const known = toCallError(error, 'SIGNAL_FAILED');
    // A server without an echo room cannot be checked this way: that is no reason against a call.
    return judge(known.status === 404 ? facts : { ...facts, error: known });
  }
}

async function probe(options: PreflightOptions): Promise<ProbeFacts> {
  const signal = options.signal ?? new AbortController().signal;
  const url = voiceUrl(options.tokenUrl ?? '/api/voice/token', 'preflight');
  const getCredentials = createTokenClient({ ...options.token, url, attempts: 1 }, { site: options.site });
  return options.probe(await getCredentials(signal), {
    signal, limitMs: options.limitMs ?? 3000, microphone: options.microphone,
  });
}
