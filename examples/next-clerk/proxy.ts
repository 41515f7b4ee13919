// proxy.ts — Clerk looks at every page request and tells the page who is signed in.
import { clerkMiddleware } from '@clerk/nextjs/server';

// With the key in the environment nobody has to ask Clerk for it.
export default clerkMiddleware({ jwtKey: process.env.CLERK_JWT_KEY });

export const config = {
  // Pages only: files need nobody's name, and offhook checks the callers of /api/voice itself.
  matcher: ['/((?!_next|api/voice|.*\\.[\\w]+$).*)', '/'],
};
