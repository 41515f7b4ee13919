// sha256.ts — SHA-256 (FIPS 180-4) without waiting: the browser's own is a promise per hash, too slow for a puzzle, and
// missing on pages without https.

/** The first 32 bits of the fractional parts of the roots of the first primes, computed rather than listed. */
function roots(count: number, exponent: number): Uint32Array {
  const found = new Uint32Array(count);
  for (let prime = 2, at = 0; at < count; prime += 1) {
    let divisor = 2;
    while (divisor * divisor <= prime && prime % divisor !== 0) divisor += 1;
    if (divisor * divisor <= prime) continue;
    const root = prime ** exponent;
    found[at] = Math.floor((root - Math.floor(root)) * 2 ** 32);
    at += 1;
  }
  return found;
}

const K = /* @__PURE__ */ roots(64, 1 / 3);
const START = /* @__PURE__ */ roots(8, 1 / 2);

const turn = (value: number, by: number): number => (value >>> by) | (value << (32 - by));

function addBlock(state: Uint32Array, block: DataView, offset: number, w: Uint32Array): void {
  const at = (list: Uint32Array, index: number): number => list[index] ?? 0;
  for (let i = 0; i < 16; i += 1) w[i] = block.getUint32(offset + 4 * i);
  for (let i = 16; i < 64; i += 1) {
    const x = at(w, i - 15);
    const y = at(w, i - 2);
    w[i] = at(w, i - 16) + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + at(w, i - 7) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + at(K, i) + at(w, i)) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i] = at(state, i) + value;
}

/** The digest as eight 32-bit words. */
export function sha256(bytes: Uint8Array): Uint32Array {
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length << 3);
  const state = START.slice();
  const w = new Uint32Array(64);
  for (let offset = 0; offset < padded.length; offset += 64) addBlock(state, view, offset, w);
  return state;
}
