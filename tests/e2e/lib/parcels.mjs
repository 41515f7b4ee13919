// parcels.mjs — data of any size between pages with livekit-client, and what arrived of it. `takeParcels` runs in the page, after joining.
import assert from 'node:assert/strict'
import { eventually } from './wait.mjs'

export const SIZES = [0, 1, 1024, 15_000, 60_000]

// What a parcel of a size holds, and its sum.
export const bytesOf = (size) => Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)
export const sumOf = (bytes) => {
  let sum = 7
  for (const x of bytes) sum = (sum * 31 + x) >>> 0
  return sum
}
// Text of a number of characters, of one to three bytes each.
export const textOf = (length) => 'löse, 鐘 '.repeat(Math.ceil(length / 8)).slice(0, length)

export function takeParcels() {
  const bytesOf = (size) => Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)
  const add = (sum, bytes) => {
    for (const x of bytes) sum = (sum * 31 + x) >>> 0
    return sum
  }
  window.parcels = []
  window.room.on('dataReceived', (payload, from, kind, topic) =>
    window.parcels.push({ kind: kind === 0 ? 'reliable' : 'lossy', size: payload.length, sum: add(7, payload), from: from?.identity, topic }),
  )
  window.room.registerTextStreamHandler('letter', async (reader, from) => {
    const text = await reader.readAll()
    window.parcels.push({ kind: 'text', size: text.length, sum: add(7, new TextEncoder().encode(text)), from: from.identity, topic: 'letter' })
  })
  window.room.registerByteStreamHandler('parcel', async (reader, from) => {
    let [size, sum] = [0, 7]
    for (const part of await reader.readAll()) [size, sum] = [size + part.length, add(sum, part)]
    window.parcels.push({ kind: 'bytes', size, sum, from: from.identity, topic: 'parcel' })
  })
  window.post = {
    packet: (size, reliable) => window.room.localParticipant.publishData(bytesOf(size), { reliable, topic: 'packet' }),
    text: (text) => window.room.localParticipant.sendText(text, { topic: 'letter' }).then(() => undefined),
    bytes: async (size) => {
      const writer = await window.room.localParticipant.streamBytes({ topic: 'parcel', name: 'p', totalSize: size })
      await writer.write(bytesOf(size))
      await writer.close()
    },
  }
}

// All sizes and kinds from one to the other; each is {post(name, …args), parcels()}. `streams`: how long the streams are; `lossy`: sizes
// that can get through, because a packet of 60 KB is 50 on the wire.
export async function exchange(from, to, name, streams, { lossy = SIZES, ...options } = { timeout: 60_000 }) {
  const came = async (kind) => (await to.parcels()).filter((parcel) => parcel.kind === kind && parcel.from === name)
  const packet = (size) => ({ size, sum: sumOf(bytesOf(size)) })
  const told = (parcels) => parcels.map(({ size, sum }) => ({ size, sum }))
  for (const size of SIZES) await from.post('packet', size, true)
  await eventually(`the reliable packets of ${name}`, async () => (await came('reliable')).length === SIZES.length, options)
  assert.deepEqual(told(await came('reliable')), SIZES.map(packet))
  for (const size of lossy) // what is lossy may be lost
    await eventually(`a lossy packet of ${size} B of ${name}`, async () => {
      await from.post('packet', size, false)
      return (await came('lossy')).some((one) => one.size === size && one.sum === packet(size).sum)
    }, options)
  const texts = streams.map((size) => textOf(Math.min(size, 200_000)))
  for (const text of texts) await from.post('text', text)
  for (const size of streams) await from.post('bytes', size)
  await eventually(`the streams of ${name}`, async () => (await came('text')).length === streams.length && (await came('bytes')).length === streams.length, options)
  // Each stream has a reader of its own, and which is through first is nobody's promise.
  const bySize = (parcels) => parcels.sort((one, other) => one.size - other.size)
  assert.deepEqual(bySize(told(await came('text'))), bySize(texts.map((text) => ({ size: text.length, sum: sumOf(new TextEncoder().encode(text)) }))))
  assert.deepEqual(bySize(told(await came('bytes'))), bySize(streams.map(packet)))
}
