// labels.ts — every word the button says, in one typed dictionary.

import type { ErrorCode, ErrorText } from '@offhook/core';

export interface Labels {
  readonly launcher: string;
  readonly panel: string;
  readonly close: string;
  readonly minimise: string;
  readonly introTitle: string;
  readonly intro: string;
  readonly micPromise: string;
  readonly start: string;
  readonly retry: string;
  readonly retryIn: (seconds: number) => string;
  readonly copyDetails: string;
  readonly copied: string;
  readonly mute: string;
  readonly speaker: string;
  readonly end: string;
  readonly muteShort: string;
  readonly speakerShort: string;
  readonly endShort: string;
  readonly you: string;
  readonly them: string;
  readonly duration: string;
  readonly soundBlocked: string;
  readonly soundOn: string;
  readonly opening: string;
  readonly requestingMic: string;
  readonly requestingMicHint: string;
  readonly connecting: string;
  readonly ringing: string;
  readonly ringingAgain: string;
  readonly connected: string;
  readonly reconnecting: string;
  readonly reconnectingHint: string;
  readonly ending: string;
  readonly ended: string;
  readonly cancelled: string;
  readonly endedByThem: string;
  readonly endedByYou: string;
  readonly lasted: (duration: string) => string;
  readonly joined: (name: string) => string;
  readonly peerMuted: (name: string) => string;
  readonly saidOpened: string;
  readonly saidConnected: (name: string) => string;
  readonly saidReconnected: string;
  readonly saidEnded: (duration: string | null) => string;
  readonly loadFailed: string;
  readonly reload: string;
  /** Replaces single error texts. */
  readonly errors: Partial<Readonly<Record<ErrorCode, ErrorText>>>;
}

export const ENGLISH: Labels = {
  launcher: 'Talk to us',
  panel: 'Voice call',
  close: 'Close',
  minimise: 'Minimise, the call goes on',
  introTitle: 'Talk to us',
  intro: 'A voice call, right here in your browser. Nothing to install, no number to dial.',
  micPromise: 'Your microphone is on only during calls.',
  start: 'Start voice call',
  retry: 'Try again',
  retryIn: (seconds) => `Try again in ${String(seconds)} s`,
  copyDetails: 'Copy details',
  copied: 'Copied',
  mute: 'Mute microphone',
  speaker: 'Mute speaker',
  end: 'End call',
  muteShort: 'Mute',
  speakerShort: 'Speaker',
  endShort: 'End',
  you: 'You',
  them: 'Other side',
  duration: 'Call duration',
  soundBlocked: 'Your browser is holding the sound back.',
  soundOn: 'Turn on sound',
  opening: 'Getting a line…',
  requestingMic: 'Waiting for your microphone…',
  requestingMicHint: 'Your browser may ask for it. Choose “Allow”.',
  connecting: 'Connecting…',
  ringing: 'Waiting for the other side…',
  ringingAgain: 'The other side left. Waiting…',
  connected: 'Connected',
  reconnecting: 'Connection lost. Reconnecting…',
  reconnectingHint: 'Stay here, the call is still yours.',
  ending: 'Ending the call…',
  ended: 'Call ended',
  cancelled: 'Call cancelled',
  endedByThem: 'The other side ended the call.',
  endedByYou: 'You ended the call. Your microphone is off.',
  lasted: (duration) => `It lasted ${duration}.`,
  joined: (name) => `${name} joined`,
  peerMuted: (name) => `${name} is muted`,
  saidOpened: 'Call panel opened',
  saidConnected: (name) => `Connected to ${name}`,
  saidReconnected: 'Reconnected',
  saidEnded: (duration) => (duration === null ? 'Call ended' : `Call ended, ${duration}`),
  loadFailed: 'The call could not be loaded. Check your connection and reload the page.',
  reload: 'Reload',
  errors: {},
};
