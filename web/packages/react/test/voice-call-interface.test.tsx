// @vitest-environment happy-dom
// VoiceCallInterface alone, with the real LiveKitRoom and a room whose connect() is under control.
import { StrictMode } from 'react';
import { cleanup, configure, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { ConnectionError, Room, RoomEvent } from 'livekit-client';
import type { LocalAudioTrack } from 'livekit-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Mock } from 'vitest';
import { VoiceCallInterface } from '../src/voice-call-interface';

let errors: Mock;
const connects = vi.hoisted(() => vi.fn<(room: Room, url: string, token: string) => Promise<void>>());
let stopped: Mock;
configure({ asyncUtilTimeout: 60_000 }); // many share this machine
const user = userEvent.setup();

vi.mock(import('livekit-client'), async (original) => {
  const real = await original();
  class RoomUnderControl extends real.Room {
    override connect = (url: string, token: string): Promise<void> => connects(this, url, token);
  }
  return { ...real, Room: RoomUnderControl, createLocalAudioTrack: vi.fn(() => Promise.resolve(fakeTrack(real))) };
});

function fakeTrack(real: typeof import('livekit-client')): LocalAudioTrack {
  const track = Object.create(real.LocalAudioTrack.prototype) as LocalAudioTrack;
  Object.defineProperties(track, {
    mediaStreamTrack: { value: null },
    stop: { value: stopped },
    mute: { value: () => Promise.resolve(track) },
    unmute: { value: () => Promise.resolve(track) },
  });
  return track;
}

/** Which of LiveKit's components and hooks were really used; that LiveKitRoom connects is what every test here sees. */
const used = vi.hoisted(() => new Set<string>());
vi.mock(import('@livekit/components-react'), async (original) => {
  const real = await original();
  const watched = (name: 'RoomAudioRenderer' | 'useRoomContext' | 'useLocalParticipant' | 'useTracks'): never => {
    const call = real[name] as (...given: unknown[]) => unknown;
    return ((...given: unknown[]) => {
      used.add(name);
      return call(...given);
    }) as never;
  };
  return {
    ...real, RoomAudioRenderer: watched('RoomAudioRenderer'), useRoomContext: watched('useRoomContext'),
    useLocalParticipant: watched('useLocalParticipant'), useTracks: watched('useTracks'),
  };
});

beforeEach(() => {
  used.clear();
  errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  stopped = vi.fn();
  connects.mockReset().mockImplementation((room) => {
    vi.spyOn(room.localParticipant, 'publishTrack').mockResolvedValue(undefined as never);
    room.emit(RoomEvent.SignalConnected);
    room.emit(RoomEvent.Connected);
    return Promise.resolve();
  });
  vi.stubGlobal('RTCPeerConnection', function RTCPeerConnection() { /* present */ });
  Object.defineProperty(window, 'isSecureContext', { value: true, configurable: true });
  Object.defineProperty(navigator, 'mediaDevices', { configurable: true, value: {
    getUserMedia: () => Promise.reject(new Error('not reached')), addEventListener: () => undefined, removeEventListener: () => undefined,
    enumerateDevices: () => Promise.resolve([]),
  } });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const state = (): string | null | undefined => document.querySelector('.oh-root')?.getAttribute('data-oh-state');

describe('VoiceCallInterface', () => {
  it('joins with the token it was given, once, also in StrictMode', async () => {
    render(<StrictMode><VoiceCallInterface token="jwt" livekitHost="ws://localhost:1" roomName="r" participantName="p" /></StrictMode>);
    await waitFor(() => { expect(state()).toBe('ringing'); });
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(connects).toHaveBeenCalledOnce();
    expect(connects.mock.calls[0]?.slice(1)).toEqual(['ws://localhost:1', 'jwt']);
    expect(screen.queryByRole('timer')).toBeNull(); // nobody is there yet
  });
  it('S36 S37 is LiveKitRoom around RoomAudioRenderer and controls that use LiveKit’s hooks', async () => {
    render(<VoiceCallInterface token="t" livekitHost="wss://calls.example" />);
    await waitFor(() => { expect([...used]).toEqual(expect.arrayContaining(['RoomAudioRenderer', 'useRoomContext', 'useLocalParticipant', 'useTracks'])); });
    await waitFor(() => { expect(connects).toHaveBeenCalledTimes(1); });
    expect(await screen.findByRole('button', { name: 'Mute microphone' })).toBeTruthy();
  });
  it('takes serverUrl as another name for livekitHost', async () => {
    render(<VoiceCallInterface token="jwt" serverUrl="wss://other" />);
    await waitFor(() => { expect(connects).toHaveBeenCalled(); });
    expect(connects.mock.calls[0]?.[1]).toBe('wss://other');
  });
  it('ends on request: microphone stopped, room left, page told', async () => {
    const left = vi.spyOn(Room.prototype, 'removeAllListeners');
    const onDisconnect = vi.fn();
    render(<VoiceCallInterface token="jwt" livekitHost="ws://localhost:1" onDisconnect={onDisconnect} />);
    await waitFor(() => { expect(state()).toBe('ringing'); });
    await user.click(screen.getByRole('button', { name: 'End call' }));
    await waitFor(() => { expect(state()).toBe('ended'); });
    expect(stopped).toHaveBeenCalled();
    expect(left).toHaveBeenCalled();
    expect(onDisconnect).toHaveBeenCalledOnce();
  });
  it('unmounted after a refused microphone, it never opens one, even when it is allowed later', async () => {
    const status = Object.assign(new EventTarget(), { state: 'denied' });
    vi.spyOn(navigator.permissions, 'query').mockResolvedValue(status as never);
    vi.spyOn(navigator.mediaDevices, 'enumerateDevices').mockResolvedValue([{ kind: 'audioinput' } as MediaDeviceInfo]);
    const { createLocalAudioTrack } = await import('livekit-client');
    const asked = vi.mocked(createLocalAudioTrack);
    asked.mockClear();
    asked.mockRejectedValueOnce(Object.assign(new Error('denied'), { name: 'NotAllowedError' }));
    const view = render(<VoiceCallInterface token="jwt" livekitHost="ws://localhost:1" />);
    await waitFor(() => { expect(state()).toBe('failed'); });
    view.unmount();
    const before = asked.mock.calls.length;
    status.state = 'granted';
    status.dispatchEvent(new Event('change'));
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    expect(asked.mock.calls.length).toBe(before);
  });
  it('stops the microphone when unmounted', async () => {
    const view = render(<VoiceCallInterface token="jwt" livekitHost="ws://localhost:1" />);
    await waitFor(() => { expect(state()).toBe('ringing'); });
    view.unmount();
    await waitFor(() => { expect(stopped).toHaveBeenCalled(); });
  });
  it('tells a connection that failed, logs it as LiveKit error, stops the microphone', async () => {
    connects.mockImplementation(() => Promise.reject(ConnectionError.notAllowed('bad token', 401)));
    const onError = vi.fn();
    render(<VoiceCallInterface token="jwt" livekitHost="ws://localhost:1" onError={onError} />);
    await waitFor(() => { expect(state()).toBe('failed'); });
    expect(onError).toHaveBeenCalledOnce();
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'TOKEN_INVALID' }));
    expect(errors).toHaveBeenCalledWith('LiveKit error:', expect.objectContaining({ code: 'TOKEN_INVALID' }));
    expect(errors.mock.calls.filter(([first]) => first === 'LiveKit error:')).toHaveLength(1);
    await waitFor(() => { expect(stopped).toHaveBeenCalled(); });
  });
  it('refuses to start without a server', async () => {
    render(<VoiceCallInterface token="jwt" />);
    await waitFor(() => { expect(state()).toBe('failed'); });
    expect(connects).not.toHaveBeenCalled();
    expect(errors).toHaveBeenCalledWith('Failed to start call:', expect.objectContaining({ code: 'TOKEN_INVALID' }));
  });
});
