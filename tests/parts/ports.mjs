// ports.mjs — numbers for servers under test. They lie below those the kernel hands out (32768 and up), or a browser's socket would
// take one between now and the server's start; and apart, because worker i has the UDP port i after the first.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'

const [FIRST, STEP, STEPS] = [11_000, 8, 2500]

const closed = (one) => new Promise((done) => one.close(done))
async function isFree(port) {
  const stream = createServer().listen(port)
  const listens = await once(stream, 'listening').then(() => true, () => false)
  const datagrams = createSocket('udp4').bind(port)
  const binds = await once(datagrams, 'listening').then(() => true, () => false)
  if (listens) await closed(stream)
  if (binds) await closed(datagrams)
  else datagrams.close()
  return listens && binds
}

// Different ones, free for TCP and UDP.
export async function freePorts(count) {
  const ports = new Set()
  while (ports.size < count) {
    const port = FIRST + STEP * randomInt(STEPS)
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}
