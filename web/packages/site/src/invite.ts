// invite.ts — two people, one room: an invite is asked of the server and travels in the page's address.

import { CallError, isErrorCode } from '@offhook/core/errors';

export interface Invite {
  readonly invite: string;
  readonly url: string;
}

/** The invite this page was opened with, if any. */
export function inviteOfAddress(search: string): string | undefined {
  const value = new URLSearchParams(search).get('invite');
  return value === null || value === '' ? undefined : value;
}

/** The other side's address, on the address this page itself was reached under. */
export function addressOfInvite(invite: string, base: string): string {
  const url = new URL('/', base);
  url.searchParams.set('invite', invite);
  return url.href;
}

type Send = (url: string, init: RequestInit) => Promise<Response>;

export async function createInvite(base: string, send: Send = fetch): Promise<Invite> {
  let response: Response;
  try {
    response = await send('/api/voice/invite', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  } catch (cause) {
    throw new CallError('SIGNAL_FAILED', { cause });
  }
  const body: unknown = await response.json().catch(() => null);
  const field = (name: string): unknown => (typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined);
  if (!response.ok) {
    const code = field('code');
    throw new CallError(isErrorCode(code) ? code : 'TOKEN_HTTP', { status: response.status });
  }
  const invite = field('invite');
  if (typeof invite !== 'string' || invite === '') throw new CallError('TOKEN_INVALID', { detail: 'the answer has no invite' });
  return { invite, url: addressOfInvite(invite, base) };
}
