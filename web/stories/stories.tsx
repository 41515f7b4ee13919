// stories.tsx — every state of the interface, one per address (?story=…). Not part of the site.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { CallError, ERROR_CODES, createOneCall } from '@offhook/core';
import type { ErrorCode, PhoneEvent, Warning } from '@offhook/core';
import { directionOf, en, loadWords, localeFor } from '@offhook/core/words';
import { FloatingCallButton } from '@offhook/react';
import type { FloatingCallButtonProps } from '@offhook/react';
import { fakeLine, never } from './fake-line';
import type { FakeLine, Script } from './fake-line';

interface Story extends Script {
  /** What to press, by accessible name, one after the other. */
  readonly press: readonly string[];
  readonly token?: () => Promise<Response>;
  /** What the server says about the site. */
  readonly site?: object;
  readonly then?: (line: FakeLine) => void;
  /** Before anything is drawn. */
  readonly first?: () => Promise<void> | void;
  readonly props?: Partial<FloatingCallButtonProps>;
}

const START = ['Talk to us', 'Start voice call'];
const tokenOk = (): Promise<Response> => Promise.resolve(Response.json({
  token: 't', roomName: 'r', participantName: 'p', livekitHost: 'ws://localhost:1', callId: 'call_8f3kq2',
}));
const problem = (status: number, code: ErrorCode, headers: Record<string, string> = {}): Promise<Response> =>
  Promise.resolve(new Response(JSON.stringify({ type: 'about:blank', title: 'no', status, code }), {
    status, headers: { 'content-type': 'application/problem+json', ...headers },
  }));
const talking = (): { local: number; remote: number } => ({
  local: 0.55 + 0.3 * Math.sin(performance.now() / 130), remote: 0.6 + 0.35 * Math.sin(performance.now() / 170 + 1),
});
const ANNA = { id: 'anna', name: 'Anna Berg' };
/** The timer shows a real call's length, not zero. */
const AGO = 134_000;
const joinedAgo = (report: (event: PhoneEvent) => void): Promise<void> => {
  report({ type: 'joined', now: Date.now() - AGO, peers: [ANNA] });
  report({ type: 'quality', side: 'local', level: 3 });
  report({ type: 'route', route: 'udp' });
  report({ type: 'devices', devices: {
    inputs: [{ id: 'a', label: 'Laptop microphone' }, { id: 'b', label: 'Headset' }],
    outputs: [{ id: 'default', label: '' }, { id: 'c', label: 'Headset' }], input: 'a', output: 'default',
  } });
  return Promise.resolve();
};
const alone = (report: (event: PhoneEvent) => void): Promise<void> => {
  report({ type: 'joined', now: Date.now(), peers: [] });
  return Promise.resolve();
};
const inCall: Pick<Story, 'press' | 'join' | 'levels'> = { press: START, join: joinedAgo, levels: talking };
const warned = (warning: Warning): Story => ({ ...inCall, then: (line) => { line.report({ type: 'warning', warning, on: true }); } });

/** A browser with the permission element, and a permission that was never asked for. */
function withPermissionElement(): void {
  Object.assign(globalThis, { HTMLMicrophoneElement: EventTarget });
  navigator.permissions.query = () => Promise.resolve(Object.assign(new EventTarget(), { state: 'prompt' }) as unknown as PermissionStatus);
}

const STORIES: Record<string, Story> = {
  idle: { press: [] },
  'idle-tiny': { press: [], props: { variant: 'tiny' } },
  'idle-dismissible': { press: [], props: { dismissible: true } },
  before: { press: ['Talk to us'], site: { name: 'Acme support', greeting: 'Anna or Ben usually answers in under a minute.', tel: '+49 30 901820' } },
  'before-paused': { press: ['Talk to us'], site: { name: 'Acme support', paused: true, tel: '+49 30 901820' } },
  'before-sign-in': { press: ['Talk to us'], site: { name: 'Acme support', auth: 'clerk' }, first: () => { Object.assign(window, { Clerk: { user: null, openSignIn: () => undefined } }); } },
  'before-accent': { press: ['Talk to us'], props: { accent: '#ffd400', radius: 8, font: 'Georgia, serif' } },
  consent: { press: START, site: { name: 'Acme support', consent: { mode: 'required', version: '3', text: 'We use your voice and your name to help you. Calls may be recorded to train our team. You can ask us to delete a recording at any time.' } } },
  settings: { press: ['Talk to us', 'Settings'] },
  privacy: { press: ['Talk to us', 'What this button sends'], site: { privacy: { host: 'voice.acme.example', eventDays: 30, recording: false } } },
  opening: { press: START, token: () => new Promise(() => undefined) },
  priming: { press: START, first: withPermissionElement },
  'requesting-mic': { press: START, microphone: never },
  connecting: { press: START, join: never },
  slow: { press: START, join: never, then: (line) => { line.report({ type: 'warning', warning: 'switching-route', on: true }); } },
  ringing: { press: START, join: alone },
  queued: { press: START, join: alone, then: (line) => { line.report({ type: 'queue', queue: { position: 3, etaSeconds: 230 } }); } },
  connected: inCall,
  compact: { ...inCall, props: { variant: 'compact' } },
  large: { ...inCall, press: [...START, 'Enlarge'], props: { expandable: true } },
  inline: { press: ['Start voice call'], join: joinedAgo, levels: talking, props: { mode: 'inline' } },
  recorded: { ...inCall, then: (line) => { line.report({ type: 'recording', recording: 'on' }); } },
  'push-to-talk': { ...inCall, props: { pushToTalk: true } },
  devices: { ...inCall, press: [...START, 'Settings'] },
  muted: { ...inCall, press: [...START, 'Mute microphone', 'Mute speaker'] },
  'muted-talking': { ...warned('muted-talking'), press: [...START, 'Mute microphone'] },
  'mic-silent': warned('mic-silent'),
  'network-you': { ...inCall, then: (line) => {
    line.report({ type: 'quality', side: 'local', level: 1 });
    line.report({ type: 'warning', warning: 'network-you', on: true });
  } },
  'sound-blocked': { ...inCall, then: (line) => { line.report({ type: 'sound-blocked', blocked: true }); } },
  reconnecting: { ...inCall, then: (line) => { line.report({ type: 'line-lost' }); } },
  interrupted: { ...inCall, then: (line) => { line.report({ type: 'interrupted' }); } },
  minimised: { ...inCall, press: [...START, 'Minimise, the call goes on'] },
  elsewhere: { press: ['Talk to us'], first: async () => { await createOneCall('default').claim(); } },
  ended: { ...inCall, press: [...START, 'Mute speaker'], then: () => { void press('End call'); } },
  'ended-by-them': { ...inCall, then: (line) => { line.report({ type: 'line-closed', now: Date.now(), error: null }); } },
  missed: { press: START, join: () => Promise.reject(new CallError('NO_ANSWER')), site: { tel: '+49 30 901820' } },
  'failed-mic': { press: START, microphone: () => Promise.reject(new CallError('MIC_DENIED')) },
  'failed-sign-in': { press: START, token: () => problem(401, 'AUTH_REQUIRED') },
  'failed-rate': { press: START, token: () => problem(429, 'RATE_LIMITED', { 'retry-after': '28' }) },
  'failed-origin': { press: START, token: () => problem(403, 'ORIGIN_DENIED') },
};
for (const code of ERROR_CODES) {
  STORIES[`error-${code}`] = { press: START, microphone: () => Promise.reject(new CallError(code)) };
}

const query = new URLSearchParams(location.search);
const story = STORIES[query.get('story') ?? 'idle'];
if (story === undefined) throw new Error(`no such story; there are ${Object.keys(STORIES).join(', ')}`);

const tokenAnswer = story.token ?? tokenOk;
window.fetch = (input) => {
  const url = new URL(typeof input === 'object' && 'url' in input ? input.url : input, location.href);
  if (url.pathname.endsWith('/config')) return Promise.resolve(story.site === undefined ? new Response(null, { status: 204 }) : Response.json(story.site));
  return url.pathname.endsWith('/token') ? tokenAnswer() : Promise.resolve(new Response(null, { status: 204 }));
};
const locale = query.get('lang') ?? 'en';
document.documentElement.lang = locale;
document.documentElement.dir = directionOf(locale);
const words = await loadWords(localeFor([locale]));
await story.first?.();
const lines: FakeLine[] = []; // StrictMode must not make a second one
const root = document.getElementById('root');
if (root === null) throw new Error('no root');
createRoot(root).render(
  <StrictMode>
    <FloatingCallButton
      theme={query.get('theme') === 'dark' ? 'dark' : 'light'}
      sounds={false}
      openPhone={(report) => {
        const line = fakeLine(report, story);
        lines.push(line);
        return Promise.resolve(line);
      }}
      {...story.props}
    />
  </StrictMode>,
);

/** The stories are told in English; the page may speak another language. */
function translated(name: string): string {
  const key = (Object.keys(en) as (keyof typeof en)[]).find((one) => en[one] === name);
  const found = key === undefined ? undefined : words[key];
  return typeof found === 'string' ? found : name;
}

async function press(name: string): Promise<void> {
  const wanted = translated(name);
  for (let tries = 0; tries < 400; tries += 1) {
    const found = [...document.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')]
      .find((button) => (button.getAttribute('aria-label') ?? button.textContent).trim() === wanted);
    if (found !== undefined) {
      found.click();
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error(`no button "${wanted}"`);
}

for (const name of story.press) {
  await press(name);
  await new Promise((resolve) => { setTimeout(resolve, 30); });
}
await new Promise((resolve) => { setTimeout(resolve, 400); });
if (lines.length > 1) throw new Error('more than one call was started');
if (lines[0] !== undefined) story.then?.(lines[0]);
await new Promise((resolve) => { setTimeout(resolve, 350); });
document.documentElement.dataset.ready = 'true';
