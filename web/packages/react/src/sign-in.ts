// sign-in.ts — Clerk, if the page has it: found by its shape on the window, never a dependency.

import type { CallOptionsProps } from './props';

const CLERK_MS = 5000; // for Clerk's script, which comes after the page's own
const LOOK_MS = 50;

interface Clerk {
  readonly loaded?: boolean;
  readonly user?: unknown;
  readonly session?: { getToken(): Promise<string | null> } | null;
  openSignIn(): void;
  addListener?(listener: (state: { user?: unknown }) => void): () => void;
}

export function clerkOfPage(): Clerk | null {
  const found = (window as { Clerk?: Partial<Clerk> }).Clerk;
  return typeof found?.openSignIn === 'function' ? (found as Clerk) : null;
}

/** Of who is signed in; null: nobody, or no Clerk came. A call that goes on after a reload asks before Clerk is there. */
export async function clerkToken(signal: AbortSignal): Promise<string | null> {
  const isThere = (): boolean => clerkOfPage() !== null && clerkOfPage()?.loaded !== false;
  for (let waited = 0; waited < CLERK_MS && !isThere() && !signal.aborted; waited += LOOK_MS) await new Promise((look) => { setTimeout(look, LOOK_MS); });
  return (await clerkOfPage()?.session?.getToken()) ?? null;
}

/** Does the page have Clerk, loaded, with nobody signed in? */
export function isSignedOut(): boolean {
  const clerk = clerkOfPage();
  return clerk !== null && clerk.user === null;
}

/** Opens Clerk's window; `done` is called once when somebody has signed in. False: the page has no Clerk. */
export function openClerk(done: () => void): boolean {
  const clerk = clerkOfPage();
  if (clerk === null) return false;
  const stop = clerk.addListener?.(({ user }) => {
    if (user == null) return;
    queueMicrotask(() => { stop?.(); });
    done();
  });
  clerk.openSignIn();
  return true;
}

/** Has the page a way to sign in? */
export function canSignIn({ onSignInRequired }: CallOptionsProps): boolean {
  return onSignInRequired !== undefined || clerkOfPage() !== null;
}
