// @vitest-environment happy-dom
import { ConnectionError, DisconnectReason, RoomEvent } from 'livekit-client';
import { describe, expect, it } from 'vitest';
import { codeOfConnectError, codeOfDisconnect, codeOfMicrophoneError, createLiveKitPhone } from '../src/livekit-phone';
import type { PhoneEvent } from '../src/index';

describe('what went wrong, as a code', () => {
  it.each([
    ['NotAllowedError', '', 'MIC_DENIED'], ['NotAllowedError', 'Permission denied by system', 'MIC_DENIED_SYSTEM'],
    ['NotFoundError', '', 'MIC_NOT_FOUND'], ['NotReadableError', '', 'MIC_IN_USE'], ['SecurityError', '', 'POLICY_BLOCKED'],
    ['WeirdError', '', 'INTERNAL'],
  ])('microphone %s %s', (name, message, code) => {
    expect(codeOfMicrophoneError(new DOMException(message, name))).toBe(code);
  });
  it('connecting', () => {
    expect(codeOfConnectError(ConnectionError.notAllowed('no', 401), true)).toBe('TOKEN_INVALID');
    expect(codeOfConnectError(ConnectionError.serverUnreachable('gone'), true)).toBe('SIGNAL_FAILED');
    expect(codeOfConnectError(ConnectionError.timeout('slow'), true)).toBe('SIGNAL_TIMEOUT');
    expect(codeOfConnectError(ConnectionError.internal('could not establish pc connection'), true)).toBe('ICE_FAILED');
    expect(codeOfConnectError(ConnectionError.leaveRequest('bye', DisconnectReason.SERVER_SHUTDOWN), true)).toBe('SERVER_DRAINING');
    expect(codeOfConnectError(new Error('x'), false)).toBe('NET_OFFLINE');
  });
  it('disconnecting', () => {
    expect(codeOfDisconnect(DisconnectReason.CLIENT_INITIATED)).toBeNull();
    expect(codeOfDisconnect(DisconnectReason.DUPLICATE_IDENTITY)).toBe('DUPLICATE_IDENTITY');
    expect(codeOfDisconnect(DisconnectReason.PARTICIPANT_REMOVED)).toBe('KICKED');
    expect(codeOfDisconnect(undefined)).toBe('SIGNAL_FAILED');
  });
});

describe('the phone', () => {
  it('S39 translates the room’s events', () => {
    const events: PhoneEvent[] = [];
    const { room } = createLiveKitPhone({ report: (event) => { events.push(event); } });
    room.emit(RoomEvent.SignalReconnecting);
    room.emit(RoomEvent.Reconnecting);
    room.emit(RoomEvent.Reconnected);
    expect(events.map((event) => event.type)).toEqual(['line-lost', 'line-lost', 'line-back']);
  });
  it('keeps a disconnect before joining for connect() to tell', () => {
    const events: PhoneEvent[] = [];
    const { room } = createLiveKitPhone({ report: (event) => { events.push(event); } });
    room.emit(RoomEvent.Disconnected, DisconnectReason.JOIN_FAILURE);
    expect(events).toEqual([]);
  });
  it('names a browser that cannot make calls, before any question', async () => {
    const phone = createLiveKitPhone({ report: () => undefined });
    Object.defineProperty(window, 'isSecureContext', { value: true, configurable: true });
    await expect(phone.openMicrophone()).rejects.toMatchObject({ code: 'BROWSER_UNSUPPORTED' });
    Object.defineProperty(window, 'isSecureContext', { value: false, configurable: true });
    await expect(phone.openMicrophone()).rejects.toMatchObject({ code: 'INSECURE_CONTEXT' });
  });
  it('closes twice without complaint and then stays silent', async () => {
    const events: PhoneEvent[] = [];
    const phone = createLiveKitPhone({ report: (event) => { events.push(event); } });
    await phone.close();
    await phone.close();
    phone.room.emit(RoomEvent.Reconnecting);
    expect(events).toEqual([]);
  });
});
