// sign-in.ts — the visitor must sign in: the page does it (oh-sign-in), or Clerk, or another page.

import type { Host } from './host';

interface ClerkLike {
  readonly session?: unknown;
  readonly openSignIn?: () => void;
}

/** True: there is nobody to sign in with here; just try again. */
export function askToSignIn(host: Host): boolean {
  const url = host.getAttribute('sign-in-url');
  if (!host.emit('oh-sign-in', { url }, true)) return false;
  const clerk = (window as { Clerk?: ClerkLike }).Clerk;
  if (clerk?.openSignIn !== undefined && (clerk.session ?? null) === null) {
    clerk.openSignIn();
    return false;
  }
  if (url === null) return true;
  location.assign(url);
  return false;
}
