// phone.ts — what needs livekit-client, as one file for the browser: the call's sound, and the check before it.

export { createLiveKitPhone } from '@offhook/core/livekit-phone';
export { codeOfMicrophoneError, probeLine } from '@offhook/core/livekit-probe';
