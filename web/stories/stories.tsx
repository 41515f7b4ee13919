// stories.tsx — every state of the interface, one per address (?story=…). Not part of the site.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { CallError, ERROR_CODES } from '@offhook/core';
import type { ErrorCode, PhoneEvent } from '@offhook/core';
import { FloatingCallButton } from '@offhook/react';
import { ECHO, fakeLine, never } from './fake-line';
import type { FakeLine, Script } from './fake-line';

interface Story extends Script {
  /** What to press, by accessible name, one after the other. */
  readonly press: readonly string[];
  readonly token?: () => Promise<Response>;
  readonly then?: (line: FakeLine) => void;
}

const START = ['Talk to us', 'Start voice call'];
const tokenOk = (): Promise<Response> => Promise.resolve(Response.json({
  token: 't', roomName: 'r', participantName: 'p', livekitHost: 'ws://localhost:1',
}));
const problem = (status: number, code: ErrorCode, headers: Record<string, string> = {}): Promise<Response> =>
  Promise.resolve(new Response(JSON.stringify({ type: 'about:blank', title: 'no', status, code }), {
    status, headers: { 'content-type': 'application/problem+json', ...headers },
  }));
const talking = (): { local: number; remote: number } => ({
  local: 0.55 + 0.3 * Math.sin(performance.now() / 130), remote: 0.6 + 0.35 * Math.sin(performance.now() / 170 + 1),
});
/** The timer shows a real call's length, not zero. */
const AGO = 134_000;
const joinedAgo = (report: (event: PhoneEvent) => void): Promise<void> => {
  report({ type: 'joined', now: Date.now() - AGO, peers: [ECHO] });
  return Promise.resolve();
};

const STORIES: Record<string, Story> = {
  idle: { press: [] },
  before: { press: ['Talk to us'] },
  opening: { press: START, token: () => new Promise(() => undefined) },
  'requesting-mic': { press: START, microphone: never },
  connecting: { press: START, join: never },
  ringing: { press: START, join: (report) => { report({ type: 'joined', now: Date.now(), peers: [] }); return Promise.resolve(); } },
  connected: { press: START, join: joinedAgo, levels: talking },
  muted: { press: [...START, 'Mute microphone', 'Mute speaker'], join: joinedAgo, levels: talking },
  'sound-blocked': { press: START, join: joinedAgo, then: (line) => { line.report({ type: 'sound-blocked', blocked: true }); } },
  reconnecting: { press: START, join: joinedAgo, then: (line) => { line.report({ type: 'line-lost' }); } },
  minimised: { press: [...START, 'Minimise, the call goes on'], join: joinedAgo, levels: talking },
  ended: { press: [...START, 'Mute speaker'], join: joinedAgo, then: () => { void press('End call'); } },
  'ended-by-them': { press: START, join: joinedAgo, then: (line) => { line.report({ type: 'line-closed', now: Date.now(), error: null }); } },
  'failed-mic': { press: START, microphone: () => Promise.reject(new CallError('MIC_DENIED')) },
  'failed-rate': { press: START, token: () => problem(429, 'RATE_LIMITED', { 'retry-after': '28' }) },
  'failed-origin': { press: START, token: () => problem(403, 'ORIGIN_DENIED') },
};
for (const code of ERROR_CODES) {
  STORIES[`error-${code}`] = { press: START, microphone: () => Promise.reject(new CallError(code)) };
}

const query = new URLSearchParams(location.search);
const story = STORIES[query.get('story') ?? 'idle'];
if (story === undefined) throw new Error(`no such story; there are ${Object.keys(STORIES).join(', ')}`);

window.fetch = story.token ?? tokenOk;
const lines: FakeLine[] = []; // StrictMode must not make a second one
const root = document.getElementById('root');
if (root === null) throw new Error('no root');
createRoot(root).render(
  <StrictMode>
    <FloatingCallButton
      theme={query.get('theme') === 'dark' ? 'dark' : 'light'}
      openPhone={(report) => {
        const line = fakeLine(report, story);
        lines.push(line);
        return Promise.resolve(line);
      }}
    />
  </StrictMode>,
);

async function press(name: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = [...document.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')]
      .find((button) => (button.getAttribute('aria-label') ?? button.textContent).trim() === name);
    if (found !== undefined) {
      found.click();
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  throw new Error(`no button "${name}"`);
}

for (const name of story.press) await press(name);
await new Promise((resolve) => { setTimeout(resolve, 400); });
if (lines.length > 1) throw new Error('more than one call was started');
if (lines[0] !== undefined) story.then?.(lines[0]);
await new Promise((resolve) => { setTimeout(resolve, 350); });
document.documentElement.dataset.ready = 'true';
