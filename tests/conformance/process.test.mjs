// process.test.mjs — the command line and the life of the process: refusals at start, signals, reload, TLS.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TokenVerifier } from 'livekit-server-sdk'
import WebSocket from 'ws'
import { BINARY, KEY, SECRET, environment, start, token, until } from './lib/server.mjs'

const run = (args, env = {}) =>
  new Promise((done) =>
    execFile(BINARY, args, { env: environment(env), timeout: 10_000 }, (error, stdout, stderr) => done({ code: error ? error.code : 0, stdout, stderr })),
  )
const keys = { LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET }

test('help lists every command and key', async () => {
  const { code, stdout } = await run(['--help'])
  assert.equal(code, 0)
  for (const word of ['serve', 'token create', 'keys generate', 'check-config', '--port', 'rtc.udp_port', 'LIVEKIT_API_SECRET', 'OFFHOOK_VOICE_ECHO'])
    assert.ok(stdout.includes(word), word)
  assert.equal((await run(['nonsense'])).code, 2)
  assert.match((await run(['version'])).stdout, /^offhook \d+\.\d+\.\d+\n$/)
})

test('token create signs what livekit-server-sdk verifies', async () => {
  const { code, stdout } = await run(
    ['token', 'create', '--room', 'R', '--identity', 'I', '--name', 'Ann', '--ttl', '10m', '--hidden', '--source=microphone', '--attribute', 'a=b'], keys)
  assert.equal(code, 0)
  const claims = await new TokenVerifier(KEY, SECRET).verify(stdout.trim())
  assert.equal(claims.sub, 'I')
  assert.equal(claims.name, 'Ann')
  assert.equal(claims.video.room, 'R')
  assert.equal(claims.video.hidden, true)
  assert.deepEqual(claims.attributes, { a: 'b' })
  assert.ok(Math.abs(claims.exp - Date.now() / 1000 - 600) < 10)
  assert.equal((await run(['token', 'create', '--room', 'R'], keys)).code, 2)
  assert.match((await run(['token', 'create', '--room', 'R', '--identity', 'I'])).stderr, /no API key/)
})

test('keys generate prints a pair that the server takes on any address', async () => {
  const { stdout } = await run(['keys', 'generate'])
  const [, key, secret] = /^LIVEKIT_API_KEY=(\w+)\nLIVEKIT_API_SECRET=(\w{32,})\n$/.exec(stdout)
  assert.equal((await run(['check-config', '--bind', '0.0.0.0'], { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret })).code, 0)
})

test('check-config shows values and sources, no secret', async () => {
  const { code, stdout } = await run(['serve', '--check-config', '--port', '1234'], keys)
  assert.equal(code, 0)
  assert.match(stdout, /^port: 1234 {2}# --port$/m)
  assert.match(stdout, new RegExp(`${KEY}: "\\(redacted\\)"`))
  assert.equal(stdout.includes(SECRET), false)
})

test('unsafe or mistaken configurations are refused with the next step', async () => {
  const weak = await run(['serve', '--bind', '0.0.0.0'], { LIVEKIT_API_KEY: 'devkey', LIVEKIT_API_SECRET: 'secret' })
  assert.equal(weak.code, 1)
  assert.match(weak.stderr, /offhook keys generate/)
  const mistaken = await run(['serve', '--udp-prot', '1'])
  assert.equal(mistaken.code, 1)
  assert.match(mistaken.stderr, /did you mean --rtc-udp-port/)
})

test('without keys there is a fresh development pair', async () => {
  const server = await start({ env: {} })
  assert.match(server.out, /LIVEKIT_API_KEY=dev[0-9a-f]{12}\n/)
  assert.equal((await server.get('/')).status, 200)
  assert.equal((await server.post('/api/voice/token', '{}')).status, 200)
  assert.equal(await server.stop(), 0)
})

test('SIGTERM drains: no new rooms, and the end once the calls have ended', async () => {
  const server = await start()
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rtc?access_token=${await token('drained')}&protocol=16`)
  let frames = 0
  socket.on('message', () => frames++)
  socket.on('error', () => {})
  await until(() => frames > 0, 'the join')
  await until(async () => /participants\{worker="\d"\} 1/.test(await (await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)).text()), 'the participant in the metrics')
  server.child.kill('SIGTERM')
  await until(async () => (await server.get('/readyz')).status === 503, 'readyz to say so')
  assert.equal((await server.get('/healthz')).status, 200)
  const refused = await server.get(`/rtc/validate?access_token=${await token('another')}`)
  assert.equal(refused.status, 503)
  const api = await server.post('/api/voice/token', '{}')
  assert.equal(api.status, 503)
  assert.equal((await api.json()).code, 'SERVER_DRAINING')
  assert.equal(server.child.exitCode, null)
  server.child.kill('SIGTERM') // the second one ends the calls
  const [code] = await server.exited
  assert.equal(code, 0, server.log)
  await until(() => socket.readyState === WebSocket.CLOSED, 'the close')
  assert.ok(frames >= 2, 'a Leave came before the close')
})

test('SIGHUP reloads origins and log level, and says what it cannot', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-'))
  const file = join(folder, 'config.yaml')
  await writeFile(file, 'voice:\n  allowed_origins: []\n')
  const server = await start({ args: ['--config', file] })
  const ask = async () => (await server.post('/api/voice/token', '{}', { origin: 'https://late.example' })).status
  assert.equal(await ask(), 403)
  await writeFile(file, 'voice:\n  allowed_origins: [https://late.example]\nroom:\n  empty_timeout: 7\n')
  server.child.kill('SIGHUP')
  await until(async () => (await ask()) === 200, 'the new origin')
  assert.match(server.log, /wait for a restart keys=room\.empty_timeout/)
  await writeFile(file, 'vioce: 1\n')
  server.child.kill('SIGHUP')
  await until(() => /old configuration stays.*vioce/.test(server.log), 'the refusal')
  assert.equal(await ask(), 200)
  assert.equal(await server.stop(), 0)
  await rm(folder, { recursive: true })
})

test('TLS, and a new certificate by SIGHUP', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-'))
  const make = (name) =>
    new Promise((done, failed) =>
      execFile('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
        '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], (error) => (error ? failed(error) : done())),
    )
  await make('first')
  const server = await start({ args: ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')] })
  const ask = () =>
    new Promise((done, failed) =>
      get({ host: '127.0.0.1', port: server.port, path: '/healthz', rejectUnauthorized: false, agent: false }, (answer) => {
        const name = answer.socket.getPeerCertificate().subject.CN
        answer.resume().on('end', () => done([answer.statusCode, name]))
      }).on('error', failed),
    )
  assert.deepEqual(await ask(), [200, 'first'])
  await make('second')
  server.child.kill('SIGHUP')
  await until(async () => (await ask())[1] === 'second', 'the new certificate')
  assert.equal(await server.stop(), 0)
  await rm(folder, { recursive: true })
})
