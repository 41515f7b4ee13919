// index.ts — what @offhook/core offers. The phone around livekit-client lives in @offhook/core/livekit-phone, so that
// nobody loads livekit-client by accident.

export { CallError, ERROR_CODES, ERROR_TEXT, isErrorCode, toCallError } from './errors';
export type { CallErrorOptions, ErrorCode, ErrorText } from './errors';
export { CALL_STATES, IDLE, durationOf, isActive, isJoined, step } from './machine';
export type { Call, CallEvent, CallState, Effect, EndReason, Peer, Step } from './machine';
export { createTokenClient, readCredentials } from './token';
export type { Credentials, GetCredentials, TokenClientOptions, TokenRequest, TokenResponse } from './token';
export type { Levels, OpenPhone, Phone, PhoneEvent } from './phone';
export { createCall } from './call';
export type { CallHandle, CallOptions } from './call';
export { formatClock, speakDuration } from './clock';
export { en } from './words/en';
export { fill, formatNumber, say, withLabels } from './words/words';
export type { Params, Plural, WordKey, Words, WordsOverrides } from './words/words';
export { errorWords, micPlaceOf } from './words/error-words';
export type { ErrorWords, MicPlace } from './words/error-words';
export { directionOf, negotiate } from './words/negotiate';
export type { Direction } from './words/negotiate';
export { LOCALES, loadWords, localeFor } from './words/locales';
export type { Locale, LocaleTag } from './words/locales';
export { LAUNCHER_WORDS, launcherWords } from './words/launcher-words';
export type { LauncherWords } from './words/launcher-words';
