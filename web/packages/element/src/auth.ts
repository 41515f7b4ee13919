// auth.ts — the visitor's session token: from the page's function, from the attribute, or from Clerk where the page has it.

import type { Host } from './host';

interface ClerkLike {
  readonly session?: { getToken(): Promise<string | null> } | null;
}

export async function askAuth(host: Host): Promise<string | null> {
  const ask = host.getAuth;
  if (ask !== null) return (await ask()) ?? null;
  const auth = host.getAttribute('auth');
  if (auth !== 'clerk') return auth;
  return (await (window as { Clerk?: ClerkLike }).Clerk?.session?.getToken()) ?? null;
}
