// @vitest-environment happy-dom
// What a page may ask of the button, and what the panel shows and offers beyond the plain call.
import { act, cleanup, configure, render, screen, waitFor, within } from '@testing-library/react';
import type { ReactElement } from 'react';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallError, createOneCall, readConfig } from '@offhook/core';
import type { Warning } from '@offhook/core';
import { en } from '@offhook/core/words';
import { contrast } from '@offhook/core/colour';
import { accentProperties, readColour } from '../src/contrast';
import { useOffhookCall } from '../src/index';
import { linesOf } from '../src/privacy';
import { chooseLocale } from '../src/use-locale';
import { fakeLine } from '../../../stories/fake-line';
import { Button, button, connect, fakeServer, later, lines, state, user } from './harness';

configure({ asyncUtilTimeout: 60_000 }); // many share this machine
beforeAll(() => Promise.all([import('../src/session'), import('../src/call-panel'), import('../src/voice-call-interface')]));
beforeEach(() => {
  lines.length = 0;
  localStorage.clear();
  sessionStorage.clear();
  chooseLocale(''); // what an earlier test picked
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  fakeServer();
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const addressOf = (input: Parameters<typeof fetch>[0]): string => (typeof input === 'object' && 'url' in input ? input.url : input.toString());
/** A server that says what the site is set to when the test says so. */
function slowServer(): { say: (site: Response) => Promise<void>; asked: () => RequestInit[] } {
  const server = fakeServer();
  const answer = server.getMockImplementation();
  let tell: ((site: Response) => void) | undefined;
  server.mockImplementation((input, init) => {
    if (addressOf(input).includes('/config')) return new Promise((said) => { tell = said; });
    return answer?.(input, init) ?? Promise.reject(new Error('no server'));
  });
  return {
    say: async (site) => {
      await waitFor(() => { expect(tell).toBeDefined(); });
      tell?.(site);
    },
    asked: () => server.mock.calls.filter(([input]) => addressOf(input).endsWith('/token')).map(([, init]) => init ?? {}),
  };
}

const root = (): HTMLElement => {
  const found = document.querySelector<HTMLElement>('.oh-root');
  if (found === null) throw new Error('no button');
  return found;
};

describe('placing and looks', () => {
  it('P07 stands where the page says, as far from the edges as it says', () => {
    render(<Button placement="top-start" offset={[40, 12]} zIndex={7} />);
    expect(root().dataset.ohPlacement).toBe('top-start');
    expect(root().style.getPropertyValue('--oh-offset-inline')).toBe('40px');
    expect(root().style.getPropertyValue('--oh-offset-block')).toBe('12px');
    expect(root().style.getPropertyValue('--oh-z')).toBe('7');
  });
  it('P07 inline mode shows the panel at once, without a launcher and without taking the focus', async () => {
    render(<Button mode="inline" />);
    expect(await later('Start voice call')).toBeTruthy();
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(screen.queryByRole('button', { name: /^Talk to us/ })).toBeNull();
    expect(document.activeElement).toBe(document.body);
  });
  it('P08 tiny keeps its name, and the panel grows when it may', async () => {
    render(<Button variant="tiny" expandable />);
    await user.click(button('Talk to us'));
    const enlarge = await later('Enlarge');
    expect(enlarge.getAttribute('aria-pressed')).toBe('false');
    await user.click(enlarge);
    expect(screen.getByRole('dialog').dataset.ohLarge).toBe('true');
  });
  it.each(['#ffd400', '#0b7256', '#fff', '#000', '#ff0000', '#7a7a7a', 'rgb(120, 200, 255)'])('P09 %s stays readable on light and dark', (accent) => {
    const colour = readColour(accent);
    if (colour === null) throw new Error('unread');
    for (const surface of [[255, 255, 255], [21, 28, 26]] as const) {
      const found = accentProperties(colour, surface);
      const on = readColour(found['--oh-on-accent'] ?? '');
      const text = readColour(found['--oh-accent-text'] ?? '');
      if (on === null || text === null) throw new Error('unread');
      expect(contrast(on, colour)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(text, surface)).toBeGreaterThanOrEqual(4.5);
    }
  });
  it('P09 takes radius, font, logo and name from the page', async () => {
    render(<Button radius={4} font="Georgia" logo="/logo.svg" name="Acme support" />);
    await user.click(button('Talk to us'));
    expect(await screen.findByRole('heading', { name: 'Acme support' })).toBeTruthy();
    expect(root().style.getPropertyValue('--oh-radius')).toBe('4px');
    expect(root().style.getPropertyValue('--oh-font')).toBe('Georgia');
    expect(root().querySelector('.oh-title img')?.getAttribute('src')).toBe('/logo.svg');
  });
  it('P13 can be hidden, and stays hidden in this browser', async () => {
    const view = render(<Button dismissible />);
    await user.click(button('Hide this button'));
    expect(screen.queryByRole('button')).toBeNull();
    view.unmount();
    render(<Button dismissible />);
    expect(screen.queryByRole('button')).toBeNull();
  });
});

describe('a page’s own launcher', () => {
  it('P06 is told the state and opens the panel', async () => {
    render(<Button renderLauncher={({ state: now, props }) => <button {...props}>Ring ({now})</button>} />);
    await user.click(button('Ring (idle)'));
    expect(await screen.findByRole('dialog', { name: 'Voice call' })).toBeTruthy();
    await user.keyboard('{Escape}');
    expect(document.activeElement).toBe(button('Ring (idle)'));
  });
  it('P02 P06 useOffhookCall makes a call without any of our interface', async () => {
    function Own(): ReactElement {
      const { call, start, hangUp } = useOffhookCall({ sounds: false, openPhone: (report) => {
        const line = fakeLine(report);
        lines.push(line);
        return Promise.resolve(line);
      } });
      return <><p>{call?.state ?? 'not loaded'}</p><button onClick={() => { void start(); }}>go</button><button onClick={hangUp}>stop</button></>;
    }
    const view = render(<Own />);
    expect(screen.getByText('not loaded')).toBeTruthy();
    await user.click(button('go'));
    expect(await screen.findByText('connected')).toBeTruthy();
    await user.click(button('stop'));
    expect(await screen.findByText('ended')).toBeTruthy();
    view.unmount();
    expect(lines).toHaveLength(1);
  });
});

describe('words', () => {
  it('P10 every text can be replaced, also one of a group', async () => {
    render(<Button labels={{ panel: 'Hotline', errors: { MIC_IN_USE: 'Mic taken' } }} script={{ microphone: () => Promise.reject(new CallError('MIC_IN_USE')) }} />);
    await user.click(button('Talk to us'));
    expect(await screen.findByRole('dialog', { name: 'Hotline' })).toBeTruthy();
    await user.click(await later('Start voice call'));
    expect(await screen.findByText('Mic taken')).toBeTruthy();
  });
  it('P11 P12 another language is picked in the panel, with its own greeting, and remembered', async () => {
    fakeServer({ languages: ['en', 'de'], greeting: 'Hello!', presets: { de: { greeting: 'Guten Tag!' } } });
    render(<Button />);
    await user.click(button('Talk to us'));
    expect(await screen.findByText('Hello!')).toBeTruthy();
    await user.click(await later('Settings'));
    await user.selectOptions(screen.getByRole('combobox', { name: 'Language' }), 'de');
    await waitFor(() => { expect(screen.getAllByRole('button', { name: 'Zurück' })).toHaveLength(2); }); // the arrow, and one below
    for (const back of screen.getAllByRole('button', { name: 'Zurück' }).slice(1)) await user.click(back);
    expect(await screen.findByText('Guten Tag!')).toBeTruthy();
    expect(localStorage.getItem('offhook.locale')).toBe('de');
    expect(button(/Sprechen Sie mit uns/)).toBeTruthy();
  });
});

describe('before a call', () => {
  it('P18 asks for consent once per text, before anything else happens', async () => {
    const server = fakeServer();
    const view = render(<Button consent="required" consentText="We record calls." locale="en" />);
    await user.click(button(/./));
    await user.click(await later('Start voice call'));
    expect(await screen.findByText('We record calls.')).toBeTruthy();
    expect(server.mock.calls.filter(([url]) => url === '/api/voice/token')).toHaveLength(0);
    await user.click(button('Not now'));
    await user.click(await later('Start voice call'));
    await user.click(await later('Agree and call'));
    await waitFor(() => { expect(state()).toBe('connected'); });
    view.unmount();
    render(<Button consent="required" consentText="We record calls." locale="en" />);
    await connect();
    cleanup();
    render(<Button consent="required" consentText="We record calls and keep them." locale="en" />);
    await user.click(button(/^Talk to us/));
    await user.click(await later('Start voice call'));
    expect(await later('Agree and call')).toBeTruthy();
  });
  it('P18 Start before the site has said that it wants a yes: the button says that something happens, then asks, and the server is told', async () => {
    const { say, asked } = slowServer();
    render(<Button locale="en" />);
    await user.click(button(/^Talk to us/));
    await user.click(await later('Start voice call'));
    expect((await later('Getting a line…')).getAttribute('aria-busy')).toBe('true');
    expect(asked()).toHaveLength(0);
    await say(Response.json({ consent: { mode: 'required', text: 'We record calls.' } }));
    expect(await screen.findByText('We record calls.')).toBeTruthy();
    await user.click(await later('Agree and call'));
    await waitFor(() => { expect(state()).toBe('connected'); });
    expect(asked().map(({ body }) => JSON.parse(body as string) as unknown)).toEqual([expect.objectContaining({ recording: true })]);
  });
  it('P18 a site that does not say how it is set: the call is made, without a yes to be recorded', async () => {
    const { say, asked } = slowServer();
    render(<Button locale="en" />);
    await user.click(button(/^Talk to us/));
    await user.click(await later('Start voice call'));
    await say(new Response(null, { status: 500 }));
    await waitFor(() => { expect(state()).toBe('connected'); });
    expect(asked().map(({ body }) => JSON.parse(body as string) as unknown)).toEqual([expect.not.objectContaining({ recording: true })]);
  });
  it('P18 a page that asks by itself says what it was told', async () => {
    const server = fakeServer({ consent: { mode: 'required', text: 'We record calls.' } });
    const own = vi.fn<(call: ReturnType<typeof useOffhookCall>) => void>();
    function Own(): null {
      own(useOffhookCall({ recording: true, openPhone: (report) => Promise.resolve(fakeLine(report)) }));
      return null;
    }
    render(<Own />);
    await act(() => own.mock.lastCall?.[0].start() ?? Promise.reject(new Error('no call')));
    await waitFor(() => { expect(own.mock.lastCall?.[0].call?.state).toBe('connected'); });
    const wishes = server.mock.calls.filter(([url]) => url === '/api/voice/token').map(([, init]) => JSON.parse(init?.body as string) as unknown);
    expect(wishes).toEqual([expect.objectContaining({ recording: true })]);
  });
  it('P18 as a choice: the call is made either way, nobody is recorded who has not said so, and the next page asks anew', async () => {
    const server = fakeServer();
    const wishes = (): unknown[] => server.mock.calls.filter(([url]) => url === '/api/voice/token').map(([, init]) => JSON.parse(init?.body as string) as unknown);
    const view = render(<Button consent="choice" consentText="We may record calls." locale="en" />);
    await connect();
    expect(wishes()).toEqual([expect.objectContaining({ recording: false })]);
    await user.click(button('End call'));
    view.unmount();
    render(<Button consent="choice" consentText="We may record calls." locale="en" />);
    await user.click(button(/^Talk to us/));
    const group = await screen.findByRole('group', { name: 'We may record calls.' });
    expect(within(group).getByRole<HTMLInputElement>('radio', { name: 'Do not record my voice' }).checked).toBe(true);
    await user.click(within(group).getByRole('radio', { name: 'Record my voice' }));
    await user.click(await later('Start voice call'));
    await waitFor(() => { expect(state()).toBe('connected'); });
    expect(wishes()[1]).toMatchObject({ recording: true });
    cleanup();
    render(<Button consent="notice" locale="en" />);
    await connect();
    expect(wishes()[2]).not.toHaveProperty('recording');
  });
  it('S42 a call that needs a sign-in offers it, and comes back to the start after it', async () => {
    const openSignIn = vi.fn();
    let tell: ((now: { user: unknown }) => void) | undefined;
    vi.stubGlobal('Clerk', { user: null, openSignIn, addListener: (listener: (now: { user: unknown }) => void) => { tell = listener; return () => undefined; } });
    vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response('{"code":"AUTH_REQUIRED"}', { status: 401, headers: { 'content-type': 'application/problem+json' } }))));
    render(<Button locale="en" />);
    await user.click(button('Talk to us'));
    await user.click(await later('Start voice call'));
    await user.click(await later('Sign in to call'));
    expect(openSignIn).toHaveBeenCalledOnce();
    act(() => { tell?.({ user: {} }); });
    expect(await later('Start voice call')).toBeTruthy();
  });
  it('S42 P50 a call that goes on after a reload asks for its token when the site and Clerk are there, not before', async () => {
    sessionStorage.setItem('offhook.resume.default', JSON.stringify({ resume: 'sealed', roomName: 'r', muted: false, speakerMuted: false }));
    const { say, asked } = slowServer();
    render(<Button locale="en" />);
    await waitFor(() => { expect(state()).toBe('opening'); });
    await say(Response.json({ auth: 'clerk' }));
    await new Promise((later_) => { setTimeout(later_, 120); });
    expect(asked()).toHaveLength(0);
    vi.stubGlobal('Clerk', { loaded: true, user: {}, openSignIn: vi.fn(), session: { getToken: () => Promise.resolve('of Clerk') } });
    await waitFor(() => { expect(state()).toBe('connected'); });
    const [request] = asked();
    if (request === undefined) throw new Error('no request');
    expect(new Headers(request.headers).get('authorization')).toBe('Bearer of Clerk');
    expect(JSON.parse(request.body as string)).toMatchObject({ resume: 'sealed' });
  });
  it('S42 where the page has no way to sign in, the words say what to do, and no button promises more', async () => {
    vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response('{"code":"AUTH_REQUIRED"}', { status: 401, headers: { 'content-type': 'application/problem+json' } }))));
    render(<Button locale="en" />);
    await user.click(button('Talk to us'));
    await user.click(await later('Start voice call'));
    expect((await later('Try again')).className).toBe('oh-primary');
    expect(screen.getByText('Sign in, then try again.')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Sign in to call' })).toBeNull();
  });
  it('S42 onSignInRequired goes before Clerk', async () => {
    const onSignInRequired = vi.fn();
    fakeServer({ auth: 'clerk' });
    vi.stubGlobal('Clerk', { user: null, openSignIn: vi.fn() });
    render(<Button locale="en" onSignInRequired={onSignInRequired} />);
    await user.click(button('Talk to us'));
    await user.click(await later('Sign in to call'));
    expect(onSignInRequired).toHaveBeenCalledOnce();
  });
  it('onBeforeCall can stop a call', async () => {
    render(<Button locale="en" onBeforeCall={() => false} />);
    await user.click(button('Talk to us'));
    await user.click(await later('Start voice call'));
    await Promise.resolve();
    expect(state()).toBe('idle');
  });
  it('onBeforeCall that fails is told to the person and to the page, and trying again asks it again', async () => {
    const onBeforeCall = vi.fn().mockRejectedValueOnce(new Error('the shop is closed')).mockResolvedValue(true);
    const onError = vi.fn();
    render(<Button locale="en" onBeforeCall={onBeforeCall} onError={onError} />);
    await user.click(button('Talk to us'));
    await user.click(await later('Start voice call'));
    const again = await later('Try again');
    expect(state()).toBe('failed');
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'INTERNAL', detail: 'onBeforeCall failed' }));
    expect(lines.flatMap(({ log }) => log)).not.toContain('openMicrophone');
    await user.click(again);
    await waitFor(() => { expect(state()).toBe('connected'); });
    expect(onBeforeCall).toHaveBeenCalledTimes(2);
  });
  it('N29 a phone number is offered beside the call', async () => {
    render(<Button locale="en" tel="+49 30 1234" />);
    await user.click(button('Talk to us'));
    expect((await screen.findByRole('link', { name: 'Call +49 30 1234' })).getAttribute('href')).toBe('tel:+49301234');
  });
  it('N33 the privacy sheet says what the server’s settings mean', () => {
    const said = linesOf(en, readConfig({ auth: 'clerk', privacy: { eventDays: 30, recording: false } }), 'voice.example').join('\n');
    expect(said).toContain('voice.example');
    expect(said).toContain('kept for 30 days');
    expect(said).toContain('Calls are not recorded.');
    expect(said).toContain('Who you are signed in as.');
    expect(linesOf(en, null, 'voice.example').join('\n')).not.toContain('signed in');
  });
  it('N12 a call in another tab is said, and can be taken over', async () => {
    const other = createOneCall('n12');
    expect(await other.claim()).toBe(true);
    render(<Button locale="en" site="n12" />);
    await user.click(button('Talk to us'));
    await user.click(await screen.findByRole('button', { name: /Start voice call|Continue here/ }));
    expect(await screen.findByText('A call is running in another tab.')).toBeTruthy();
    other.release();
  });
});

describe('in a call', () => {
  it('P41 P42 other devices and the volume are picked in the settings', async () => {
    render(<Button locale="en" />);
    const line = await connect();
    act(() => { line.report({ type: 'devices', devices: {
      inputs: [{ id: 'a', label: 'Laptop' }, { id: 'b', label: 'Headset' }], outputs: [{ id: 'c', label: 'Room' }, { id: 'd', label: 'Ear' }], input: 'a', output: 'c',
    } }); });
    await user.click(button('Settings'));
    await user.selectOptions(screen.getByRole('combobox', { name: 'Microphone' }), 'b');
    await user.selectOptions(screen.getByRole('combobox', { name: 'Loudspeaker' }), 'd');
    expect(line.log).toContain('setInput b');
    expect(line.log).toContain('setOutput d');
  });
  it.each<[Warning, string]>([
    ['not-heard', 'The other side cannot hear you.'], ['network-you', 'Your connection is weak.'], ['network-them', 'The other side’s connection is weak.'],
    ['low-data', 'Saving data: plainer sound'], ['media-stalled', 'No sound is arriving.'],
  ])('P44 N07 %s is said while it lasts', async (warning, text) => {
    render(<Button locale="en" />);
    const line = await connect();
    act(() => { line.report({ type: 'warning', warning, on: true }); });
    expect(await screen.findByRole('group', { name: text })).toBeTruthy();
    act(() => { line.report({ type: 'warning', warning, on: false }); });
    expect(screen.queryByRole('group', { name: text })).toBeNull();
  });
  it('N06 when nobody hears you, another microphone is one tap away', async () => {
    render(<Button locale="en" />);
    const line = await connect();
    act(() => {
      line.report({ type: 'devices', devices: { inputs: [{ id: 'a', label: 'Laptop' }, { id: 'b', label: 'Headset' }], outputs: [], input: 'a', output: null } });
      line.report({ type: 'warning', warning: 'mic-silent', on: true });
    });
    await user.click(await later('Use Headset'));
    expect(line.log).toContain('setInput b');
  });
  it('the same news twice is said twice', async () => {
    render(<Button locale="en" />);
    const line = await connect();
    const alert = document.querySelector('[aria-live="assertive"]') ?? document.body;
    const said: string[] = [];
    const watch = new MutationObserver((changes) => { said.push(...changes.flatMap(({ addedNodes }) => [...addedNodes].map((one) => one.textContent ?? ''))); });
    watch.observe(alert, { childList: true, subtree: true });
    for (const type of ['line-lost', 'line-back', 'line-lost'] as const) act(() => { line.report({ type }); });
    await waitFor(() => { expect(said.filter((text) => text !== '')).toHaveLength(2); });
    expect(said[0]).toBe(said[1]);
  });
  it('N06 talking while muted offers to unmute', async () => {
    render(<Button locale="en" />);
    const line = await connect();
    await user.click(button('Mute microphone'));
    act(() => { line.report({ type: 'warning', warning: 'muted-talking', on: true }); });
    await user.click(await later('Unmute'));
    expect(line.log.at(-1)).toBe('setMuted false');
  });
  it('P53 push to talk: the microphone is open while the button is held', async () => {
    render(<Button locale="en" pushToTalk />);
    const line = await connect();
    const hold = await later('Hold to talk');
    await user.pointer([{ keys: '[MouseLeft>]', target: hold }]);
    expect(line.log.at(-1)).toBe('setMuted false');
    await user.pointer([{ keys: '[/MouseLeft]', target: hold }]);
    expect(line.log.at(-1)).toBe('setMuted true');
  });
  it('S32 keys work inside the panel, and can be turned off', async () => {
    render(<Button locale="en" />);
    const line = await connect();
    // On nothing that does harm when the key is pressed once more.
    await waitFor(() => { expect(document.activeElement).toBe(button('Mute speaker')); });
    await user.keyboard('m');
    expect(line.log.at(-1)).toBe('setMuted true');
    await user.keyboard('s');
    expect(line.log.at(-1)).toBe('setSpeakerMuted true');
    await user.click(button('Settings'));
    await user.click(screen.getByRole('switch', { name: 'Keyboard shortcuts' }));
    for (const back of screen.getAllByRole('button', { name: 'Back' }).slice(1)) await user.click(back);
    const before = line.log.length;
    await user.keyboard('m');
    expect(line.log).toHaveLength(before);
    expect(localStorage.getItem('offhook.shortcuts')).toBe('no');
  });
  it('P66 shows the call’s id and copies it', async () => {
    const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    render(<Button locale="en" />);
    await connect();
    await user.click(button('End call'));
    expect(await screen.findByText('call_7')).toBeTruthy();
    await user.click(button('Copy: Call ID'));
    expect(copied).toHaveBeenCalledWith('call_7');
  });
  it('P66 the details can be copied where the page has no clipboard, and are shown where nothing can be copied', async () => {
    const kept = Object.getOwnPropertyDescriptor(navigator, 'clipboard');
    Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });
    const copied: string[] = [];
    let may = true;
    Object.assign(document, { execCommand: () => {
      if (may) copied.push(getSelection()?.toString() ?? '');
      return may;
    } });
    try {
      render(<Button locale="en" script={{ join: () => Promise.reject(new CallError('ICE_FAILED')) }} />);
      await user.click(button('Talk to us'));
      await user.click(await later('Start voice call'));
      await user.click(await later('Copy details'));
      expect(await later('Copied')).toBeTruthy();
      expect(copied).toEqual([expect.stringMatching(/^offhook call failed\ncode ICE_FAILED/)]);
      may = false;
      await user.click(button('Copied'));
      const shown = await screen.findByText(/^offhook call failed/);
      expect(getSelection()?.toString()).toContain('code ICE_FAILED');
      expect(shown.closest('[role="dialog"]')).toBeTruthy();
    } finally {
      if (kept !== undefined) Object.defineProperty(navigator, 'clipboard', kept);
      Reflect.deleteProperty(document, 'execCommand');
    }
  });
  it('shows place and wait in the line, and the recording', async () => {
    render(<Button locale="en" script={{ join: (report) => { report({ type: 'joined', now: Date.now(), peers: [] }); return Promise.resolve(); } }} />);
    await user.click(button('Talk to us'));
    await user.click(await later('Start voice call'));
    await waitFor(() => { expect(state()).toBe('ringing'); });
    act(() => { lines[0]?.report({ type: 'queue', queue: { position: 3, etaSeconds: 200 } }); });
    expect(await within(screen.getByRole('dialog')).findByText('Your place in line: 3')).toBeTruthy();
    expect(screen.getByText('about 4 minutes')).toBeTruthy();
    act(() => {
      lines[0]?.report({ type: 'peer-joined', now: Date.now(), peer: { id: 'a', name: 'Anna' } });
      lines[0]?.report({ type: 'recording', recording: 'on' });
    });
    expect(await screen.findByText('Recorded')).toBeTruthy();
  });
  it('S09 an interruption by the device is continued with a tap', async () => {
    render(<Button locale="en" />);
    const line = await connect();
    act(() => { line.report({ type: 'interrupted' }); });
    await user.click(await later('Tap to continue'));
    expect(line.log).toContain('continue');
    expect(state()).toBe('connected');
  });
  it('S50 a change of quality draws neither the launcher nor the page’s own parts anew', async () => {
    const drawn = vi.fn(() => <span>own</span>);
    render(<Button locale="en" renderLauncher={({ props }) => { drawn(); return <button {...props}>Talk to us</button>; }} />);
    const line = await connect();
    await screen.findByText('Echo partner joined');
    drawn.mockClear();
    for (const level of [3, 2, 1, 2, 3] as const) act(() => { line.report({ type: 'quality', side: 'local', level }); });
    expect(screen.getByRole('button', { name: 'Connection: Good' })).toBeTruthy();
    expect(drawn).not.toHaveBeenCalled();
  });
});
