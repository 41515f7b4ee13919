// site-settings.ts — what the server says about this site (GET /api/voice/config): sign-in, consent, names, languages. The
// button works without it: a server of one's own need not have it.

import type { CallOptionsProps } from './props';

export interface SiteSettings {
  readonly site?: string;
  readonly name?: string;
  readonly auth?: 'anonymous' | 'clerk' | 'oidc' | 'signed';
  readonly paused?: boolean;
  readonly tel?: string;
  readonly consent?: { readonly mode?: string; readonly version?: string; readonly text?: string };
  readonly greeting?: string;
  readonly presets?: Readonly<Record<string, { readonly greeting?: string; readonly terms?: string }>>;
  readonly languages?: readonly string[];
  readonly theme?: { readonly accent?: string; readonly radius?: number | string; readonly logo?: string };
  readonly echo?: boolean;
  readonly privacy?: Readonly<Record<string, unknown>>;
}

/** `/api/voice/token` → `/api/voice/config`; null: nowhere to ask. */
export function configUrlOf({ configUrl, voiceApiUrl = '/api/voice/token', getToken }: CallOptionsProps): string | null {
  if (configUrl === false || (configUrl === undefined && getToken !== undefined)) return null;
  if (configUrl !== undefined) return configUrl;
  return voiceApiUrl.endsWith('/token') ? voiceApiUrl.replace(/token$/, 'config') : null;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Takes only what has the right shape: the answer may come from anybody's server. */
export function readSettings(body: unknown): SiteSettings | null {
  if (!isRecord(body)) return null;
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  const strings = (value: unknown): readonly string[] | undefined =>
    Array.isArray(value) && value.length > 0 ? value.filter((one) => typeof one === 'string') : undefined;
  const presets = isRecord(body.presets)
    ? Object.fromEntries(Object.entries(body.presets).filter((pair): pair is [string, Record<string, unknown>] => isRecord(pair[1]))
      .map(([tag, { greeting, terms }]) => [tag, { greeting: text(greeting), terms: text(terms) }]))
    : undefined;
  const theme = isRecord(body.theme) ? body.theme : {};
  const auth = text(body.auth);
  return {
    site: text(body.site), name: text(body.name), tel: text(body.tel), greeting: text(body.greeting), paused: body.paused === true,
    auth: auth === 'clerk' || auth === 'oidc' || auth === 'signed' ? auth : 'anonymous',
    consent: isRecord(body.consent)
      ? { mode: text(body.consent.mode), version: text(body.consent.version), text: text(body.consent.text) } : undefined,
    presets, languages: strings(body.languages), echo: body.echo === true,
    theme: { accent: text(theme.accent), radius: typeof theme.radius === 'number' ? theme.radius : text(theme.radius), logo: text(theme.logo) },
    privacy: isRecord(body.privacy) ? body.privacy : undefined,
  };
}

const asked = new Map<string, Promise<SiteSettings | null>>();

/** One question per page and site, however many buttons ask. */
export function loadSettings(url: string, site: string | undefined): Promise<SiteSettings | null> {
  const address = site === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}site=${encodeURIComponent(site)}`;
  let answer = asked.get(address);
  if (answer === undefined) {
    answer = fetch(address, { headers: { accept: 'application/json' } })
      .then(async (response) => (response.ok ? readSettings(await response.json()) : null))
      .catch(() => null)
      .then((found) => {
        if (found === null) asked.delete(address);
        return found;
      });
    asked.set(address, answer);
  }
  return answer;
}
