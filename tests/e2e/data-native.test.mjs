// data-native.test.mjs — data of all sizes between LiveKit's native stack (@livekit/rtc-node) and itself; data.test.mjs does it between browsers.
import { after, before, test } from 'node:test'
import { Room, RoomEvent, DataPacketKind, dispose } from '@livekit/rtc-node'
import { startServer } from './lib/server.mjs'
import { bytesOf, exchange, sumOf } from './lib/parcels.mjs'
import { eventually } from './lib/wait.mjs'

let server
before(async () => (server = await startServer()))
after(async () => {
  await server?.stop()
  await dispose()
})

async function enter(room, identity) {
  const call = new Room()
  const parcels = []
  const keep = (kind, bytes, from, topic, size = bytes.length) => parcels.push({ kind, size, sum: sumOf(bytes), from, topic })
  call.on(RoomEvent.DataReceived, (payload, from, kind, topic) => keep(kind === DataPacketKind.KIND_LOSSY ? 'lossy' : 'reliable', payload, from?.identity, topic))
  call.registerTextStreamHandler('letter', async (reader, from) => {
    const text = await reader.readAll()
    keep('text', Buffer.from(text), from.identity, 'letter', text.length)
  })
  call.registerByteStreamHandler('parcel', async (reader, from) => keep('bytes', Buffer.concat(await reader.readAll()), from.identity, 'parcel'))
  await call.connect(server.ws, await server.token(room, identity), { autoSubscribe: true, dynacast: false })
  const local = call.localParticipant
  const post = {
    packet: (size, reliable) => local.publishData(bytesOf(size), { reliable, topic: 'packet' }),
    text: (text) => local.sendText(text, { topic: 'letter' }),
    bytes: async (size) => {
      const writer = await local.streamBytes({ topic: 'parcel', name: 'p', totalSize: size })
      await writer.write(bytesOf(size))
      await writer.close()
    },
  }
  return { call, post: (name, ...args) => post[name](...args), parcels: () => parcels }
}

test('data of all sizes between two rtc-node: packets, reliable and lossy, text and byte streams up to 15 MB', { timeout: 180_000 }, async () => {
  const [ann, bob] = [await enter('native', 'ann'), await enter('native', 'bob')]
  await eventually('both are there', () => ann.call.remoteParticipants.size === 1)
  await exchange(ann, bob, 'ann', [0, 1, 15_000_000])
  await exchange(bob, ann, 'bob', [60_000])
  await Promise.all([ann.call.disconnect(), bob.call.disconnect()])
})
