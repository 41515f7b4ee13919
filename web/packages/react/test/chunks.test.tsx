// @vitest-environment happy-dom
// Code that loads on intent and does not come: in a file of its own, because the modules are loaded anew.
import { cleanup, configure, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';

configure({ asyncUtilTimeout: 60_000 }); // many share this machine
const user = userEvent.setup();
afterEach(cleanup);

it('S58 the panel’s code does not load: the button says so, and a press tries again', async () => {
  vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response(null, { status: 404 }))));
  vi.doMock('../src/call-panel', () => { throw new Error('Failed to fetch dynamically imported module'); });
  const { FloatingCallButton } = await import('../src/floating-call-button');
  render(<FloatingCallButton locale="en" siteConfig={false} />);
  await user.click(screen.getByRole('button', { name: /^Talk to us/ }));
  const again = await screen.findByRole('button', { name: /^Try again/ });
  expect(again.dataset.ohLoading).toBe('false');
  vi.doUnmock('../src/call-panel');
  await user.click(again);
  await screen.findByRole('dialog', { name: 'Voice call' });
});
