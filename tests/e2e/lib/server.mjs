// server.mjs — starts the real binary for a test, on free ports, and stops it again.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { AccessToken } from 'livekit-server-sdk'
import { freePorts } from '../../parts/ports.mjs'

export const BINARY = process.env.OFFHOOK_BINARY ?? fileURLToPath(new URL('../../../build/offhook', import.meta.url))

export async function startServer({ args = [], env = {}, host = '127.0.0.1', workers = 1, port, udpPort, namespace, keys } = {}) {
  const ports = await freePorts(2)
  const key = keys?.key ?? 'APItest'
  const secret = keys?.secret ?? randomBytes(32).toString('hex')
  port ??= ports[0]
  udpPort ??= ports[1]
  const command = [...(namespace ? ['ip', 'netns', 'exec', namespace] : []), BINARY, 'serve', '--port', String(port), ...args]
  const child = spawn(command[0], command.slice(1), {
    env: {
      ...process.env,
      LIVEKIT_API_KEY: key,
      LIVEKIT_API_SECRET: secret,
      NODE_IP: host,
      UDP_PORT: String(udpPort),
      OFFHOOK_WORKERS: String(workers),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const keep = (data) => {
    log = (log + data).slice(-200_000)
    if (process.env.E2E_LOG) process.stderr.write(data)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const http = `http://${host}:${port}`
  const server = {
    http,
    ws: http.replace('http', 'ws'),
    key,
    secret,
    port,
    udpPort,
    child,
    log: () => log,
    token: (room, identity, grants = {}, options = {}) => {
      const token = new AccessToken(key, secret, { identity, name: identity, ttl: '10m', ...options })
      token.addGrant({ roomJoin: true, room, canUpdateOwnMetadata: true, ...grants })
      return token.toJwt()
    },
    stop: async (signal = 'SIGKILL') => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal)
        await once(child, 'exit')
      }
    },
  }
  for (let i = 0; i < 1200; i++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${log}`)
    const answer = await fetch(http + '/').catch(() => null)
    if (answer?.status === 200 && (await answer.text()) === 'OK') return server
    await new Promise((done) => setTimeout(done, 50))
  }
  await server.stop()
  throw new Error(`the server is not ready:\n${log}`)
}
