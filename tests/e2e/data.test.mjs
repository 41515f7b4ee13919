// data.test.mjs — data channels between two Chromiums with unmodified livekit-client: packets, text and byte streams, RPC,
// data tracks, in both connection modes.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { RoomServiceClient } from 'livekit-server-sdk'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { openChromium } from './lib/browser.mjs'
import { eventually } from './lib/wait.mjs'

let server, pages, browser
before(async () => {
  server = await startServer()
  pages = await startPages()
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  pages?.stop()
  await server?.stop()
})

async function enter(room, identity, options) {
  const page = await browser.newPage()
  await page.goto(pages.url)
  await page.evaluate(([url, token, opts]) => window.join(url, token, opts), [server.ws, await server.token(room, identity), options])
  await page.evaluate(() => {
    window.got = []
    window.room.on('dataReceived', (payload, from, kind, topic) =>
      window.got.push({ text: new TextDecoder().decode(payload.slice(0, 20)), len: payload.length, from: from?.identity, kind, topic }),
    )
    window.room.registerTextStreamHandler('notes', async (reader, from) => {
      window.got.push({ stream: await reader.readAll(), from: from.identity })
    })
    window.room.registerByteStreamHandler('file', async (reader, from) => {
      const parts = await reader.readAll()
      let [bytes, sum] = [0, 7]
      for (const part of parts) for (const x of part) [bytes, sum] = [bytes + 1, (sum * 31 + x) >>> 0]
      window.got.push({ bytes, sum, from: from.identity })
    })
    window.send = async (size) => { // a byte stream; resolves with its sum
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)
      const writer = await window.room.localParticipant.streamBytes({ topic: 'file', name: 'f', totalSize: size })
      await writer.write(bytes)
      await writer.close()
      return bytes.reduce((total, x) => (total * 31 + x) >>> 0, 7)
    }
    window.reconnects = 0
    window.room.on('reconnected', () => window.reconnects++)
    window.frames = [] // of data tracks
    window.follow = async (identity, name) => { // subscribes as often as the track is there and the stream has ended
      for (;;) {
        const track = window.room.remoteParticipants.get(identity)?.dataTracks.get(name)
        const reader = track?.subscribe({ bufferSize: 1000 }).getReader()
        for (let next; reader && (next = await reader.read().catch(() => ({ done: true }))) && !next.done; ) {
          const [round, ...rest] = next.value.payload
          window.frames.push({ name, round, len: next.value.payload.length, whole: rest.every((x, i) => x === (i & 255)) })
        }
        await new Promise((again) => setTimeout(again, 50))
      }
    }
    window.push = async (track, round, size) => {
      await track.tryPush({ payload: Uint8Array.from({ length: size }, (_, i) => (i ? (i - 1) & 255 : round)) })
      await track.flush()
    }
    window.room.registerRpcMethod('fail', async () => { throw new window.RpcError(101, 'no such luck', 'try again') })
    window.room.registerRpcMethod('sleep', () => new Promise(() => undefined))
    window.room.registerRpcMethod('double', async ({ payload, callerIdentity }) => `${Number(payload) * 2} for ${callerIdentity}`)
  })
  return page
}

const got = (page) => page.evaluate(() => window.got)

const modes = [
  ['a single peer connection', {}],
  ['two peer connections', { roomOptions: { singlePeerConnection: false } }],
]
for (const [number, [name, options]] of modes.entries())
  describe(`data with ${name}`, () => {
    let anna, ben, cleo
    before(async () => {
      ;[anna, ben, cleo] = await Promise.all(['anna', 'ben', 'cleo'].map((who) => enter(`data-${number}`, who, options)))
      for (const page of [anna, ben, cleo]) await eventually('all are there', () => page.evaluate(() => window.room.remoteParticipants.size === 2))
    })
    after(() => Promise.all([anna?.close(), ben?.close(), cleo?.close()]))

    test('a reliable and a lossy packet reach the others, with the sender and the topic, and not the sender', async () => {
      for (const reliable of [true, false])
        await anna.evaluate(
          (how) => window.room.localParticipant.publishData(new TextEncoder().encode(`hello ${how}`), { reliable: how, topic: 'greeting' }),
          reliable,
        )
      for (const page of [ben, cleo])
        await eventually('both came', async () => (await got(page)).filter((m) => m.topic === 'greeting').length === 2)
      const [first, second] = (await got(ben)).filter((m) => m.topic === 'greeting').sort((a, b) => a.kind - b.kind)
      assert.deepEqual(first, { text: 'hello true', len: 10, from: 'anna', kind: 0, topic: 'greeting' })
      assert.deepEqual(second, { text: 'hello false', len: 11, from: 'anna', kind: 1, topic: 'greeting' })
      assert.deepEqual(await got(anna), [])
    })

    test('a packet with a destination reaches only that one', async () => {
      await ben.evaluate(() =>
        window.room.localParticipant.publishData(new Uint8Array(60000), { reliable: true, topic: 'private', destinationIdentities: ['anna'] }),
      )
      await ben.evaluate(() => window.room.localParticipant.publishData(new Uint8Array(3), { reliable: true, topic: 'after' }))
      for (const page of [anna, cleo]) await eventually('the next came', async () => (await got(page)).some((m) => m.topic === 'after'))
      assert.equal((await got(anna)).find((m) => m.topic === 'private')?.len, 60000)
      assert.ok(!(await got(cleo)).some((m) => m.topic === 'private'))
    })

    test('many reliable packets come in order', async () => {
      await anna.evaluate(async () => {
        for (let i = 0; i < 300; i++)
          await window.room.localParticipant.publishData(new TextEncoder().encode(String(i)), { reliable: true, topic: 'count' })
      })
      await eventually('all came', async () => (await got(ben)).filter((m) => m.topic === 'count').length === 300)
      assert.deepEqual(
        (await got(ben)).filter((m) => m.topic === 'count').map((m) => m.text),
        Array.from({ length: 300 }, (_, i) => String(i)),
      )
    })

    test('a text stream and a byte stream of a megabyte arrive whole', async () => {
      const sum = await anna.evaluate(async () => {
        await window.room.localParticipant.sendText('löse das, '.repeat(5000), { topic: 'notes' })
        return window.send(1_000_000)
      })
      await eventually('the text', async () => (await got(ben)).some((m) => m.stream === 'löse das, '.repeat(5000) && m.from === 'anna'))
      await eventually('the file', async () => (await got(cleo)).some((m) => m.bytes === 1_000_000 && m.sum === sum))
    })

    test('a message on a channel of its own name reaches the others as a packet', async () => {
      const opened = await anna.evaluate(async () => {
        const { publisher, subscriber } = window.room.engine.pcManager
        const transports = [publisher, subscriber].filter(Boolean)
        for (const [i, transport] of transports.entries()) {
          const channel = transport.createDataChannel(`chess ${i}`, { ordered: true })
          await new Promise((open) => channel.addEventListener('open', open))
          channel.send(new TextEncoder().encode(`e2e4 ${i}`))
        }
        return transports.length
      })
      for (let i = 0; i < opened; i++)
        await eventually('the move', async () => (await got(ben)).some((m) => m.text === `e2e4 ${i}` && m.from === 'anna' && m.kind === 0))
    })

    test('packets of all sizes, reliable and lossy', async () => {
      const sizes = [0, 1, 1200, 15_000, 60_000]
      const send = (len, reliable) =>
        anna.evaluate(([size, how]) => window.room.localParticipant.publishData(new Uint8Array(size), { reliable: how, topic: 'size' }), [len, reliable])
      const came = async (kind) => (await got(ben)).filter((m) => m.topic === 'size' && m.kind === kind).map((m) => m.len)
      for (const size of sizes) await send(size, true)
      await eventually('the reliable ones', async () => (await came(0)).length === sizes.length)
      assert.deepEqual(await came(0), sizes)
      for (const size of sizes) // what is lossy may be lost
        await eventually(`a lossy one of ${size} B`, async () => {
          await send(size, false)
          return (await came(1)).includes(size)
        })
    })

    test('signalling lost in the middle of a stream: nothing is missing, nothing comes twice', async () => {
      const size = number === 0 ? 15_000_000 : 3_000_000
      const sum = anna.evaluate((bytes) => window.send(bytes), size)
      await anna.evaluate(() => window.room.simulateScenario('signal-reconnect'))
      const sent = await sum
      await eventually('the whole file', async () => (await got(ben)).some((m) => m.bytes === size && m.sum === sent), { timeout: 60_000 })
      assert.equal((await got(ben)).filter((m) => m.bytes === size).length, 1)
      await eventually('back in the room', () => anna.evaluate(() => window.room.state === 'connected'))
    })

    test('a remote procedure call is answered; an unknown method is an error', async () => {
      const call = (page, to, method) =>
        page.evaluate(
          ([destinationIdentity, name]) =>
            window.room.localParticipant
              .performRpc({ destinationIdentity, method: name, payload: '21' })
              .then((answer) => ({ answer }), (error) => ({ code: error.code })),
          [to, method],
        )
      assert.deepEqual(await call(anna, 'ben', 'double'), { answer: '42 for anna' })
      assert.deepEqual(await call(cleo, 'anna', 'double'), { answer: '42 for cleo' })
      assert.deepEqual(await call(ben, 'anna', 'nothing'), { code: 1400 })
    })

    test('what can go wrong with a remote procedure call is told to the caller', async () => {
      const fails = (to, method, more) =>
        anna.evaluate(
          ([destinationIdentity, name, rest]) =>
            window.room.localParticipant.performRpc({ destinationIdentity, method: name, payload: '', ...rest }).then(
              () => 'it did not fail', ({ code, message, data }) => ({ code, message, data })),
          [to, method, more],
        )
      assert.deepEqual(await fails('ben', 'fail'), { code: 101, message: 'no such luck', data: 'try again' })
      assert.equal((await fails('ben', 'sleep', { responseTimeout: 2500 })).code, 1502)
      const waits = fails('cleo', 'sleep', { responseTimeout: 20_000 })
      await anna.evaluate(() => new Promise((asked) => setTimeout(asked, 300)))
      await cleo.close()
      assert.equal((await waits).code, 1503) // recipient gone
      cleo = undefined
    })

    // What is pushed may be lost: it is pushed until a whole round has come.
    let round = 0
    const flows = (name, sizes = [9]) =>
      eventually(`frames of ${name}`, async () => {
        round = (round + 1) & 255
        const sent = await anna.evaluate(
          async ([track, number, lengths]) => {
            for (const size of lengths) await window.push(window.tracks[track], number, size)
          },
          [name, round, sizes],
        ).then(() => true, (error) => error.message)
        if (sent !== true) return { sent }
        const came = () => ben.evaluate(([track, number]) => window.frames.filter((f) => f.name === track && f.round === number), [name, round])
        for (let i = 0; i < 10 && (await came()).length < sizes.length; i++) await new Promise((soon) => setTimeout(soon, 50))
        const frames = await came()
        return { ok: frames.length === sizes.length && frames.every((f, i) => f.whole && f.len === sizes[i]), frames }
      })
    const publishes = (name) =>
      anna.evaluate(async (track) => {
        window.tracks ??= {}
        window.tracks[track] = await window.room.localParticipant.publishDataTrack({ name: track })
        return window.tracks[track].info.sid
      }, name)
    const sees = (name) => ben.evaluate((track) => window.room.remoteParticipants.get('anna')?.dataTracks.has(track) ?? false, name)

    test('a data track is published, subscribed to, and its frames of all sizes arrive whole and in order', async () => {
      assert.match(await publishes('pose'), /^DTR_/)
      await publishes('lidar')
      await ben.evaluate(() => ['pose', 'lidar'].forEach((name) => window.follow('anna', name)))
      await flows('pose')
      await flows('pose', [1, 2, 1000, 15_000, 16_000, 60_000, 150_000, 3])
      await flows('lidar', [50_000, 5])
      await assert.rejects(publishes('pose'), /DataTrackPublishError: .*name/)
    })

    test('a data track that is unpublished is gone for the other', async () => {
      await anna.evaluate(() => window.tracks.lidar.unpublish())
      await eventually('it is gone', async () => !(await sees('lidar')))
      await flows('pose')
    })

    for (const [scenario, sameSid] of [['signal-reconnect', true], ['full-reconnect', false]])
      test(`data tracks flow on after a ${scenario} of either side`, async () => {
        for (const pages of number === 0 ? [[anna], [ben]] : [[anna, ben]]) { // in turn, and at once
          await Promise.all(pages.map(async (page) => {
            const state = () => page.evaluate(() => ({ sid: window.room.localParticipant.sid, reconnects: window.reconnects }))
            const before = await state()
            await page.evaluate((name) => window.room.simulateScenario(name), scenario)
            await eventually('back in the room', async () => (await state()).reconnects > before.reconnects)
            assert.equal((await state()).sid === before.sid, sameSid)
          }))
          await flows('pose', [20_000])
        }
      })

    test('who may not publish data any more loses its data tracks, and may publish them anew when it may', async () => {
      const api = new RoomServiceClient(server.http, server.key, server.secret)
      const may = (canPublishData) =>
        api.updateParticipant(`data-${number}`, 'anna', { permission: { canPublish: true, canSubscribe: true, canPublishData } })
      await may(false)
      await eventually('it is gone', async () => !(await sees('pose')))
      await eventually('the publisher knows', () => anna.evaluate(() => !window.tracks.pose.isPublished()))
      await assert.rejects(publishes('pose'), /DataTrackPublishError: .*unauthorized/)
      await may(true)
      await publishes('pose')
      await flows('pose')
    })
  })
