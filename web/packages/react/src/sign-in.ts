// sign-in.ts — Clerk, if the page has it: found by its shape on the window, never a dependency.

interface Clerk {
  readonly user?: unknown;
  readonly session?: { getToken(): Promise<string | null> } | null;
  openSignIn(): void;
  addListener?(listener: (state: { user?: unknown }) => void): () => void;
}

export function clerkOfPage(): Clerk | null {
  const found = (window as { Clerk?: Partial<Clerk> }).Clerk;
  return typeof found?.openSignIn === 'function' ? (found as Clerk) : null;
}

export function clerkToken(): Promise<string | null> {
  return clerkOfPage()?.session?.getToken() ?? Promise.resolve(null);
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
