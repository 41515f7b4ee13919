// livekit-errors.ts — which of our codes it is that livekit-client or the browser complains about.

import { ConnectionError, ConnectionErrorReason, DisconnectReason } from 'livekit-client';
import type { ErrorCode } from './errors';

/** Which of our codes an exception of getUserMedia is. */
export function codeOfMicrophoneError(error: unknown): ErrorCode {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const message = error instanceof Error ? error.message : '';
  switch (name) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
      return /system/i.test(message) ? 'MIC_DENIED_SYSTEM' : 'MIC_DENIED';
    case 'SecurityError':
      return 'POLICY_BLOCKED';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return 'MIC_NOT_FOUND';
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return 'MIC_IN_USE';
    default:
      return 'INTERNAL';
  }
}

/** Which of our codes a failed connect is. `reason` is right where `reasonName` is not (livekit-client 2.23.0). */
export function codeOfConnectError(error: unknown, online: boolean): ErrorCode {
  if (!online) return 'NET_OFFLINE';
  if (!(error instanceof ConnectionError)) return 'SIGNAL_FAILED';
  const status: unknown = error.status;
  switch (error.reason) {
    case ConnectionErrorReason.NotAllowed:
      return 'TOKEN_INVALID';
    case ConnectionErrorReason.ServiceNotFound:
    case ConnectionErrorReason.ServerUnreachable:
    case ConnectionErrorReason.WebSocket:
      if (status === 401 || status === 403) return 'TOKEN_INVALID';
      if (status === 429) return 'RATE_LIMITED';
      return status === 503 ? 'CAPACITY' : 'SIGNAL_FAILED';
    case ConnectionErrorReason.Timeout:
      return 'SIGNAL_TIMEOUT';
    case ConnectionErrorReason.LeaveRequest:
      return codeOfDisconnect(error.context as DisconnectReason) ?? 'SIGNAL_FAILED';
    case ConnectionErrorReason.InternalError:
      // livekit-client's word for "signalling worked, the media path did not".
      return /pc connection|peer ?connection|ice/i.test(error.message) ? 'ICE_FAILED' : 'INTERNAL';
    default:
      return 'SIGNAL_FAILED';
  }
}

/** null: an ordinary end of the call. */
export function codeOfDisconnect(reason: DisconnectReason | undefined): ErrorCode | null {
  switch (reason) {
    case DisconnectReason.CLIENT_INITIATED: return null;
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED: return 'ROOM_CLOSED';
    case DisconnectReason.DUPLICATE_IDENTITY: return 'DUPLICATE_IDENTITY';
    case DisconnectReason.SERVER_SHUTDOWN: return 'SERVER_DRAINING';
    case DisconnectReason.PARTICIPANT_REMOVED: return 'KICKED';
    case DisconnectReason.USER_UNAVAILABLE: return 'NO_ANSWER';
    case DisconnectReason.USER_REJECTED: return 'DECLINED';
    case DisconnectReason.CONNECTION_TIMEOUT:
    case DisconnectReason.MEDIA_FAILURE: return 'ICE_FAILED';
    case DisconnectReason.AGENT_ERROR: return 'AGENT_TIMEOUT';
    default: return 'SIGNAL_FAILED';
  }
}
