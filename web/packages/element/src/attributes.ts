// attributes.ts — the names of all attributes; custom-elements.json and the JSX types are checked against them.

export const ATTRIBUTES = [
  'accent', 'attributes', 'auth', 'avatar', 'consent', 'demo', 'dir', 'dismissible', 'for', 'host',
  'identity', 'inline', 'invite', 'label', 'labels', 'lang', 'logo', 'low-data', 'metadata', 'name',
  'no-prefetch', 'nonce', 'open', 'placement', 'preflight', 'push-to-talk', 'radius', 'resume', 'ringback',
  'shortcuts', 'sign-in-url', 'site', 'tel', 'theme', 'token-url', 'variant', 'z',
] as const;
export type AttributeName = (typeof ATTRIBUTES)[number];
