// site-address.ts — which site a page is about: the last part of /embed/{site} and /c/{site}.

/** "/c/acme" → "acme"; null when there is none. */
export function siteOfPath(path: string): string | null {
  const found = /^\/(?:embed|c)\/([^/]+)$/.exec(path);
  if (found?.[1] === undefined) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return null;
  }
}

/** What a link may set about the button; everything else in the query is not ours. */
const PASSED = ['label', 'lang', 'theme', 'accent', 'radius', 'invite', 'name', 'attributes', 'identity', 'demo'] as const;

export function attributesOfAddress(url: URL): readonly (readonly [name: string, value: string])[] {
  const site = siteOfPath(url.pathname);
  const set = PASSED.flatMap((name) => {
    const value = url.searchParams.get(name);
    return value === null || value === '' ? [] : [[name, value] as const];
  });
  return site === null ? set : [['site', site] as const, ...set];
}
