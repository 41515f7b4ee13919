// call.mjs — what two people in one room do, in this order: `me` is the client under test, `ben` livekit-client in Chromium.
import assert from 'node:assert/strict'
import { eventually } from '../lib/wait.mjs'

export const hears = (listener, identity, hz, options) =>
  eventually(`${identity} is heard with ${hz} Hz`, async () => {
    const heard = await listener.send('hear', identity)
    return { ok: Math.abs(heard.hz - hz) < 12 && heard.rms > 0.02, ...heard }
  }, options)
export const hearsNothing = (listener, identity) =>
  eventually(`${identity} is silent`, async () => {
    const heard = await listener.send('hear', identity)
    return { ok: heard.rms < 0.003, ...heard }
  })
// Waits until what `who` sees is so.
export const sees = (who, what, probe, options) =>
  eventually(what, async () => {
    const seen = await who.send('see')
    return { ok: Boolean(probe(seen)), seen }
  }, options)
export const other = (seen, identity) => seen.others.find((participant) => participant.identity === identity)
const got = (who, topic) =>
  eventually(`something about ${topic}`, async () => {
    const [found] = (await who.send('received')).filter((message) => message.topic === topic)
    return { ok: Boolean(found), found }
  }).then(({ found }) => found)
export const ended = (who, reason) =>
  eventually(`disconnected, reason ${reason}`, async () => {
    const events = await who.send('happened')
    return { ok: events.some(({ name, arg }) => name === 'disconnected' && arg === reason), last: events.slice(-3) }
  })

let topics = 0
async function packet(from, to, bytes, reliable) {
  const topic = `t${++topics}`
  const { answer, error } = await from.send('send', bytes, { reliable, topic })
  assert.equal(error, undefined)
  const found = await got(to, topic)
  assert.deepEqual({ bytes: found.bytes, sum: found.sum, reliable: found.reliable }, { bytes, sum: answer, reliable })
  return found
}
const update = async (who, what, value) => assert.deepEqual(await who.send('update', what, value), { answer: true })

export const CALL = [
  {
    title: 'join: both see each other',
    core: true,
    run: async ({ me, ben, server, room }) => {
      assert.deepEqual(await ben.send('join', server.ws, await server.token(room, 'ben')), { answer: 'ben' })
      assert.deepEqual(await me.send('join', server.ws, await server.token(room, 'anna', { canSubscribeMetrics: true }), { publish: false }), { answer: 'anna' })
      await sees(ben, 'ben sees anna', (seen) => other(seen, 'anna')?.name === 'anna')
      await sees(me, 'anna sees ben', (seen) => other(seen, 'ben')?.name === 'ben' && other(seen, 'ben').sid.startsWith('PA_'))
    },
  },
  {
    title: 'publish: the microphone is heard by the other',
    core: true,
    run: async ({ me, ben }) => {
      assert.deepEqual(await me.send('publish'), { answer: true })
      await hears(ben, 'anna', me.hz)
      await sees(ben, 'the publication', (seen) => {
        const [track] = other(seen, 'anna').tracks
        return track.source === 'microphone' && /^audio\/(opus|red)$/.test(track.mime) && track.sid.startsWith('TR_')
      })
    },
  },
  { title: 'subscribe: the other is heard', core: true, run: ({ me, ben }) => hears(me, 'ben', ben.hz) },
  {
    title: 'subscription switched off and on again',
    core: true,
    run: async ({ me, ben }) => {
      await me.send('subscribe', 'ben', false)
      await sees(me, 'unsubscribed', (seen) => other(seen, 'ben').tracks.every((track) => !track.subscribed))
      await hearsNothing(me, 'ben')
      await me.send('subscribe', 'ben', true)
      await hears(me, 'ben', ben.hz)
    },
  },
  {
    title: 'mute and unmute oneself',
    core: true,
    lacks: ({ lacks }) => lacks.mute && 'no such call in the package',
    run: async ({ me, ben }) => {
      await me.send('mute', true)
      await hearsNothing(ben, 'anna')
      await sees(ben, 'ben is told', (seen) => other(seen, 'anna').tracks[0].muted)
      await me.send('mute', false)
      await hears(ben, 'anna', me.hz)
    },
  },
  {
    title: 'the other mutes and unmutes',
    run: async ({ me, ben }) => {
      await ben.send('mute', true)
      await hearsNothing(me, 'ben')
      await sees(me, 'anna is told', (seen) => other(seen, 'ben').tracks[0].muted)
      await ben.send('mute', false)
      await hears(me, 'ben', ben.hz)
    },
  },
  { title: 'active speakers', core: true, run: ({ me }) => sees(me, 'both speak', (seen) => ['anna', 'ben'].every((who) => seen.speaking.includes(who))) },
  {
    title: 'connection quality',
    run: ({ me }) => sees(me, 'excellent', (seen) => seen.me.quality === 'excellent' && other(seen, 'ben').quality === 'excellent'),
  },
  {
    title: 'bandwidth is learned from our feedback; Opus both ways',
    only: ({ browser }) => browser === 'chromium',
    run: ({ me }) =>
      eventually('an estimate', async () => {
        const { pairs, codecs } = await me.send('stats')
        const opus = ['outbound-rtp', 'inbound-rtp'].every((way) => /^audio\/(opus|red)$/i.test(codecs[way] ?? ''))
        return { ok: opus && pairs.some((pair) => pair.bitrate > 500_000), pairs, codecs } // it starts at 300,000 and falls without feedback
      }),
  },
  {
    title: 'own name and metadata, with the answer',
    run: async ({ me, ben }) => {
      await update(me, 'metadata', '{"mood":"löse"}')
      await update(me, 'name', 'Anna the first')
      await sees(ben, 'ben is told', (seen) => other(seen, 'anna').name === 'Anna the first' && other(seen, 'anna').metadata === '{"mood":"löse"}')
      await sees(me, 'anna is told', (seen) => seen.me.name === 'Anna the first' && seen.me.metadata === '{"mood":"löse"}')
    },
  },
  {
    title: 'own attributes, with the answer; an empty one is gone',
    lacks: ({ lacks }) => lacks.attributes && 'no attributes in this release',
    run: async ({ me, ben }) => {
      await update(me, 'attributes', { a: '1', b: '2' })
      await sees(ben, 'both', (seen) => other(seen, 'anna').attributes.a === '1' && other(seen, 'anna').attributes.b === '2')
      await update(me, 'attributes', { a: '', b: '3' })
      await sees(ben, 'one', (seen) => !('a' in other(seen, 'anna').attributes) && other(seen, 'anna').attributes.b === '3')
    },
  },
  {
    title: 'data, reliable and lossy, both ways, with sender and topic',
    core: true,
    run: async ({ me, ben }) => {
      for (const reliable of [true, false]) {
        assert.equal((await packet(me, ben, 800, reliable)).from, 'anna')
        assert.equal((await packet(ben, me, 801, reliable)).from, 'ben')
      }
      await packet(me, ben, 15_000, true)
    },
  },
  {
    title: 'text and byte streams both ways',
    lacks: ({ lacks }) => lacks.streams && 'no streams in this release',
    run: async ({ me, ben }) => {
      for (const [from, to, name] of [[me, ben, 'anna'], [ben, me, 'ben']]) {
        assert.deepEqual(await from.send('sendText', 40_000), { answer: true })
        assert.deepEqual(await got(to, 'notes'), { topic: 'notes', bytes: 40_000, from: name })
        assert.deepEqual(await from.send('sendFile', 400_000), { answer: true })
        assert.deepEqual(await got(to, 'file'), { topic: 'file', bytes: 400_000, from: name })
      }
    },
  },
  {
    title: 'RPC both ways: answer, own error, unknown method, time-out',
    lacks: ({ lacks }) => lacks.rpc && 'no RPC in this release',
    run: async ({ me, ben }) => {
      for (const [from, to, name] of [[me, 'ben', 'anna'], [ben, 'anna', 'ben']]) {
        assert.deepEqual(await from.send('rpc', to, 'double', '21'), { answer: `42 for ${name}` })
        assert.equal((await from.send('rpc', to, 'refuse', '')).code, 1777)
        assert.equal((await from.send('rpc', to, 'nothing', '')).code, 1400)
        assert.equal((await from.send('rpc', to, 'slow', '', 1200)).code, 1502)
      }
    },
  },
  {
    title: 'unpublish and publish again',
    run: async ({ me, ben }) => {
      await me.send('unpublish')
      await sees(ben, 'gone', (seen) => other(seen, 'anna').tracks.length === 0)
      await me.send('publish')
      await hears(ben, 'anna', me.hz)
    },
  },
  {
    title: 'a hidden participant hears and is not seen',
    run: async ({ open, me, ben, server, room }) => {
      const ghost = await open()
      await ghost.send('join', server.ws, await server.token(room, 'ghost', { hidden: true, canPublish: false }), { publish: false })
      await hears(ghost, 'ben', ben.hz)
      for (const who of [me, ben]) assert.deepEqual((await who.send('see')).others.length, 1)
      await ghost.close()
    },
  },
  {
    title: 'a recorder is told of: the room is being recorded',
    lacks: ({ lacks }) => lacks.recording && 'rtc-node of then does not tell',
    run: async ({ open, me, ben, server, room }) => {
      const tape = await open()
      await tape.send('join', server.ws, await server.token(room, 'tape', { hidden: true, recorder: true, canPublish: false }), { publish: false })
      for (const who of [me, ben]) await sees(who, 'recording', (seen) => seen.recording === true && seen.others.length === 1)
      await tape.close()
      for (const who of [me, ben]) await sees(who, 'not any more', (seen) => seen.recording === false)
    },
  },
  {
    title: 'duplicate identity: the newer one stays',
    core: true,
    run: async ({ open, me, ben, server, room }) => {
      const twin = await open()
      await twin.send('join', server.ws, await server.token(room, 'anna'), { publish: false })
      await ended(me, 2) // DUPLICATE_IDENTITY
      await hears(twin, 'ben', ben.hz)
      await twin.send('leave')
    },
  },
  {
    title: 'leaving is seen at once',
    core: true,
    run: async ({ ben }) => sees(ben, 'ben is alone', (seen) => seen.others.length === 0, { timeout: 10_000 }),
  },
]
