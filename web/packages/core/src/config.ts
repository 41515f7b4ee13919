// config.ts — what the server says about a site: GET /api/voice/config. Shown from memory at once and fetched anew behind;
// it is read like everything from a network: field by field, what is odd counts as absent.

export interface VoiceConfig {
  readonly site: string;
  readonly name: string;
  readonly auth: 'anonymous' | 'clerk' | 'oidc' | 'signed';
  readonly clerkPublishableKey: string | null;
  readonly paused: boolean;
  /** A number to call instead, as in `tel:`. */
  readonly tel: string | null;
  readonly consent: Consent;
  /** Seconds; 0: no limit. */
  readonly ringTimeout: number;
  readonly maxDuration: number;
  readonly greeting: string | null;
  /** By language tag. */
  readonly presets: Readonly<Record<string, Preset>>;
  readonly languages: readonly string[];
  readonly theme: Theme;
  readonly placement: string | null;
  readonly label: string | null;
  /** The server speaks itself when nobody else answers. */
  readonly echo: boolean;
  /** What the button sends, as the server is really set up; the sheet's words come from the dictionary. */
  readonly privacy: Readonly<Record<string, unknown>>;
  readonly version: string | null;
}

export interface Consent {
  readonly mode: 'off' | 'notice' | 'choice' | 'required';
  /** Consent given to an older text does not count. */
  readonly version: string;
  readonly text: string | null;
}

export interface Preset {
  readonly greeting: string | null;
  readonly terms: string | null;
}

export interface Theme {
  readonly accent: string | null;
  readonly radius: string | null;
  readonly logo: string | null;
}

type Json = Readonly<Record<string, unknown>>;

const object = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const seconds = (value: unknown, otherwise: number): number =>
  (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : otherwise);

function oneOf<T extends string>(value: unknown, choices: readonly T[], otherwise: T): T {
  return choices.find((choice) => choice === value) ?? otherwise;
}

/** Only characters of a phone number: this ends up in an href. */
function phoneNumber(value: unknown): string | null {
  const number = text(value)?.replace(/^tel:/i, '').trim() ?? '';
  return /^\+?[\d\s().-]{2,30}$/.test(number) ? number : null;
}

function readPresets(value: unknown): Record<string, Preset> {
  const presets: Record<string, Preset> = {};
  for (const [language, preset] of Object.entries(object(value))) {
    if (/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(language)) {
      presets[language] = { greeting: text(object(preset).greeting), terms: text(object(preset).terms) };
    }
  }
  return presets;
}

export function readConfig(body: unknown): VoiceConfig {
  const from = object(body);
  const consent = object(from.consent);
  const theme = object(from.theme);
  return {
    site: text(from.site) ?? 'default',
    name: text(from.name) ?? '',
    auth: oneOf(from.auth, ['anonymous', 'clerk', 'oidc', 'signed'], 'anonymous'),
    clerkPublishableKey: text(from.clerkPublishableKey),
    paused: from.paused === true,
    tel: phoneNumber(from.tel),
    consent: { mode: oneOf(consent.mode, ['off', 'notice', 'choice', 'required'], 'off'), version: text(consent.version) ?? '', text: text(consent.text) },
    ringTimeout: seconds(from.ringTimeout, 60),
    maxDuration: seconds(from.maxDuration, 0),
    greeting: text(from.greeting),
    presets: readPresets(from.presets),
    languages: Array.isArray(from.languages) ? from.languages.filter((one): one is string => typeof one === 'string' && one !== '') : [],
    theme: { accent: text(theme.accent), radius: text(theme.radius), logo: text(theme.logo) },
    placement: text(from.placement),
    label: text(from.label),
    echo: from.echo === true,
    privacy: object(from.privacy),
    version: text(from.version),
  };
}

/** What counts where a server has no /api/voice/config (LiveKit's own token endpoints). */
export function defaultConfig(): VoiceConfig {
  return readConfig({});
}

/** The preset for a language: of exactly this tag, else of its language. */
export function presetFor(config: VoiceConfig, locale: string): Preset | null {
  return config.presets[locale] ?? config.presets[locale.split('-')[0] ?? ''] ?? null;
}

export interface ConfigSource {
  /** What is known now; null: nothing yet. */
  readonly get: () => VoiceConfig | null;
  /** Told when a newer one differs. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Fetches unless what is known is young. Never rejects: null means that nothing could be had. */
  load(): Promise<VoiceConfig | null>;
}

export interface ConfigOptions {
  /** Of the token API, `/api/voice/token`, or any other path beside it. */
  readonly tokenUrl?: string;
  readonly site?: string;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

const YOUNG_MS = 60_000;

/** The other doors of the voice API are beside the token's: `…/token` → `…/config`. */
export function voiceUrl(tokenUrl: string, door: string): string {
  const [path = '', query] = tokenUrl.split('?');
  const url = path.replace(/\/[^/]*$/, `/${door}`);
  return query === undefined ? url : `${url}?${query}`;
}

function fetchConfig(options: ConfigOptions): Promise<VoiceConfig | null> {
  const url = voiceUrl(options.tokenUrl ?? '/api/voice/token', 'config');
  const query = options.site === undefined ? '' : `${url.includes('?') ? '&' : '?'}site=${encodeURIComponent(options.site)}`;
  const get = options.fetch ?? globalThis.fetch;
  return get(url + query, { headers: { accept: 'application/json' }, credentials: 'omit' })
    .then(async (response) => (response.ok ? readConfig(await response.json()) : null))
    .catch(() => null);
}

export function createConfig(options: ConfigOptions = {}): ConfigSource {
  const now = options.now ?? Date.now;
  const listeners = new Set<() => void>();
  let known: VoiceConfig | null = null;
  let said = '';
  let at = -Infinity;
  let asking: Promise<VoiceConfig | null> | null = null;

  function take(config: VoiceConfig | null): VoiceConfig | null {
    asking = null;
    if (config === null) return known;
    at = now();
    const says = JSON.stringify(config);
    if (says !== said) {
      said = says;
      known = config;
      for (const listener of [...listeners]) listener();
    }
    return known;
  }

  return {
    get: () => known,
    subscribe(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    load() {
      if (known !== null && now() - at < YOUNG_MS) return Promise.resolve(known);
      asking ??= fetchConfig(options).then(take);
      // Stale is better than late.
      return known === null ? asking : Promise.resolve(known);
    },
  };
}
