// harness.tsx — a call button with a faked line and a faked server, for component tests.

import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, vi } from 'vitest';
import type { ReactElement } from 'react';
import { FloatingCallButton } from '../src/index';
import type { FloatingCallButtonProps } from '../src/index';
import { fakeLine } from '../../../stories/fake-line';
import type { FakeLine, Script } from '../../../stories/fake-line';

export const lines: FakeLine[] = [];
export const user = userEvent.setup();

/** `site`: what GET /api/voice/config answers. */
export function fakeServer(site: object | null = null): ReturnType<typeof vi.fn<typeof fetch>> {
  const server = vi.fn<typeof fetch>((input) => {
    const address = typeof input === 'object' && 'url' in input ? input.url : String(input);
    if (address.includes('/config')) return Promise.resolve(site === null ? new Response(null, { status: 404 }) : Response.json(site));
    if (address.includes('/events')) return Promise.resolve(new Response(null, { status: 204 }));
    return Promise.resolve(Response.json({ token: 'jwt', roomName: 'r', participantName: 'p', livekitHost: 'ws://localhost:1', callId: 'call_7' }));
  });
  vi.stubGlobal('fetch', server);
  return server;
}

export function Button({ script, ...props }: FloatingCallButtonProps & { script?: Script }): ReactElement {
  return (
    <FloatingCallButton
      sounds={false}
      openPhone={(report) => {
        const line = fakeLine(report, script);
        lines.push(line);
        return Promise.resolve(line);
      }}
      {...props}
    />
  );
}

export const button = (name: string | RegExp): HTMLElement => screen.getByRole('button', { name });
export const later = (name: string | RegExp): Promise<HTMLElement> => screen.findByRole('button', { name });
export const state = (): string | null | undefined => document.querySelector('.oh-root')?.getAttribute('data-oh-state');

export async function connect(): Promise<FakeLine> {
  await user.click(button(/^Talk to us/));
  await user.click(await later('Start voice call'));
  await waitFor(() => { expect(state()).toBe('connected'); });
  const line = lines[lines.length - 1];
  if (line === undefined) throw new Error('no line');
  return line;
}
