import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../src/sha256';
import { leadingZeroBits, readPuzzle, solve } from '../src/ticket';

const hex = (words: Uint32Array): string => [...words].map((word) => word.toString(16).padStart(8, '0')).join('');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('SHA-256', () => {
  it.each([0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 1000])('of %i bytes is what OpenSSL says', (length) => {
    const input = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
    expect(hex(sha256(input))).toBe(createHash('sha256').update(input).digest('hex'));
  });
  it('of "abc" is the standard’s', () => {
    expect(hex(sha256(bytes('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('N27 the puzzle of a server under attack', () => {
  const asked = { ticket: 't', proof: { algorithm: 'SHA-256', challenge: 'c-1', bits: 10 } };
  it('is read', () => {
    expect(readPuzzle(asked)).toEqual({ ticket: 't', challenge: 'c-1', bits: 10 });
  });
  it.each<[string, unknown]>([
    ['nothing', null], ['no ticket', { proof: asked.proof }], ['another algorithm', { ticket: 't', proof: { ...asked.proof, algorithm: 'SHA-1' } }],
    ['no bits', { ticket: 't', proof: { ...asked.proof, bits: undefined } }], ['half a bit', { ticket: 't', proof: { ...asked.proof, bits: 1.5 } }],
    ['work for a day', { ticket: 't', proof: { ...asked.proof, bits: 40 } }],
    ['a challenge without end', { ticket: 't', proof: { ...asked.proof, challenge: 'x'.repeat(2000) } }],
  ])('is not taken with %s', (_name, body) => {
    expect(readPuzzle(body)).toBeNull();
  });
  it('is solved so that anybody can check it', async () => {
    const { ticket, proof } = await solve({ ticket: 't', challenge: 'c-1', bits: 10 }, new AbortController().signal);
    expect(ticket).toBe('t');
    const digest = createHash('sha256').update(`c-1${proof}`).digest();
    expect(digest.readUInt16BE(0) >> 6).toBe(0);
  });
  it('counts zero bits over words', () => {
    expect(leadingZeroBits(Uint32Array.of(0, 1))).toBe(63);
    expect(leadingZeroBits(Uint32Array.of(0x80000000, 0))).toBe(0);
  });
  it('is given up when the call is ended', async () => {
    const stop = new AbortController();
    let time = 0;
    const solving = solve({ ticket: 't', challenge: 'c', bits: 24 }, stop.signal, () => (time += 4));
    stop.abort();
    await expect(solving).rejects.toMatchObject({ name: 'AbortError' });
  });
});
