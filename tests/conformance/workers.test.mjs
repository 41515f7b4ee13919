// workers.test.mjs — four workers under real calls: twenty rooms over TLS, joins that land on the wrong worker, a
// new certificate meanwhile, the end by SIGTERM, and a kill -9. Runs under the sanitizers as well.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BINARY, KEY, SECRET, environment, start, token, until } from './lib/server.mjs'
import { metrics } from './lib/probe.mjs'
import { Participant } from './lib/signal.mjs'
import { sine } from '../call/tone.mjs'

const ROOMS = 20
// The callers are the load: not the sanitized binary if there is another.
const plain = fileURLToPath(new URL('../../build/offhook', import.meta.url))
const CALLER = existsSync(plain) ? plain : BINARY
const run = promisify(execFile)
let folder, played

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-workers-'))
  played = join(folder, 'a.ogg')
  await writeFile(join(folder, 'a.wav'), sine(440, 5))
  await run('opusenc', ['--quiet', '--bitrate', '24', join(folder, 'a.wav'), played])
})
after(() => rm(folder, { recursive: true }))

const certificate = (name) =>
  run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')])

function call(server, room, ...args) {
  const child = spawn(CALLER, ['call', room, '--url', server.url.replace('http', 'ws'), ...args], {
    env: environment({ LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET }),
  })
  const it = { child, room, output: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (it.output += data))
  it.ended = once(child, 'close').then(([code]) => code)
  return it
}

// Nothing in a log may let its reader into a call, and no sanitizer may have complained.
function cleanLog(server) {
  assert.doesNotMatch(server.log, /Sanitizer|runtime error|CHECK/)
  for (const secret of [SECRET, 'eyJ', 'ice-pwd', 'ice-ufrag', 'v=0', 'fingerprint', 'access_token']) assert.equal(server.log.includes(secret), false, `"${secret}" in the log`)
}

test('twenty calls over TLS and four workers, with a new certificate in the middle', async () => {
  await certificate('first')
  const server = await start({ workers: 4, args: ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem'), '--logging-level', 'debug'] })
  server.url = `https://127.0.0.1:${server.port}`
  await copyFile(join(folder, 'cert.pem'), join(folder, 'ca.pem'))
  const calls = []
  for (let i = 0; i < ROOMS; i++) {
    const transport = i % 4 === 1 ? ['--tcp'] : i % 4 === 2 ? ['--two-peer-connections'] : []
    calls.push(call(server, `room-${i}`, '--identity', 'ear', '--record', join(folder, `${i}.ogg`), '--ca', join(folder, 'ca.pem'), ...transport))
    calls.push(call(server, `room-${i}`, '--identity', 'mouth', '--play', played, '--ca', join(folder, 'ca.pem'), ...transport))
  }
  await until(async () => (await metrics(server)).participants >= ROOMS, 'half of them to have joined', 30_000)
  const text = await (await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)).text()
  const rooms = [...text.matchAll(/^offhook_rooms\{worker="\d"\} (\d+)$/gm)].map((m) => Number(m[1]))
  assert.equal(rooms.length, 4)
  assert.ok(rooms.filter((n) => n > 0).length >= 3, `rooms per worker: ${rooms}`)
  // One TCP port for all four; who called at another worker's door has been taken to the right one.
  assert.equal(new Set([...server.log.matchAll(/proto=tcp address=\S+:(\d+)/g)].map((m) => m[1])).size, 1)
  await until(async () => (await metrics(server)).ice_tcp_moved_total > 0, 'a TCP stream to move', 30_000)
  await certificate('second')
  server.child.kill('SIGHUP')
  const subject = () =>
    new Promise((done, failed) => {
      const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false }, () => (done(socket.getPeerCertificate().subject.CN), socket.destroy()))
      socket.on('error', failed)
    })
  await until(async () => (await subject()) === 'second', 'the new certificate')
  const mouths = calls.filter((_, i) => i % 2)
  for (const it of mouths) assert.equal(await it.ended, 0, it.output)
  for (const it of calls.filter((_, i) => i % 2 === 0)) {
    it.child.kill('SIGINT')
    assert.equal(await it.ended, 0, it.output)
    const seconds = Number(/recorded ([\d.]+) s/.exec(it.output)?.[1])
    assert.ok(seconds > 2, `${it.room}: ${it.output}`)
  }
  assert.equal(await server.stop(), 0, server.log)
  cleanLog(server)
})

test('sixty joins at once into the rooms of other workers, over TLS', async () => {
  await certificate('first')
  const server = await start({ workers: 4, args: ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')] })
  server.url = `https://127.0.0.1:${server.port}`
  const all = await Promise.all(Array.from({ length: 60 }, (_, i) => Participant.join(server, `room-${i % 12}`, `person-${i}`, { options: { rejectUnauthorized: false } })))
  // Everybody of a room finds the others, whichever worker accepted them.
  for (const [i, one] of all.entries()) {
    const others = () => new Set([...one.all('join').flatMap(({ value }) => value.otherParticipants), ...one.all('update').flatMap(({ value }) => value.participants)].map((p) => p.identity))
    const expected = all.map((_, n) => n).filter((n) => n !== i && n % 12 === i % 12).map((n) => `person-${n}`)
    await until(() => expected.every((identity) => others().has(identity)), `person-${i} to see ${expected}`)
  }
  await Promise.all(all.map((one) => one.leave()))
  assert.equal(await server.stop(), 0, server.log)
  cleanLog(server)
})

test('SIGTERM waits for calls, a second one tells them to come back and ends', async () => {
  const server = await start({ workers: 4 })
  const all = await Promise.all(Array.from({ length: 8 }, (_, i) => Participant.join(server, `room-${i}`, 'me')))
  server.child.kill('SIGTERM')
  await until(async () => (await server.get('/readyz')).status === 503, 'the draining')
  for (const one of all) assert.ok(one.open && (await one.ping()) < 5000)
  const late = await server.get(`/rtc/validate?access_token=${await token('new-room')}`)
  assert.deepEqual([late.status, await late.text()], [503, 'node has exceeded its configured limit'])
  const joined = await Participant.join(server, 'room-3', 'late') // into a room that lives
  server.child.kill('SIGTERM')
  for (const one of [...all, joined]) {
    await one.closed
    const { value } = one.all('leave')[0]
    assert.equal(value.reason, 3, 'SERVER_SHUTDOWN')
    assert.equal(value.action, 2, 'RECONNECT')
  }
  assert.deepEqual(await server.exited, [0, null], server.log)
  cleanLog(server)
})

test('SIGTERM ends by itself when the last call has ended', async () => {
  const server = await start({ workers: 4 })
  const one = await Participant.join(server, 'r', 'me')
  server.child.kill('SIGTERM')
  await until(async () => (await server.get('/readyz')).status === 503, 'the draining')
  await one.leave()
  assert.deepEqual(await server.exited, [0, null], server.log)
})

test('after kill -9 a new server takes the same port at once, and the call goes on', async () => {
  const first = await start({ workers: 4 })
  const ear = call(first, 'again', '--identity', 'ear')
  await until(() => /connected in/.test(ear.output), 'the first connection')
  first.child.kill('SIGKILL')
  await first.exited
  const second = await start({ workers: 4, args: ['--port', String(first.port)] })
  assert.equal(second.port, first.port)
  await until(async () => (await metrics(second)).participants === 1, 'the caller to come back', 30_000)
  assert.equal(ear.child.exitCode, null, ear.output)
  ear.child.kill('SIGINT')
  assert.equal(await ear.ended, 0, ear.output)
  assert.equal(await second.stop(), 0, second.log)
})
