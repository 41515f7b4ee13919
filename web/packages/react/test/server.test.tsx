// The button on a server: no window, no document, no timers.
import { renderToString } from 'react-dom/server';
import { expect, it } from 'vitest';
import { FloatingCallButton, VoiceCallInterface } from '../src/index';

it('renders to a string where there is no browser', () => {
  expect(typeof window).toBe('undefined');
  const html = renderToString(<FloatingCallButton />);
  expect(html).toContain('data-oh-state="idle"');
  expect(html).toContain('Talk to us');
});
it('exports the interface without loading LiveKit', () => {
  expect(typeof VoiceCallInterface).toBe('function');
});
