// ticket.ts — under attack a server asks every page for a little work before a call (HTTP 428, PROOF_REQUIRED): a nonce
// with which SHA-256(challenge + nonce) begins with so many zero bits. No worker (a strict CSP may forbid them): short
// turns that leave the page its breath.

import { sha256 } from './sha256';

export interface Puzzle {
  /** Sent back as it is. */
  readonly ticket: string;
  readonly challenge: string;
  readonly bits: number;
}

/** What the token request is sent again with. */
export interface Solved {
  readonly ticket: string;
  readonly proof: string;
}

const TURN_MS = 12; // shorter than a frame
const BITS_MAX = 24; // some ten seconds on a phone; whoever asks for more wants something else

export function readPuzzle(body: unknown): Puzzle | null {
  const { ticket, proof } = (typeof body === 'object' && body !== null ? body : {}) as { ticket?: unknown; proof?: unknown };
  const { algorithm, challenge, bits } = (typeof proof === 'object' && proof !== null ? proof : {}) as Record<string, unknown>;
  if (typeof ticket !== 'string' || typeof challenge !== 'string' || challenge.length > 1024) return null;
  if (algorithm !== 'SHA-256' || !Number.isInteger(bits) || (bits as number) < 0 || (bits as number) > BITS_MAX) return null;
  return { ticket, challenge, bits: bits as number };
}

export function leadingZeroBits(words: Uint32Array): number {
  let bits = 0;
  for (const word of words) {
    bits += Math.clz32(word);
    if (word !== 0) break;
  }
  return bits;
}

/** Rejects with an AbortError when the call is ended first. */
export async function solve(puzzle: Puzzle, signal: AbortSignal, now: () => number = () => performance.now()): Promise<Solved> {
  const encoder = new TextEncoder();
  let nonce = 0;
  for (;;) {
    for (const end = now() + TURN_MS; now() < end;) {
      for (let some = 0; some < 64; some += 1, nonce += 1) {
        const proof = String(nonce);
        if (leadingZeroBits(sha256(encoder.encode(puzzle.challenge + proof))) >= puzzle.bits) return { ticket: puzzle.ticket, proof };
      }
    }
    await new Promise((resolve) => { setTimeout(resolve, 0); });
    if (signal.aborted) throw new DOMException('stopped', 'AbortError');
  }
}
