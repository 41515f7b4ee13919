// strangers.test.mjs — who has no place at the media ports: 100,000 datagrams from 10,000 addresses bring not one
// byte back, leave the memory as it is and a running call unharmed; ICE-TCP connections that bring nothing are
// closed, those that bring nonsense at once.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BINARY, KEY, SECRET, environment, start, until } from './lib/server.mjs'
import { counter, memory, metrics } from './lib/probe.mjs'
import { Participant } from './lib/signal.mjs'
import { sine, tone } from '../call/tone.mjs'

const FLOOD = process.env.OFFHOOK_FLOOD ?? fileURLToPath(new URL('../../build/tests/conformance/flood', import.meta.url))
const GROWTH_KB = 64
const CALL_S = 60
const RATE = 48000
const run = promisify(execFile)

let server, folder, calls
const port = (proto) => Number(new RegExp(`proto=${proto} address=[\\d.]+:(\\d+)`).exec(server.log)[1])

function call(...args) {
  const child = spawn(BINARY, ['call', 'flooded', '--url', server.url.replace('http', 'ws'), ...args], {
    env: environment({ LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET }),
  })
  const it = { child, output: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (it.output += data))
  it.ended = once(child, 'close')
  return it
}

before(async () => {
  server = await start({ workers: 1 })
  folder = await mkdtemp(join(tmpdir(), 'offhook-flood-'))
  await writeFile(join(folder, 'a.wav'), sine(440, CALL_S))
  await run('opusenc', ['--quiet', '--bitrate', '32', join(folder, 'a.wav'), join(folder, 'a.ogg')])
  const listener = call('--identity', 'ear', '--record', join(folder, 'heard.ogg'))
  await until(async () => (await metrics(server)).participants === 1, 'the listener')
  const speaker = call('--identity', 'mouth', '--play', join(folder, 'a.ogg'))
  calls = { listener, speaker }
  await until(async () => (await metrics(server)).rtp_forwarded_total > 100, 'the call to run')
})
after(async () => {
  for (const one of Object.values(calls ?? {})) one.child.kill('SIGINT')
  await Promise.all(Object.values(calls ?? {}).map((one) => one.ended))
  assert.equal(await server.stop(), 0, server.log)
  await rm(folder, { recursive: true })
})

test('100,000 datagrams of strangers: nothing back, nothing kept', async () => {
  // The ufrags of a participant whose media never came: its checks fail for the wrong password.
  const known = await Participant.join(server, 'known', 'me')
  const ufrag = /a=ice-ufrag:(\S+)/.exec((await known.next('offer')).value.sdp)[1]
  const flood = async (count) => (await run(FLOOD, [port('udp'), count, 10_000, ufrag].map(String))).stdout.trim()
  assert.equal(await flood(2000), 'sent 2000 sources 10000 replies 0 bytes 0') // and every page touched once
  const [before, kb] = [await metrics(server), await memory(server)]
  assert.equal(await flood(100_000), 'sent 100000 sources 10000 replies 0 bytes 0')
  const [now, grown] = [await metrics(server), (await memory(server)) - kb]
  const delta = (name) => now[`${name}_total`] - before[`${name}_total`]
  assert.ok(grown <= GROWTH_KB, `grew by ${grown} KB`)
  // All of them arrived (so that "nothing happened" means something), each kind under its own name.
  assert.ok(delta('udp_drop_oversize') >= 8000, `${delta('udp_drop_oversize')} oversize`)
  assert.ok(delta('datagrams_received') >= 91_000, `${delta('datagrams_received')} received`)
  assert.ok(delta('stun_drop_unknown_ufrag') >= 8000 && delta('stun_drop_integrity') >= 8000)
  assert.ok(delta('stun_drop_malformed') >= 8000)
  assert.ok(delta('datagram_drop_stranger') >= 30_000, `${delta('datagram_drop_stranger')} strangers`)
  assert.equal(now.participants, before.participants)
  await known.leave()
})

test('the call went on through all of it', async () => {
  const before = await counter(server, 'rtp_forwarded')
  await until(async () => (await counter(server, 'rtp_forwarded')) > before + 50, 'more of the call')
  calls.speaker.child.kill('SIGINT')
  await calls.speaker.ended
  calls.listener.child.kill('SIGINT')
  await calls.listener.ended
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', join(folder, 'heard.ogg'), '-f', 'f32le', '-ac', '1', '-ar', '48000', '-'], { encoding: 'buffer', maxBuffer: 64 << 20 })
  const sound = new Float32Array(stdout.buffer, stdout.byteOffset, stdout.length >> 2)
  const seconds = sound.length / RATE
  assert.ok(seconds > 5, `${seconds} s were recorded`)
  // Every second but the first and the last is the whole tone: a gap of 20 ms would take 4 % of its energy away.
  for (let at = 1; at + 2 < seconds; at++) {
    const heard = tone(sound.subarray(at * RATE, (at + 1) * RATE))
    assert.ok(Math.abs(heard.hertz - 440) <= 2 && heard.share > 0.95, `second ${at}: ${JSON.stringify(heard)}\n${calls.listener.output}`)
  }
  assert.match(calls.listener.output, / 0\.00 s of it silence or lost/)
})

test('ICE-TCP: the silent are closed after five seconds, nonsense at once, and none is answered', async () => {
  const wired = call('--identity', 'wire', '--tcp', '--play', join(folder, 'a.ogg'))
  await until(() => /connected in .* over TCP/.test(wired.output), 'a call over TCP')
  const before = await metrics(server)
  const tries = {
    silent: [],
    'half a length': [Buffer.from([0])],
    'a length and no frame': [Buffer.from([0, 100])],
    'a frame that is too long': [Buffer.from([0xff, 0xff]), Buffer.alloc(1000)],
    'a request for a page': [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    // Well-framed rubbish is a stranger's datagram, and no sign of life.
    'rubbish in frames': Array.from({ length: 50 }, () => Buffer.concat([Buffer.from([0, 40]), Buffer.alloc(40, 7)])),
    'a TLS hello': [Buffer.from('16030100f8010000f40303', 'hex'), Buffer.alloc(300)],
  }
  const open = (bytes) =>
    new Promise((done) => {
      let got = 0
      const socket = connect(port('tcp'), '127.0.0.1', () => bytes.forEach((part) => socket.write(part)))
      socket.on('data', (data) => (got += data.length))
      socket.on('error', () => {})
      socket.on('close', () => done(got))
    })
  const results = await Promise.all(Object.entries(tries).map(async ([name, bytes]) => [name, await open(bytes)]))
  for (const [name, got] of results) assert.equal(got, 0, name)
  const now = await metrics(server) // who is malformed is not kept until it is idle
  assert.equal(now.ice_tcp_closed_idle_total - before.ice_tcp_closed_idle_total, 4)
  assert.equal(now.ice_tcp_drop_malformed_total - before.ice_tcp_drop_malformed_total, 3)
  // Who is on a call stays.
  assert.equal(wired.child.exitCode, null)
  const heard = await counter(server, 'rtp_received')
  await until(async () => (await counter(server, 'rtp_received')) > heard + 50, 'the call over TCP to go on')
  assert.equal((wired.output.match(/connected in/g) ?? []).length, 1, wired.output)
  wired.child.kill('SIGINT')
  await wired.ended
})

test('ICE-TCP: a thousand connections leave nothing behind', async () => {
  const storm = async (count) => {
    const sockets = await Promise.all(
      Array.from({ length: count }, () => new Promise((done) => {
        const socket = connect(port('tcp'), '127.0.0.1', () => done(socket))
        socket.on('error', () => done(socket))
      })),
    )
    for (const socket of sockets) socket.write(Buffer.from([0, 4, 1, 2, 3, 4]))
    await new Promise((done) => setTimeout(done, 200))
    for (const socket of sockets) socket.destroy()
  }
  await storm(100)
  const kb = await memory(server)
  for (let i = 0; i < 10; i++) await storm(100)
  const grown = (await memory(server)) - kb
  assert.ok(grown <= 512, `grew by ${grown} KB`)
})
