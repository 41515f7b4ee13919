'use client';
// index.ts — what @offhook/react offers. Nothing here pulls livekit-client into the first chunk; CallControls needs it and
// is therefore imported from '@offhook/react/call-controls'.

export { FloatingCallButton } from './floating-call-button';
export type { FloatingCallButtonProps } from './floating-call-button';
export { VoiceCallInterface } from './lazy-voice';
export type { VoiceCallInterfaceProps } from './voice-call-interface';
export type { CallControlsProps } from './call-controls';
export { useCall } from './use-call';
export { ENGLISH } from './labels';
export type { Labels } from './labels';
export type { CallError, CallHandle, CallState, ErrorCode, TokenRequest, TokenResponse } from '@offhook/core';
