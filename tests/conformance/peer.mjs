// peer.mjs — talks to our executable (peer.c): one request, one answer, in order
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';

const built = fileURLToPath(new URL('../../build/tests/conformance/conformance_peer', import.meta.url));

export function openPeer() {
  const path = process.env.OFFHOOK_PEER ?? built;
  if (!existsSync(path)) throw new Error(`${path} is not built`);
  const child = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift().resolve(line));
  child.on('exit', (code) => waiting.splice(0).forEach((w) => w.reject(new Error(`our side ended with ${code}`))));
  const ask = (...words) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.stdin.write(words.join(' ') + '\n');
    });
  return {
    ask,
    // With base64 around what goes in and comes out; throws what our side objects.
    async convert(verb, kind, data) {
      const line = await ask(verb, kind, Buffer.from(data).toString('base64'));
      if (line.startsWith('error')) throw new Error(line);
      return new Uint8Array(Buffer.from(line, 'base64'));
    },
    async text(verb, kind, data) {
      return Buffer.from(await this.convert(verb, kind, data)).toString();
    },
    close: () => child.stdin.end(),
  };
}
