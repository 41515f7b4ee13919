// hear-yourself.ts — three seconds of the person's own voice through the server's echo room and back, before a call.

import { CallError } from './errors';
import type { ErrorCode } from './errors';
import { createMicrophonePermission } from './permission';
import { judge, runPreflight } from './preflight';
import type { OpenProbe, Preflight, PreflightOptions } from './preflight';

/** What of livekit-probe.ts this needs; that file is large and comes only now. */
export interface HearingLine {
  readonly probeLine: OpenProbe;
  readonly codeOfMicrophoneError: (error: unknown) => ErrorCode;
}

export interface HearYourselfOptions extends Pick<PreflightOptions, 'tokenUrl' | 'site' | 'signal'> {
  /** `() => import('@offhook/core/livekit-probe')` */
  readonly line: () => Promise<HearingLine>;
}

/** Asks for the microphone if it must, and lets go of it at the end. Rejects only when the line's code cannot be loaded. */
export async function hearYourself({ line, ...options }: HearYourselfOptions): Promise<Preflight> {
  const { probeLine, codeOfMicrophoneError } = await line();
  const check = { ...options, probe: probeLine, permission: createMicrophonePermission() };
  // Pages without https have no mediaDevices; that is the check's own first question.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) return runPreflight(check);
  let stream: MediaStream;
  try {
    stream = await devices.getUserMedia({ audio: true });
  } catch (cause) {
    const error = new CallError(codeOfMicrophoneError(cause), { cause });
    return judge({ online: true, secure: true, webrtc: true, microphone: 'unknown', microphones: null, error, probe: null });
  }
  try {
    return await runPreflight({ ...check, microphone: stream.getAudioTracks()[0] });
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}
