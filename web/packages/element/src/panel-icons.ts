// panel-icons.ts — the panel's drawings, each one line on 24 × 24.

export { CLOSE, PHONE, WAVE } from './icons';

const MICROPHONE = 'M12 3.5a2.9 2.9 0 0 0-2.9 2.9v5a2.9 2.9 0 0 0 5.8 0v-5A2.9 2.9 0 0 0 12 3.5ZM6 11.2a6 6 0 0 0 12 0M12 17.2v3.3';
const LOUDSPEAKER = 'M4 9.6v4.8h3.2L12 18.6V5.4L7.2 9.6Z';
const SLASH = 'M4 4l16 16';

export const MIC = MICROPHONE;
export const MIC_OFF = `${MICROPHONE}${SLASH}`;
export const SPEAKER = `${LOUDSPEAKER}M15.4 9.2a4 4 0 0 1 0 5.6M18 6.6a7.6 7.6 0 0 1 0 10.8`;
export const SPEAKER_OFF = `${LOUDSPEAKER}M15.6 9.6l4.8 4.8M20.4 9.6l-4.8 4.8`;
export const HANG_UP = 'M3.4 13.6a12.8 12.8 0 0 1 17.2 0l-.9 3.2-4-.9-.4-2.6a10.6 10.6 0 0 0-6.6 0l-.4 2.6-4 .9Z';
export const DOWN = 'M6 9.5l6 6 6-6';
export const BACK = 'M14.5 6l-6 6 6 6';
export const MORE = 'M5.5 12h.01M12 12h.01M18.5 12h.01';
export const PERSON = 'M12 11.6a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6ZM4.8 20a7.2 7.2 0 0 1 14.4 0';
export const WARNING = 'M12 4.2 3.2 19.4h17.6ZM12 10v4.4M12 17h.01';
export const CHECK = 'M5 12.6l4.6 4.6L19.2 7.4';
export const SHIELD = 'M12 3.4l7 2.6v5.4c0 4.3-2.9 7.6-7 9.2-4.1-1.6-7-4.9-7-9.2V6ZM8.8 12l2.3 2.3 4.2-4.3';
