// session.ts — one button's call with all that belongs to it: token client, phone, site settings, words, choices. Loaded on
// intent; the button itself knows only its type.

import { CallError, createCall, createResumeStore, createTokenClient, readCredentials } from '@offhook/core';
import type { CallHandle, Credentials, CredentialWishes, OpenPhone, TokenRequest } from '@offhook/core';
import { LOCALES, en, loadWords, localeFor } from '@offhook/core/words';
import type { Locale, Words } from '@offhook/core/words';
import { followCall, logCallError } from './callbacks';
import { recall, remember } from './memory';
import type { CallOptionsProps } from './props';
import { clerkToken } from './sign-in';
import { configUrlOf, loadSettings } from './site-settings';
import type { SiteSettings } from './site-settings';
import { createStore } from './store';
import type { Store } from './store';
import { chooseLocale, localeWishes } from './use-locale';

/** What the person chose for the calls of this page. */
export interface Choices {
  readonly pushToTalk: boolean;
  readonly lowData: boolean;
  readonly shortcuts: boolean;
}

export interface Session {
  readonly handle: CallHandle;
  readonly words: Store<Words>;
  /** null: not known (yet). */
  readonly settings: Store<SiteSettings | null>;
  readonly choices: Store<Choices>;
  readonly props: () => CallOptionsProps;
  /** Asks the page first; then calls. */
  start(): Promise<void>;
  choose(choices: Partial<Choices>): void;
  setLocale(tag: string): void;
  /** The languages to offer: the page's, the site's, or all. */
  locales(offered: readonly string[] | undefined): readonly Locale[];
  close(): void;
}

/** Loads livekit-client. */
async function loadPhone(kind: 'line' | 'plain'): Promise<OpenPhone> {
  try {
    if (kind === 'plain') return (await import('./plain-line')).openPlainLine;
    const { openLine } = await import('./line');
    return (report) => Promise.resolve(openLine(report));
  } catch (cause) {
    throw new CallError(navigator.onLine ? 'SIGNAL_FAILED' : 'NET_OFFLINE', { detail: 'the call code could not be loaded', cause });
  }
}

export function openSession(latest: { readonly current: CallOptionsProps }, kind: 'line' | 'plain' = 'line'): Session {
  const settings = createStore<SiteSettings | null>(null);
  const words = createStore<Words>(en);
  const choices = createStore<Choices>({
    pushToTalk: latest.current.pushToTalk ?? false,
    lowData: latest.current.lowData ?? wantsLessData(),
    shortcuts: recall('shortcuts') !== 'off',
  });
  const handle = createCall({
    getCredentials: (signal, wishes) => credentialsOf(latest.current, settings.get(), words.get().locale, signal, wishes),
    openPhone: async (report, wishes) => (latest.current.openPhone ?? await loadPhone(kind))(report, wishes),
    onError: (error, during) => {
      logCallError(error, during);
      latest.current.onError?.(error);
    },
    settings: () => ({ ...choices.get(), preflight: (latest.current as { preflight?: boolean }).preflight ?? false }),
    resumeStore: createResumeStore(latest.current.site ?? 'default'),
  });
  const unfollow = followCall(handle, latest);
  const url = configUrlOf(latest.current);
  let open = true;

  async function speak(): Promise<void> {
    const loaded = await loadWords(localeFor(localeWishes(latest.current.locale), settings.get()?.languages));
    if (open) words.set(loaded);
  }

  void speak();
  if (url !== null) {
    void loadSettings(url, latest.current.site).then((found) => {
      if (!open || found === null) return;
      settings.set(found);
      void speak();
    });
  }

  return {
    handle, words, settings, choices,
    props: () => latest.current,
    async start() {
      if ((await latest.current.onBeforeCall?.()) !== false && open) handle.start();
    },
    choose(next) {
      choices.set({ ...choices.get(), ...next });
      if (next.shortcuts !== undefined) remember('shortcuts', next.shortcuts ? 'on' : 'off');
    },
    setLocale(tag) {
      remember('locale', tag);
      chooseLocale(tag);
      void speak();
    },
    locales(offered) {
      const wanted = offered ?? settings.get()?.languages;
      if (wanted === undefined) return LOCALES;
      return LOCALES.filter(({ tag }) => wanted.some((one) => localeFor([one]) === tag && one !== ''));
    },
    close() {
      open = false;
      handle.destroy();
      unfollow();
    },
  };
}

function wantsLessData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

async function credentialsOf(
  props: CallOptionsProps, settings: SiteSettings | null, locale: string, signal: AbortSignal, wishes: CredentialWishes | undefined,
): Promise<Credentials> {
  const { voiceApiUrl, site, getToken, authToken, getAuthToken } = props;
  if (getToken !== undefined) return readCredentials(await getToken({ site, locale, signal }));
  const auth = getAuthToken ?? ((): string | Promise<string | null> | undefined => authToken ?? (settings?.auth === 'clerk' ? clerkToken() : undefined));
  return createTokenClient({ url: voiceApiUrl, getAuthToken: auth }, requestOf(props))(signal, wishes);
}

/** Only what was given: absent fields vanish in JSON. */
function requestOf({ site, participantName, invite, attributes, metadata }: CallOptionsProps): TokenRequest {
  return { site, participantName, invite, attributes, metadata };
}
