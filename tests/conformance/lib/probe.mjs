// probe.mjs — what an attack needs to see: one raw HTTP exchange, the server's counters, its memory.
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'

// Writes raw bytes and reads one answer: { status, headers, body, closed }; rejects if none comes in `ms`.
export function exchange(port, bytes, ms = 8000) {
  return new Promise((done, failed) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let got = Buffer.alloc(0)
    const timer = setTimeout(() => (socket.destroy(), failed(new Error(`no answer to ${String(bytes).slice(0, 200)}`))), ms)
    const finish = (answer) => {
      clearTimeout(timer)
      socket.destroy()
      done(answer)
    }
    const look = (closed) => {
      const end = got.indexOf('\r\n\r\n')
      if (end < 0) return
      const [first, ...lines] = got.subarray(0, end).toString('latin1').split('\r\n')
      const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
      const body = got.subarray(end + 4)
      if (headers['content-length'] !== undefined && body.length < Number(headers['content-length'])) return
      finish({ status: Number(first.split(' ')[1]), headers, body: body.toString(), closed })
    }
    socket.on('data', (data) => {
      got = Buffer.concat([got, data])
      look(false)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      look(true)
      clearTimeout(timer)
      failed(new Error(`closed without an answer to ${String(bytes).slice(0, 200)}`))
    })
  })
}

export const KEY_FIELDS = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
export const UPGRADE = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY_FIELDS}`

export async function metrics(server) {
  const text = await (await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)).text()
  const sums = {}
  for (const [, name, value] of text.matchAll(/^offhook_(\w+?)(?:\{[^}]*\})? ([\d.e+]+)$/gm)) sums[name] = (sums[name] ?? 0) + Number(value)
  return sums
}
export const counter = async (server, name) => (await metrics(server))[`${name}_total`]

// Resident memory in KB. Sanitizers keep what was freed, so that under them it says nothing (they look for leaks
// themselves).
const sanitized = Boolean(process.env.ASAN_OPTIONS || process.env.TSAN_OPTIONS)
export async function memory(server) {
  if (sanitized) return 0
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${server.child.pid}/status`, 'utf8'))[1])
}
