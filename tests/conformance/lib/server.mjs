// server.mjs — starts the binary for a test on ports the kernel picks, and talks raw TCP to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { AccessToken } from 'livekit-server-sdk'

export const BINARY = process.env.OFFHOOK_BINARY ?? fileURLToPath(new URL('../../../build/offhook', import.meta.url))
export const HAS_PAGE = process.env.OFFHOOK_PAGE !== 'no'
export const KEY = 'APIconformance'
export const SECRET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEF'

const FREE_PORTS = ['--port', '0', '--udp-port', '0', '--tcp-port', '0', '--admin-port', '0']

// A clean environment: what a developer has exported must not decide a test.
export function environment(more) {
  const kept = ['PATH', 'TSAN_OPTIONS', 'ASAN_OPTIONS', 'UBSAN_OPTIONS'].filter((name) => process.env[name] !== undefined)
  return { ...Object.fromEntries(kept.map((name) => [name, process.env[name]])), ...more }
}

export async function start({ args = [], env = { LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET }, workers = 2 } = {}) {
  const child = spawn(BINARY, ['serve', ...FREE_PORTS, '--workers', String(workers), '--bind', '127.0.0.1', ...args], {
    env: environment(env),
  })
  const server = { child, out: '', log: '' }
  child.stdout.on('data', (data) => (server.out += data))
  child.stderr.on('data', (data) => (server.log += data))
  server.exited = once(child, 'exit')
  await until(() => /is ready: /.test(server.out) || child.exitCode !== null, `the server to start: ${server.log}`)
  if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${server.log}`)
  server.port = Number(/is ready: https?:\/\/localhost:(\d+)/.exec(server.out)[1])
  server.adminPort = Number(/metrics=http:\/\/127\.0\.0\.1:(\d+)/.exec(server.log)[1])
  server.url = `http://127.0.0.1:${server.port}`
  server.get = (path, options) => fetch(server.url + path, options)
  server.post = (path, body, headers = {}) =>
    fetch(server.url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  server.stop = async () => {
    child.kill('SIGINT')
    const [code] = await server.exited
    return code
  }
  return server
}

export async function until(condition, what, ms = 30_000) {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited too long for ${what}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

export function token(room, identity = 'me', grants = {}, options = {}) {
  const made = new AccessToken(options.key ?? KEY, options.secret ?? SECRET, { identity, ttl: options.ttl ?? '10m' })
  made.addGrant({ roomJoin: true, room, ...grants })
  return made.toJwt()
}

// Sends raw bytes, and returns all that came until the server closed or `ms` passed.
export function raw(port, bytes, ms = 30_000) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let answer = ''
    const timer = setTimeout(() => socket.destroy(), ms)
    socket.on('data', (data) => (answer += data.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      done(answer)
    })
  })
}
