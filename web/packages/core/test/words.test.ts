import { describe, expect, it } from 'vitest';
import { en, errorWords, speakDuration } from '../src/words/index';
import { CallError, ERROR_CODES, formatClock, isErrorCode, toCallError } from '../src/index';
import { loudness } from '../src/meter';

describe('error texts', () => {
  it.each(ERROR_CODES)('%s says what happened and what to do, in plain words', (code) => {
    const { title, sentence } = errorWords(en, code);
    expect(title.length).toBeLessThanOrEqual(60);
    expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(`${title} ${sentence}`).not.toMatch(/oops|sorry|invalid|_/i);
  });
  it('recognises its own codes only', () => {
    expect(isErrorCode('MIC_DENIED')).toBe(true);
    expect(isErrorCode('toString')).toBe(false);
    expect(isErrorCode(7)).toBe(false);
  });
  it('wraps anything thrown', () => {
    const own = new CallError('CAPACITY');
    expect(toCallError(own)).toBe(own);
    expect(toCallError('text', 'ICE_FAILED')).toMatchObject({ code: 'ICE_FAILED', detail: 'text' });
  });
});

it.each([[0, '00:00'], [999, '00:00'], [75_000, '01:15'], [3_599_000, '59:59'], [3_600_000, '1:00:00'], [-5, '00:00']])('%i ms reads %s', (ms, text) => {
  expect(formatClock(ms)).toBe(text);
});
it.each([[0, '0 seconds'], [1000, '1 second'], [252_000, '4 minutes 12 seconds'], [60_000, '1 minute'], [3_725_000, '1 hour 2 minutes']])('%i ms is spoken %s', (ms, text) => {
  expect(speakDuration(ms, en)).toBe(text);
});

it('hears loudness in decibels between floor and ceiling', () => {
  expect(loudness(new Float32Array(64))).toBe(0);
  expect(loudness(new Float32Array(64).fill(1))).toBe(1);
  expect(loudness(new Float32Array(64).fill(0.02))).toBeCloseTo(0.5, 1); // −34 dB
  expect(loudness(new Float32Array(64).fill(0.0005))).toBe(0);
});
