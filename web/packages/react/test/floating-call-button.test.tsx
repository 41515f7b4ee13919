// @vitest-environment happy-dom
import { StrictMode } from 'react';
import type { ReactElement } from 'react';
import { act, cleanup, configure, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Mock } from 'vitest';
import { CallError } from '@offhook/core';
import type { ErrorCode } from '@offhook/core';
import { FloatingCallButton } from '../src/index';
import type { FloatingCallButtonProps } from '../src/index';
import { ECHO, fakeLine, never } from '../../../stories/fake-line';
import type { FakeLine, Script } from '../../../stories/fake-line';

let lines: FakeLine[];
let errors: Mock;
let fetched: Mock<typeof fetch>;
configure({ asyncUtilTimeout: 60_000 }); // many share this machine
const user = userEvent.setup();

const tokenAnswer = (): Promise<Response> => Promise.resolve(Response.json({
  token: 'jwt', roomName: 'r', participantName: 'p', livekitHost: 'ws://localhost:1', callId: 'call_7',
}));
const problem = (status: number, code: ErrorCode, headers: Record<string, string> = {}) => (): Promise<Response> =>
  Promise.resolve(new Response(JSON.stringify({ code }), { status, headers: { 'content-type': 'application/problem+json', ...headers } }));

// Everything that loads on intent, loaded once: a busy machine is slow at that.
beforeAll(() => Promise.all([import('../src/session'), import('../src/call-panel'), import('../src/voice-call-interface')]));
beforeEach(() => {
  lines = [];
  errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  fetched = vi.fn<typeof fetch>(tokenAnswer);
  vi.stubGlobal('fetch', fetched);
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function Button({ script, ...props }: FloatingCallButtonProps & { script?: Script }): ReactElement {
  return (
    <FloatingCallButton
      siteConfig={false} sounds={false}
      openPhone={(report) => {
        const line = fakeLine(report, script);
        lines.push(line);
        return Promise.resolve(line);
      }}
      {...props}
    />
  );
}

/** By its class: during a call its name says how the call stands. */
const launcher = (): HTMLElement => {
  const found = document.querySelector<HTMLElement>('.oh-launcher');
  if (found === null) throw new Error('no launcher');
  return found;
};
const panel = (): Promise<HTMLElement> => screen.findByRole('dialog', { name: 'Voice call' });
const state = (): string | null => launcher().getAttribute('data-oh-state');
const button = (name: string | RegExp): HTMLElement => screen.getByRole('button', { name });

async function start(): Promise<void> {
  await user.click(launcher());
  await panel();
  await user.click(button('Start voice call'));
}
async function connect(): Promise<FakeLine> {
  await start();
  await waitFor(() => { expect(state()).toBe('connected'); });
  await waitFor(() => { expect(lines).toHaveLength(1); });
  const line = lines[0];
  if (line === undefined) throw new Error('no line');
  return line;
}
const tell = (line: FakeLine, event: Parameters<FakeLine['report']>[0]): void => { act(() => { line.report(event); }); };
const status = async (): Promise<string | null> => within(await panel()).getByText((_text, node) => node?.className === 'oh-status').textContent;

describe('S56 before a call', () => {
  it('is one closed button that asks nobody anything', () => {
    render(<Button />);
    expect(launcher().getAttribute('aria-expanded')).toBe('false');
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(fetched).not.toHaveBeenCalled();
  });
  it('opens a named panel with the focus on the way forward, and Escape goes back', async () => {
    render(<Button />);
    await user.click(launcher());
    const dialog = await panel();
    expect(dialog.getAttribute('data-oh-state')).toBe('idle');
    expect(launcher().getAttribute('aria-controls')).toBe(dialog.id);
    await waitFor(() => { expect(document.activeElement).toBe(button('Start voice call')); });
    expect(fetched).not.toHaveBeenCalled();
    await user.keyboard('{Escape}');
    expect(launcher().getAttribute('aria-expanded')).toBe('false');
    expect(document.activeElement).toBe(launcher());
  });
  it('S32 works by keyboard alone', async () => {
    render(<Button />);
    await user.tab();
    expect(document.activeElement).toBe(launcher());
    await user.keyboard('{Enter}');
    await panel();
    await waitFor(() => { expect(document.activeElement).toBe(button('Start voice call')); });
    await user.keyboard('{Enter}');
    await waitFor(() => { expect(state()).toBe('connected'); });
  });
});

describe('S56 a call', () => {
  it('asks the default address for a token, with an empty request', async () => {
    render(<Button />);
    await connect();
    expect(fetched).toHaveBeenCalledOnce();
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe('/api/voice/token');
    expect(init).toMatchObject({ method: 'POST', body: '{}' });
  });
  it('sends voiceApiUrl, invite and session as they are at the moment of the call', async () => {
    const view = render(<Button voiceApiUrl="/a" invite="one" />);
    view.rerender(<Button voiceApiUrl="/b" invite="two" getAuthToken={() => 's'} />);
    await connect();
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe('/b');
    expect(init?.body).toBe('{"invite":"two"}');
    expect(new Headers(init?.headers).get('authorization')).toBe('Bearer s');
  });
  it('shows who is there, how it stands and how long', async () => {
    vi.useFakeTimers({ toFake: ['Date'] }); // a busy machine may need a second for this
    render(<Button />);
    const line = await connect();
    expect(await status()).toBe('Connected');
    expect(await screen.findByText('Echo partner joined')).toBeTruthy();
    expect((await screen.findByRole('timer')).textContent).toBe('00:00');
    expect((await panel()).getAttribute('data-oh-state')).toBe('connected');
    expect(line.log).toEqual(['setSpeakerMuted false', 'openMicrophone', 'join ws://localhost:1']);
  });
  it.each<[string, Script, string, string]>([
    ['the microphone', { microphone: never }, 'requesting-mic', 'Waiting for your microphone…'],
    ['the room', { join: never }, 'connecting', 'Connecting…'],
    ['the other side', { join: (report) => { report({ type: 'joined', now: Date.now(), peers: [] }); return Promise.resolve(); } },
      'ringing', 'Waiting for the other side…'],
  ])('says that it waits for %s, and can be ended there', async (_name, script, expected, text) => {
    render(<Button script={script} />);
    await start();
    await waitFor(() => { expect(state()).toBe(expected); });
    expect(await status()).toBe(text);
    await user.click(button('End call'));
    await waitFor(() => { expect(state()).toBe('ended'); });
    expect(lines[0]?.log.at(-1)).toBe('close');
    expect(await status()).toBe('Call cancelled');
  });
  it('mutes and unmutes the microphone with one toggle of one name', async () => {
    render(<Button />);
    const line = await connect();
    await waitFor(() => { expect(screen.getByText('Echo partner joined')).toBeTruthy(); });
    await user.click(button('Mute microphone'));
    expect(button('Mute microphone').getAttribute('aria-pressed')).toBe('true');
    await user.click(button('Mute microphone'));
    expect(button('Mute microphone').getAttribute('aria-pressed')).toBe('false');
    expect(line.log.slice(-2)).toEqual(['setMuted true', 'setMuted false']);
  });
  it('mutes the speaker', async () => {
    render(<Button />);
    const line = await connect();
    await user.click(button('Mute speaker'));
    expect(button('Mute speaker').getAttribute('aria-pressed')).toBe('true');
    expect(line.log.at(-1)).toBe('setSpeakerMuted true');
  });
  it('shows a mute that somebody else made', async () => {
    render(<Button />);
    const line = await connect();
    tell(line, { type: 'mic-changed', muted: true });
    expect(button('Mute microphone').getAttribute('aria-pressed')).toBe('true');
  });
  it('shows a lost line and its return', async () => {
    render(<Button />);
    const line = await connect();
    tell(line, { type: 'line-lost' });
    expect(state()).toBe('reconnecting');
    expect(await status()).toBe('Connection lost. Reconnecting…');
    tell(line, { type: 'line-back' });
    expect(await status()).toBe('Connected');
  });
  it('says when the other side goes and another comes', async () => {
    render(<Button />);
    const line = await connect();
    tell(line, { type: 'peer-left', id: ECHO.id });
    expect(await status()).toBe('The other side left. Waiting…');
    tell(line, { type: 'peer-joined', now: Date.now(), peer: { id: 'b', name: '<img src=x onerror=alert(1)>' } });
    expect(screen.getByText('<img src=x onerror=alert(1)> joined')).toBeTruthy(); // a name is text, never markup
  });
  it('P48 offers to turn sound on when the browser holds it back', async () => {
    render(<Button />);
    const line = await connect();
    tell(line, { type: 'sound-blocked', blocked: true });
    const resume = vi.spyOn(line.room, 'startAudio').mockResolvedValue();
    await user.click(await screen.findByRole('button', { name: 'Turn on sound' }));
    expect(resume).toHaveBeenCalledOnce();
  });
  it('goes on while minimised, and shows its length on the button', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    render(<Button />);
    const line = await connect();
    await user.click(button('Minimise, the call goes on'));
    expect(state()).toBe('connected');
    expect(launcher().textContent).toContain('00:00');
    expect(button('Voice call: Connected')).toBe(launcher());
    tell(line, { type: 'line-lost' });
    expect(button('Voice call: Connection lost. Reconnecting…')).toBe(launcher());
    tell(line, { type: 'line-back' });
    expect(document.activeElement).toBe(launcher());
    expect(line.log).not.toContain('close');
    await user.click(launcher());
    await user.click(await screen.findByRole('button', { name: 'End call' }));
    await waitFor(() => { expect(state()).toBe('ended'); });
    expect(line.log.at(-1)).toBe('close');
    expect(button('Talk to us')).toBe(launcher());
  });
  it('is seen again when it is opened in the moment in which it had closed', async () => {
    render(<Button />);
    await connect();
    const dialog = await panel();
    const shut = ['0', 'translateY(16px) scale(0.97)'];
    const look = (): string[] => [dialog.style.opacity, dialog.style.transform];
    const settled = (how: string[], display: string): Promise<void> => waitFor(() => { expect([...look(), dialog.style.display]).toEqual([...how, display]); });
    for (let times = 0; times < 4; times += 1) {
      await settled(['1', 'none'], 'flex');
      const pressed = new Promise<void>((done) => {
        const watch = new MutationObserver(() => {
          if (look().join() !== shut.join()) return;
          watch.disconnect();
          act(() => { launcher().click(); });
          done();
        });
        watch.observe(dialog, { attributes: true });
      });
      await user.click(button('Minimise, the call goes on'));
      await pressed;
    }
    await settled(['1', 'none'], 'flex');
    await user.click(button('Minimise, the call goes on'));
    await settled(shut, 'none');
  });
  it('keeps the focus inside when the pressed button goes away', async () => {
    render(<Button />);
    await connect();
    await waitFor(() => { expect(document.activeElement).toBe(button('Mute speaker')); });
    await user.click(button('End call'));
    await waitFor(() => { expect(document.activeElement).toBe(button('Start voice call')); });
  });
  it('S56 reports its life to the page', async () => {
    const seen: string[] = [];
    render(<Button
      onStateChange={(next) => seen.push(next)} onConnected={() => seen.push('*connected')} onDisconnect={() => seen.push('*disconnect')}
    />);
    const line = await connect();
    tell(line, { type: 'peer-left', id: ECHO.id });
    tell(line, { type: 'peer-joined', now: Date.now(), peer: ECHO });
    tell(line, { type: 'line-closed', now: Date.now(), error: null });
    expect(seen).toEqual(['opening', 'requesting-mic', 'connecting', 'connected', '*connected', 'ringing', 'connected', 'ended', '*disconnect']);
    expect(screen.getByText('The other side ended the call.')).toBeTruthy();
  });
  it('S33 announces in this order', async () => {
    const said: string[] = [];
    const watch = new MutationObserver(() => {
      for (const region of document.querySelectorAll('[role=status], [role=alert]')) {
        const text = region.textContent;
        if (text !== '' && !said.includes(text)) said.push(text);
      }
    });
    watch.observe(document.body, { childList: true, characterData: true, subtree: true }); // before there is anything to say
    render(<Button />);
    await user.click(launcher());
    await panel();
    await waitFor(() => { expect(said).toEqual(['Call panel opened']); });
    await user.click(button('Start voice call'));
    await waitFor(() => { expect(state()).toBe('connected'); });
    const line = lines[0];
    if (line === undefined) throw new Error('no line');
    tell(line, { type: 'line-lost' });
    await waitFor(() => { expect(said.at(-1)).toBe('Connection lost. Reconnecting…'); });
    tell(line, { type: 'line-back' });
    await waitFor(() => { expect(said.at(-1)).toBe('Reconnected'); });
    await user.click(button('End call'));
    await waitFor(() => { expect(said.at(-1)).toMatch(/^Call ended, \d+ seconds?$/); });
    watch.disconnect();
    expect(said).toContain('Connected to Echo partner');
  });
});

describe('S28 S56 errors', () => {
  it.each<[string, Script, (() => Promise<Response>) | undefined, ErrorCode, string, string]>([
    ['a refused microphone', { microphone: () => Promise.reject(new CallError('MIC_DENIED')) }, undefined, 'MIC_DENIED', 'Microphone is blocked', 'Failed to start call:'],
    ['a foreign origin', {}, problem(403, 'ORIGIN_DENIED'), 'ORIGIN_DENIED', 'Calls are not set up for this website', 'Failed to start call:'],
    ['a missing sign-in', {}, problem(401, 'AUTH_REQUIRED'), 'AUTH_REQUIRED', 'Sign in to call', 'Failed to start call:'],
    ['a failed room', { join: () => Promise.reject(new CallError('ICE_FAILED')) }, undefined, 'ICE_FAILED', 'No path for the sound', 'LiveKit error:'],
  ])('%s is told, logged and reported', async (_name, script, answer, code, title, logged) => {
    if (answer !== undefined) fetched.mockImplementation(answer);
    const onError = vi.fn();
    render(<Button script={script} onError={onError} />);
    await start();
    await waitFor(() => { expect(state()).toBe('failed'); });
    expect(await status()).toBe(title);
    expect(onError).toHaveBeenCalledOnce();
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code }));
    expect(errors).toHaveBeenCalledWith(logged, expect.objectContaining({ code }));
  });
  it('can be tried again, with a fresh token', async () => {
    fetched.mockImplementationOnce(problem(500, 'INTERNAL'));
    render(<Button />);
    await start();
    await user.click(await screen.findByRole('button', { name: 'Try again' }));
    await waitFor(() => { expect(state()).toBe('connected'); });
    expect(fetched).toHaveBeenCalledTimes(2);
  });
  it('counts down where trying at once is useless', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    fetched.mockImplementation(problem(429, 'RATE_LIMITED', { 'retry-after': '30' }));
    render(<Button />);
    await start();
    const retry = await screen.findByRole('button', { name: 'Try again in 30 s' });
    await user.click(retry);
    expect(fetched).toHaveBeenCalledOnce();
    expect(retry.getAttribute('aria-disabled')).toBe('true');
  });
  it('tells a call that broke in the middle, and that it is over', async () => {
    const onDisconnect = vi.fn();
    render(<Button onDisconnect={onDisconnect} />);
    const line = await connect();
    tell(line, { type: 'line-closed', now: Date.now(), error: new CallError('SERVER_DRAINING') });
    expect(await status()).toBe('The call server is restarting');
    expect(onDisconnect).toHaveBeenCalledOnce();
    await waitFor(() => { expect(line.log).toContain('close'); });
  });
  it('copies details without anything personal', async () => {
    fetched.mockImplementation(problem(403, 'ORIGIN_DENIED'));
    const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    render(<Button participantName="Zoë Private" />);
    await start();
    await user.click(await screen.findByRole('button', { name: 'Copy details' }));
    const text = copied.mock.calls[0]?.[0] ?? '';
    expect(text).toMatch(/^offhook call failed\ncode ORIGIN_DENIED\nstatus 403/);
    expect(text).not.toContain('Zoë');
    expect(await screen.findByText('Copied')).toBeTruthy();
  });
});

describe('React’s habits', () => {
  it('StrictMode mounts twice but starts one call', async () => {
    render(<StrictMode><Button /></StrictMode>);
    await connect();
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(lines).toHaveLength(1);
    expect(fetched).toHaveBeenCalledOnce();
    expect(lines[0]?.log.filter((entry) => entry.startsWith('join'))).toHaveLength(1);
    expect(lines[0]?.log).not.toContain('close');
  });
  it('unmounting hangs up', async () => {
    const view = render(<Button />);
    const line = await connect();
    view.unmount();
    await waitFor(() => { expect(line.log).toContain('close'); });
  });
  it('hidden in the middle of a call: it goes on, can be ended, and then the button is gone', async () => {
    const view = render(<Button />);
    const line = await connect();
    view.rerender(<Button hidden />);
    expect(line.log).not.toContain('close');
    await user.click(button('End call'));
    await waitFor(() => { expect(document.querySelector('.oh-root')).toBeNull(); });
    view.rerender(<Button />);
    expect(document.querySelector('.oh-root')).not.toBeNull();
  });
  it('unmounting while the microphone is being asked for closes the phone too', async () => {
    const view = render(<Button script={{ microphone: never }} />);
    await start();
    await waitFor(() => { expect(state()).toBe('requesting-mic'); });
    view.unmount();
    await waitFor(() => { expect(lines[0]?.log).toContain('close'); });
  });
  it('leaves no timer and no listener behind', async () => {
    const running = new Set<unknown>();
    const setReal = globalThis.setInterval;
    const clearReal = globalThis.clearInterval;
    vi.spyOn(globalThis, 'setInterval').mockImplementation(((work: () => void, ms: number) => {
      const id = setReal(work, ms);
      if (ms === 1000) running.add(id); // ours; the test library polls at its own pace
      return id;
    }) as typeof setInterval);
    vi.spyOn(globalThis, 'clearInterval').mockImplementation((id) => {
      running.delete(id);
      clearReal(id);
    });
    const view = render(<Button />);
    const line = await connect();
    expect(running.size).toBeGreaterThan(0);
    const frames = vi.fn(() => ({ local: 0, remote: 0 }));
    Object.assign(line, { levels: frames });
    await waitFor(() => { expect(frames).toHaveBeenCalled(); });
    view.unmount();
    await waitFor(() => { expect(line.log).toContain('close'); });
    expect(running.size).toBe(0);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    frames.mockClear();
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    expect(frames).not.toHaveBeenCalled();
  });
  it('can be opened and closed by the page', async () => {
    const onOpenChange = vi.fn();
    const view = render(<Button open onOpenChange={onOpenChange} />);
    await panel();
    await user.click(button('Close'));
    expect(onOpenChange).toHaveBeenCalledWith(false);
    expect(launcher().getAttribute('aria-expanded')).toBe('true');
    view.rerender(<Button open={false} onOpenChange={onOpenChange} />);
    expect(launcher().getAttribute('aria-expanded')).toBe('false');
  });
  it('speaks the page’s words', async () => {
    render(<Button labels={{ launcher: 'Sprich mit uns', start: 'Anruf starten' }} />);
    await user.click(button('Sprich mit uns'));
    expect(await screen.findByRole('button', { name: 'Anruf starten' })).toBeTruthy();
  });
});
