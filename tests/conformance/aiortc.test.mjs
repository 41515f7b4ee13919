// aiortc.test.mjs — a client that shares no line of code with browsers or libwebrtc: aiortc's ICE, DTLS, SRTP, SCTP and data channels (Python).
// Signalling is by us; data of all sizes and a tone go both ways between it and livekit-client in Chromium.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { AddTrackRequest, DataPacket, DataPacket_Kind, JoinRequest, TrackSource, TrackType, UserPacket, WrappedJoinRequest } from '@livekit/protocol'
import puppeteer from 'puppeteer-core'
import { KEY, SECRET, start, token, until } from './lib/server.mjs'
import { Participant } from './lib/signal.mjs'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const SIZES = [0, 1, 1024, 15_000, 60_000]
const PATIENCE_MS = 40_000 // a machine that others use as well
const bytesOf = (size) => Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)
const sumOf = (bytes) => bytes.reduce((sum, x) => (sum * 31 + x) >>> 0, 7)

let server, pages, browser
const processes = new Set()
before(async () => {
  server = await start({ env: { LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET, NODE_IP: '127.0.0.1' } })
  pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><p>page')).listen(0, '127.0.0.1')
  browser = await puppeteer.launch({
    headless: true,
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
  })
})
after(async () => {
  for (const child of processes) child.kill('SIGKILL')
  await browser?.close()
  pages?.close()
  assert.equal(await server?.stop(), 0, server?.log)
})

// The Python process: commands and their answers, and what happened to it.
class Aiortc {
  static async open() {
    const a = new Aiortc()
    a.child = spawn('/usr/bin/python3', [at('aiortc_peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
    processes.add(a.child)
    a.events = []
    a.waiting = new Map()
    createInterface({ input: a.child.stdout }).on('line', (line) => a.take(JSON.parse(line)))
    a.child.on('exit', () => a.waiting.forEach(({ failed }) => failed(new Error('aiortc has ended'))))
    await until(() => a.saw({ event: 'ready' }), 'aiortc to start', PATIENCE_MS)
    return a
  }
  take({ id, answer, error, ...event }) {
    if (id === undefined) return this.events.push(event)
    const { done, failed } = this.waiting.get(id)
    if (error) failed(new Error(error))
    else done(answer)
  }
  do(name, args = {}) {
    const id = this.waiting.size
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed })
      this.child.stdin.write(JSON.stringify({ id, do: name, ...args }) + '\n')
    })
  }
  saw(wanted) {
    return this.events.some((event) => Object.entries(wanted).every(([key, value]) => event[key] === value))
  }
  // User packets that came, in order.
  packets(topic) {
    return this.events
      .filter(({ event }) => event === 'message')
      .map((event) => ({ ...event, packet: DataPacket.fromBinary(Buffer.from(event.data, 'base64')) }))
      .filter(({ packet }) => packet.value.case === 'user' && packet.value.value.topic === topic)
  }
  send(connection, channel, packet) {
    return this.do('send', { connection, channel, data: Buffer.from(packet.toBinary()).toString('base64') })
  }
  close() {
    this.child.stdin.end()
    return new Promise((done) => (this.child.exitCode === null ? this.child.on('exit', done) : done()))
  }
}

// Numbers of their own: aiortc 1.4 would take odd ones, which are those of the DTLS server (RFC 8832, section 6).
const CHANNELS = [{ label: '_reliable', ordered: true, id: 0 }, { label: '_lossy', ordered: true, maxRetransmits: 0, id: 2 }]
// `single`: all in one peer connection; else it publishes in one and hears in the other, whose channels the server opens.
async function enter(room, single) {
  const media = await Aiortc.open()
  const wish = new WrappedJoinRequest({ joinRequest: new JoinRequest({ clientInfo: { protocol: 17 }, connectionSettings: { autoSubscribe: true } }).toBinary() })
  const query = `join_request=${encodeURIComponent(Buffer.from(wish.toBinary()).toString('base64'))}`
  const signal = await Participant.join(server, room, 'python', single ? { path: '/rtc/v1', query } : {})
  let answered = 0
  const me = { media, signal, downlink: single ? 'publisher' : 'subscriber' }
  me.publish = async (more) => {
    const { sdp } = await media.do('offer', { connection: 'publisher', ...more })
    signal.send('offer', { type: 'offer', sdp, id: answered + 1 })
    await media.do('take_answer', { connection: 'publisher', sdp: (await signal.next('answer', ++answered)).value.sdp })
  }
  signal.socket.on('message', () => void answer(me).catch((error) => (me.trouble = error)))
  await me.publish({ channels: CHANNELS })
  await answer(me)
  for (const label of ['_reliable', '_lossy'])
    for (const connection of new Set(['publisher', me.downlink]))
      await until(() => media.saw({ event: 'open', connection, channel: label }), `${connection} ${label} to open`, PATIENCE_MS)
  me.leave = async () => {
    await signal.leave()
    await media.close()
    assert.equal(me.trouble, undefined)
  }
  return me
}

// The server's offers for the subscriber connection, each once and in their order.
let turn = Promise.resolve()
function answer({ media, signal }) {
  turn = turn.then(async () => {
    const offers = signal.all('offer')
    while ((signal.taken ?? 0) < offers.length) {
      const offer = offers[signal.taken ?? 0].value
      signal.taken = (signal.taken ?? 0) + 1
      signal.send('answer', { type: 'answer', id: offer.id, ...(await media.do('take_offer', { connection: 'subscriber', sdp: offer.sdp })) })
    }
  })
  return turn
}

// livekit-client: keeps what it gets, hums 440 Hz when told, hears.
async function visitor(room) {
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${pages.address().port}/`)
  await page.addScriptTag({ path: at('node_modules/livekit-client/dist/livekit-client.umd.js') })
  await page.addScriptTag({ path: at('../e2e/page/ear.js') })
  await page.evaluate(async (url, jwt) => {
    window.call = new window.LivekitClient.Room()
    window.got = []
    window.ear = new Ear() // eslint-disable-line no-undef
    window.call.on('trackSubscribed', (track, _, from) => window.ear.listen(track, from.identity))
    window.call.on('dataReceived', (payload, from, kind, topic) =>
      window.got.push({ size: payload.length, sum: payload.reduce((sum, x) => (sum * 31 + x) >>> 0, 7), from: from?.identity, kind, topic }),
    )
    await window.call.connect(url, jwt)
  }, server.url.replace('http', 'ws'), await token(room, 'browser'))
  return page
}
const hum = (page, hz) =>
  page.evaluate((pitch) => {
    const context = new AudioContext()
    const oscillator = new OscillatorNode(context, { frequency: pitch })
    const out = context.createMediaStreamDestination()
    oscillator.connect(new GainNode(context, { gain: 0.5 })).connect(out)
    oscillator.start()
    return window.call.localParticipant.publishTrack(out.stream.getAudioTracks()[0], { source: 'microphone' }).then(() => true)
  }, hz)

const userPacket = (size, topic, kind, sequence) =>
  new DataPacket({ kind, sequence, value: { case: 'user', value: new UserPacket({ payload: bytesOf(size), topic }) } })

for (const single of [true, false])
  test(`aiortc with ${single ? 'one peer connection' : 'two peer connections'}: data of all sizes, reliable and lossy, both ways; a tone ${single ? 'out' : 'both ways'}`, { timeout: 180_000 }, async () => {
    const room = `aiortc ${single}`
    const [python, page] = await Promise.all([enter(room, single), visitor(room)])
    const { media, downlink } = python
    const came = (kind) => page.evaluate((k) => window.got.filter((m) => m.kind === k), kind)
    const expected = (kind, size) => ({ size, sum: sumOf(bytesOf(size)), from: 'python', kind, topic: 'size' })

    for (const [i, size] of SIZES.entries()) await media.send('publisher', '_reliable', userPacket(size, 'size', DataPacket_Kind.RELIABLE, i + 1))
    await until(async () => (await came(0)).length === SIZES.length, 'the reliable packets', PATIENCE_MS)
    assert.deepEqual(await came(0), SIZES.map((size) => expected(0, size)))
    for (const size of SIZES)
      await until(async () => {
        await media.send('publisher', '_lossy', userPacket(size, 'size', DataPacket_Kind.LOSSY))
        return (await came(1)).some((m) => m.size === size && m.sum === expected(1, size).sum)
      }, `a lossy packet of ${size} B`, PATIENCE_MS)

    const publish = (size, reliable) =>
      page.evaluate((n, how) => window.call.localParticipant.publishData(Uint8Array.from({ length: n }, (_, i) => (i * 7) & 255), { reliable: how, topic: 'back' }), size, reliable)
    const back = (label) => media.packets('back').filter(({ channel, connection }) => channel === label && connection === downlink).map(({ packet }) => packet)
    for (const size of SIZES) await publish(size, true)
    await until(() => back('_reliable').length === SIZES.length, 'the reliable packets of the browser', PATIENCE_MS)
    assert.deepEqual(back('_reliable').map(({ value }) => Buffer.from(value.value.payload)), SIZES.map((size) => Buffer.from(bytesOf(size))))
    assert.deepEqual([...new Set(back('_reliable').map((packet) => packet.participantIdentity))], ['browser'])
    for (const size of SIZES)
      await until(async () => (await publish(size, false), back('_lossy').some(({ value }) => value.value.payload.length === size)), `a lossy packet of ${size} B back`, PATIENCE_MS)

    python.signal.send('addTrack', new AddTrackRequest({ cid: 'hum', type: TrackType.AUDIO, source: TrackSource.MICROPHONE }))
    await python.signal.next('trackPublished')
    await python.publish({ hz: 660 })
    await until(async () => Math.abs((await page.evaluate(() => window.ear.hear())).hz - 660) < 12, '660 Hz in the browser', PATIENCE_MS)
    if (!single) { // with one connection, what to listen to would be asked for by sections of an offer; aiortc 1.4 offers none anew
      await hum(page, 440)
      await until(async () => Math.abs((await media.do('hear')).hz - 440) < 6, '440 Hz in aiortc', PATIENCE_MS)
    }
    await page.close()
    await python.leave()
  })
