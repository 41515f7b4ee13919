// index.ts — what @offhook/core offers. The phone around livekit-client lives in @offhook/core/livekit-phone, so that
// nobody loads livekit-client by accident; the words live in @offhook/core/words and, for the first chunk, in
// @offhook/core/launcher-words: bundlers split by file, and what this file names lands in the first chunk of who names it.

export { CallError, ERROR_CODES, isErrorCode, toCallError } from './errors';
export type { CallErrorOptions, ErrorCode } from './errors';
export { CALL_STATES, IDLE, WARNINGS, durationOf, isActive, isConnecting, isJoined, isOver, step } from './machine';
export type {
  Call, CallEvent, CallState, Device, Devices, Effect, EndReason, Peer, Quality, QualityLevel, Queue, Recording, Route,
  StartChoices, Step, Warning,
} from './machine';
export { createTokenClient, readCredentials } from './token';
export type { CredentialWishes, Credentials, GetCredentials, TokenClientOptions, TokenRequest, TokenResponse } from './token';
export type { Levels, OpenPhone, Phone, PhoneEvent, PhoneWishes } from './phone';
export type { CallStats } from './stats';
export { createCall } from './call';
export type { CallHandle, CallOptions, CallSettings } from './call';
export { createMicrophonePermission, permissionElement } from './permission';
export type { MicrophonePermission, MicrophoneState, PermissionElement } from './permission';
export { createResumeStore } from './resume';
export type { ResumeStore, ResumeTicket } from './resume';
export { createOneCall } from './one-call';
export type { OneCall, OneCallEvents, OneCallScope } from './one-call';
export { watchPage } from './page';
export { describeCall } from './diagnostics';
export { formatDiagnostics } from './diagnostics-text';
export type { Diagnostics } from './diagnostics';
export { formatClock } from './clock';
export { createDemoCall, demoEvents, DEMO_SCENES } from './demo-call';
export type { DemoCall, DemoCallOptions, DemoScene } from './demo-call';
export { createDemoPhone, getDemoCredentials, openDemoPhone } from './demo-phone';
export type { DemoOptions } from './demo-phone';
export { createConfig, defaultConfig, presetFor, readConfig, voiceUrl } from './config';
export type { ConfigOptions, ConfigSource, Consent, Preset, Theme, VoiceConfig } from './config';
export { createEvents } from './events';
export type { Control, EventFacts, EventName, Events, EventsOptions, Variant } from './events';
export { createReporter, reportToConsole, reportToTools } from './reporters';
export type { ReportError } from './reporters';
export { createSounds, soundOf } from './sounds';
export type { SoundName, Sounds } from './sounds';
export { hearYourself } from './hear-yourself';
export type { HearYourselfOptions, HearingLine } from './hear-yourself';
export { judge, runPreflight } from './preflight';
export type { OpenProbe, Preflight, PreflightFacts, PreflightOptions, ProbeFacts, ProbeOptions } from './preflight';
