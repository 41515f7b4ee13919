// rehearsal.tsx — one life of the button, bundled with React 18 and with React 19: drawn on a server, hydrated, called.

import { StrictMode, act, version } from 'react';
import type { ReactElement } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { FloatingCallButton } from '../src/index';
import { fakeLine } from '../../../stories/fake-line';
import type { FakeLine } from '../../../stories/fake-line';

export { version };

const lines: FakeLine[] = [];
const states: string[] = [];

function Page(): ReactElement {
  return (
    <StrictMode>
      <FloatingCallButton
        sounds={false} locale="en" onStateChange={(next) => { states.push(next); }}
        getToken={() => Promise.resolve({ token: 't', roomName: 'r', participantName: 'p', livekitHost: 'ws://localhost:1' })}
        openPhone={(report) => {
          const line = fakeLine(report);
          lines.push(line);
          return Promise.resolve(line);
        }}
      />
    </StrictMode>
  );
}

export function server(): string {
  return renderToString(<Page />);
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000 && !what(); tries += 1) await act(() => new Promise((resolve) => { setTimeout(resolve, 20); }));
  if (!what()) throw new Error('never happened');
}

export async function live(host: HTMLElement): Promise<{ opened: number; states: readonly string[]; closed: number }> {
  const problems: unknown[] = [];
  const root = await act(() => Promise.resolve(hydrateRoot(host, <Page />, { onRecoverableError: (error) => { problems.push(error); } })));
  const press = async (name: string): Promise<void> => {
    const find = (): HTMLElement | undefined => [...host.querySelectorAll('button')].find((one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === name);
    await until(() => find() !== undefined);
    await act(() => { find()?.click(); return Promise.resolve(); });
  };
  await press('Talk to us');
  await press('Start voice call');
  await until(() => states.includes('connected'));
  const seen = [...states];
  await act(() => { root.unmount(); return Promise.resolve(); });
  await until(() => lines.every((line) => line.log.includes('close')));
  if (problems.length > 0) throw problems[0];
  return { opened: lines.length, states: seen, closed: lines.filter((line) => line.log.includes('close')).length };
}
