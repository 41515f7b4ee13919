'use client';
// index.ts — what @offhook/react offers. Nothing here pulls livekit-client into the first chunk; CallControls needs it and
// is therefore imported from '@offhook/react/call-controls'.

export { FloatingCallButton } from './floating-call-button';
export { VoiceCallInterface } from './lazy-voice';
export { useOffhookCall } from './use-offhook-call';
export type { OffhookCall } from './use-offhook-call';
export type {
  CallNews, CallOptionsProps, Consent, FloatingCallButtonProps, Labels, LauncherState, Placement, TokenContext, Variant,
} from './props';
export type { VoiceCallInterfaceProps } from './voice-call-interface';
export type { CallControlsProps } from './call-controls';
export type { Call, CallError, CallHandle, CallState, ErrorCode, Quality, TokenRequest, TokenResponse } from '@offhook/core';
