// session.ts — one button's call with all that belongs to it: token client, phone, site settings, words, choices. Loaded on
// intent; the button itself knows only its type.

import {
  CallError, createCall, createConfig, createEvents, createOneCall, createReporter, createResumeStore, createSounds, createTokenClient,
  readCredentials, voiceUrl,
} from '@offhook/core';
import type {
  CallHandle, Control, Credentials, CredentialWishes, EventFacts, EventName, Events, OpenPhone, TokenRequest, VoiceConfig,
} from '@offhook/core';
import { LOCALES, en, loadWords, localeFor } from '@offhook/core/words';
import type { Locale, Words } from '@offhook/core/words';
import { consentMode, hasAgreed } from './agreement';
import { followCall } from './callbacks';
import { recallSwitch, remember, rememberSwitch } from '@offhook/core/memory';
import type { CallOptionsProps, FloatingCallButtonProps } from './props';
import { clerkToken } from './sign-in';
import { createStore } from './store';
import type { Store } from './store';
import { chooseLocale, localeWishes } from './use-locale';

const CONFIG_MS = 3000;

/** What the person chose for the calls of this page. */
export interface Choices {
  readonly pushToTalk: boolean;
  readonly lowData: boolean;
  readonly shortcuts: boolean;
  /** Asked for with consent `choice`; not kept. */
  readonly recording: boolean;
}

export interface Session {
  readonly handle: CallHandle;
  readonly words: Store<Words>;
  /** null: not known (yet). */
  readonly settings: Store<VoiceConfig | null>;
  readonly choices: Store<Choices>;
  readonly props: () => CallOptionsProps;
  /** What the site is set to; null: it did not say so in time. At once where that is settled. */
  known(): Promise<VoiceConfig | null>;
  /** Asks the page first; then calls. */
  start(): Promise<void>;
  choose(choices: Partial<Choices>): void;
  /** Counts for the site's own server; nothing where the site has none of ours. */
  note<N extends EventName>(name: N, facts: EventFacts[N]): void;
  control(control: Control): void;
  /** The test sound, for the loudspeaker. */
  playTest(): void;
  setLocale(tag: string): void;
  /** The languages to offer: the page's, the site's, or all. */
  locales(offered: readonly string[] | undefined): readonly Locale[];
  close(): void;
}

/** Loads livekit-client, and for a line what connects it. */
async function loadPhone(kind: 'line' | 'plain'): Promise<OpenPhone> {
  try {
    if (kind === 'plain') {
      const { createLiveKitPhone } = await import('@offhook/core/livekit-phone');
      return (report, wishes) => Promise.resolve(createLiveKitPhone({ ...wishes, report }));
    }
    const [{ openLine }] = await Promise.all([import('./line'), import('./voice-call-interface')]);
    return (report, wishes) => Promise.resolve(openLine(report, wishes));
  } catch (cause) {
    throw new CallError(navigator.onLine ? 'SIGNAL_FAILED' : 'NET_OFFLINE', { detail: 'the call code could not be loaded', cause });
  }
}

export function openSession(latest: { readonly current: CallOptionsProps }, kind: 'line' | 'plain' = 'line'): Session {
  const settings = createStore<VoiceConfig | null>(null);
  const words = createStore<Words>(en);
  const choices = createStore<Choices>({
    pushToTalk: latest.current.pushToTalk ?? false,
    lowData: latest.current.lowData ?? wantsLessData(),
    shortcuts: recallSwitch('shortcuts') !== false,
    recording: false,
  });
  const site = latest.current.site ?? 'default';
  /** What the visitor said about being recorded; undefined: not asked. No answer is a no where the site asks. */
  const recording = (): boolean | undefined => {
    const page = latest.current;
    if (page.recording !== undefined) return page.recording;
    switch (consentMode(page, { settings, words })) {
      case 'choice': return choices.get().recording;
      case 'required': return hasAgreed(page, { settings, words });
      default: return undefined;
    }
  };
  /** Why the page's own code could not say whether to call: told to the person as the failure that it is. */
  let refusal: CallError | null = null;
  const handle = createCall({
    getCredentials: async (signal, wishes) => {
      const failed = refusal;
      refusal = null;
      if (failed !== null) throw failed;
      const site = await known();
      return credentialsOf(latest.current, site, words.get().locale, signal, { ...wishes, recording: recording() });
    },
    openPhone: async (report, wishes) => (latest.current.openPhone ?? await loadPhone(kind))(report, wishes),
    onError: createReporter((error) => { latest.current.onError?.(error); }),
    settings: () => {
      const { pushToTalk, lowData } = choices.get();
      return { pushToTalk, lowData, preflight: (latest.current as FloatingCallButtonProps).preflight ?? false };
    },
    resumeStore: createResumeStore(site),
    oneCall: latest.current.oneCall === false ? undefined : createOneCall(site),
  });
  const sounds = createSounds(latest.current.sounds ?? true);
  const stops = [followCall(handle, latest), sounds.follow(handle)];
  const { voiceApiUrl = '/api/voice/token', getToken } = latest.current;
  const asks = latest.current.siteConfig ?? (getToken === undefined && voiceApiUrl.split('?')[0]?.endsWith('/token') === true);
  const config = asks ? createConfig({ tokenUrl: voiceApiUrl, site: latest.current.site }) : null;
  let asked = config?.load() ?? Promise.resolve(null);
  let events: Events | null = null;
  let open = true;

  /** What the site is set to; a call that is made before that has come waits for it a moment, once. */
  const known = async (): Promise<VoiceConfig | null> => {
    asked = Promise.race([asked, new Promise<null>((late) => { setTimeout(late, CONFIG_MS, null); })]);
    return settings.get() ?? asked;
  };

  async function speak(): Promise<void> {
    const loaded = await loadWords(localeFor(localeWishes(latest.current.locale), languagesOf(settings.get())));
    if (open) words.set(loaded);
  }

  void speak();
  void asked.then((found) => {
    if (!open || found === null) return;
    settings.set(found);
    // Events go only to a server that has just said it is one of ours.
    events = createEvents({ url: voiceUrl(voiceApiUrl, 'events'), site: latest.current.site });
    stops.push(events.follow(handle));
    void speak();
  });

  return {
    handle, words, settings, choices, known,
    props: () => latest.current,
    async start() {
      try {
        if ((await latest.current.onBeforeCall?.()) === false) return;
      } catch (cause) {
        refusal = new CallError('INTERNAL', { detail: 'onBeforeCall failed', cause });
      }
      if (open) handle.start();
    },
    choose(next) {
      choices.set({ ...choices.get(), ...next });
      if (next.shortcuts !== undefined) rememberSwitch('shortcuts', next.shortcuts);
    },
    note: (name, facts) => { events?.note(name, facts); },
    control: (control) => { events?.note('control', { control }); },
    playTest: () => { sounds.play('test'); },
    setLocale(tag) {
      events?.note('control', { control: 'language' });
      remember('locale', tag);
      chooseLocale(tag);
      void speak();
    },
    locales(offered) {
      const wanted = offered ?? languagesOf(settings.get());
      if (wanted === undefined) return LOCALES;
      return LOCALES.filter(({ tag }) => wanted.some((one) => localeFor([one]) === tag && one !== ''));
    },
    close() {
      open = false;
      handle.destroy();
      for (const stop of stops) stop();
      sounds.close();
      events?.close();
    },
  };
}

/** The site's list; none means all. */
function languagesOf(settings: VoiceConfig | null): readonly string[] | undefined {
  return settings === null || settings.languages.length === 0 ? undefined : settings.languages;
}

function wantsLessData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

async function credentialsOf(
  props: CallOptionsProps, settings: VoiceConfig | null, locale: string, signal: AbortSignal, wishes: CredentialWishes,
): Promise<Credentials> {
  const { voiceApiUrl, site, getToken, authToken, getAuthToken } = props;
  if (getToken !== undefined) return readCredentials(await getToken({ site, locale, signal, recording: wishes.recording }));
  const auth = getAuthToken ?? ((): string | Promise<string | null> | undefined => authToken ?? (settings?.auth === 'clerk' ? clerkToken(signal) : undefined));
  return createTokenClient({ url: voiceApiUrl, getAuthToken: auth }, requestOf(props))(signal, wishes);
}

/** Only what was given: absent fields vanish in JSON. */
function requestOf({ site, participantName, invite, attributes, metadata }: CallOptionsProps): TokenRequest {
  return { site, participantName, invite, attributes, metadata };
}
