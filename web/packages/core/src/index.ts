// index.ts — what @offhook/core offers. The phone around livekit-client lives in @offhook/core/livekit-phone, so that
// nobody loads livekit-client by accident; the words live in @offhook/core/words and, for the first chunk, in
// @offhook/core/launcher-words: bundlers split by file, and what this file names lands in the first chunk of who names it.

export { CallError, ERROR_CODES, ERROR_TEXT, isErrorCode, toCallError } from './errors';
export type { CallErrorOptions, ErrorCode, ErrorText } from './errors';
export { CALL_STATES, IDLE, durationOf, isActive, isJoined, step } from './machine';
export type { Call, CallEvent, CallState, Effect, EndReason, Peer, Step } from './machine';
export { createTokenClient, readCredentials } from './token';
export type { Credentials, GetCredentials, TokenClientOptions, TokenRequest, TokenResponse } from './token';
export type { Levels, OpenPhone, Phone, PhoneEvent } from './phone';
export { createCall } from './call';
export type { CallHandle, CallOptions } from './call';
export { formatClock } from './clock';
