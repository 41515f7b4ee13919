// server-api.test.mjs — the server API where it needs somebody real: data that arrives, procedures that are called,
// rights that end in the middle of a call, with LiveKit's native stack (@livekit/rtc-node) as the participant.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { AudioFrame, AudioSource, AudioStream, DisconnectReason, LocalAudioTrack, Room, RoomEvent, RpcError, TrackPublishOptions, TrackSource, dispose } from '@livekit/rtc-node'
import { AccessToken, DataPacket_Kind, RoomServiceClient } from 'livekit-server-sdk'
import { startServer } from './lib/server.mjs'
import { eventually } from './lib/wait.mjs'

let server, api
before(async () => {
  server = await startServer()
  api = new RoomServiceClient(server.http, server.key, server.secret)
})
after(async () => {
  await server?.stop()
  await dispose()
})

async function arrive(room, identity, options = {}) {
  const call = new Room()
  const seen = { call, data: [], events: [], loudAt: 0 }
  seen.hears = () => Date.now() - seen.loudAt < 500
  call.on(RoomEvent.DataReceived, (payload, participant, kind, topic) => seen.data.push({ text: Buffer.from(payload).toString(), from: participant?.identity, kind, topic }))
  call.on(RoomEvent.Disconnected, (reason) => seen.events.push(reason))
  call.on(RoomEvent.TrackSubscribed, async (track) => {
    for await (const { data } of new AudioStream(track, 48000, 1)) if (data.some((sample) => Math.abs(sample) > 3000)) seen.loudAt = Date.now()
  })
  await call.connect(server.ws, await server.token(room, identity), { autoSubscribe: true, dynacast: false, ...options })
  return seen
}

// livekit-server-sdk 2.19 has no performRpc: asked as its other methods are.
async function performRpc(room, body) {
  const made = new AccessToken(server.key, server.secret)
  made.addGrant({ roomAdmin: true, room })
  const answer = await fetch(`${server.http}/twirp/livekit.RoomService/PerformRpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await made.toJwt()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ room, ...body }),
  })
  return { status: answer.status, ...(await answer.json()) }
}

async function hum(call) {
  const source = new AudioSource(48000, 1)
  const options = new TrackPublishOptions()
  options.source = TrackSource.SOURCE_MICROPHONE
  await call.localParticipant.publishTrack(LocalAudioTrack.createAudioTrack('microphone', source), options)
  let on = true
  const humming = (async () => {
    for (let at = 0; on; at += 960) {
      const samples = Int16Array.from({ length: 960 }, (_, i) => 9000 * Math.sin((2 * Math.PI * 300 * (at + i)) / 48000))
      await source.captureFrame(new AudioFrame(samples, 48000, 1, 960))
    }
  })()
  return async () => ((on = false), await humming)
}

test('P58 a back end sends data to all, or to those it names, once for each nonce', async () => {
  const [ann, bob] = [await arrive('mail', 'ann'), await arrive('mail', 'bob')]
  await eventually('both to be active', async () => (await api.listParticipants('mail')).filter((p) => p.state === 2).length === 2)
  await api.sendData('mail', Buffer.from('to all'), DataPacket_Kind.RELIABLE, { topic: 'news' })
  await api.sendData('mail', Buffer.from('to bob'), DataPacket_Kind.RELIABLE, { destinationIdentities: ['bob'] })
  await api.sendData('mail', Buffer.from('to nobody'), DataPacket_Kind.RELIABLE, { destinationIdentities: ['cat'] })
  await api.sendData('mail', Buffer.from('the end'), DataPacket_Kind.RELIABLE)
  for (const one of [ann, bob]) await eventually('the last word', () => one.data.some(({ text }) => text === 'the end'))
  assert.deepEqual(ann.data.map(({ text }) => text), ['to all', 'the end'])
  assert.deepEqual(bob.data.map(({ text }) => text), ['to all', 'to bob', 'the end'])
  assert.deepEqual([ann.data[0].topic, ann.data[0].from], ['news', undefined])
  await assert.rejects(api.sendData('nowhere', Buffer.from('x'), DataPacket_Kind.RELIABLE), (error) => error.status === 404 && error.code === 'not_found')
  await Promise.all([ann.call.disconnect(), bob.call.disconnect()])
})

test('P58 a back end calls a participant\'s procedure, and every way it can fail is told', async () => {
  const { call } = await arrive('office', 'clerk')
  const local = call.localParticipant
  const callers = []
  local.registerRpcMethod('echo', async ({ payload, callerIdentity }) => (callers.push(callerIdentity), `heard ${payload}`))
  local.registerRpcMethod('refuse', async () => {
    throw new RpcError(101, 'not today', 'come back')
  })
  local.registerRpcMethod('break', async () => {
    throw new Error('broken')
  })
  local.registerRpcMethod('sleep', () => new Promise(() => {}))
  await eventually('the clerk to be active', async () => (await api.getParticipant('office', 'clerk')).state === 2)
  const ask = (method, more = {}) => performRpc('office', { destinationIdentity: 'clerk', method, payload: 'this', ...more })

  assert.deepEqual(await ask('echo'), { status: 200, payload: 'heard this' })
  assert.match(callers[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
  const failed = async (answer, status, code, msg) => {
    const { msg: said, ...rest } = await answer
    assert.deepEqual([rest.status, rest.code], [status, code], said)
    assert.match(said, msg)
  }
  await failed(ask('nothing'), 400, 'invalid_argument', /^RpcError 1400: /)
  await failed(ask('refuse'), 500, 'internal', /^RpcError 101: not today: come back$/)
  await failed(ask('break'), 500, 'internal', /^RpcError 1500: /)
  await failed(ask('sleep', { responseTimeoutMs: 300 }), 408, 'canceled', /^RpcError 1502: /)
  await failed(ask('echo', { payload: 'x'.repeat(15361) }), 400, 'malformed', /^RpcError 1402: /)
  await failed(ask('echo', { destinationIdentity: 'nobody' }), 404, 'not_found', /participant does not exist/)
  await failed(ask('echo', { destinationIdentity: '' }), 400, 'invalid_argument', /destination identity is required/)
  const left = ask('sleep', { responseTimeoutMs: 20_000 })
  await eventually('the call to be on its way', async () => (await ask('echo')).status === 200)
  await call.disconnect()
  await failed(left, 503, 'unavailable', /^RpcError 1503: /)
})

test('P58 the right to publish ends a call\'s microphone, the right to hear comes back, and who is removed learns why', async () => {
  const [ann, bob] = [await arrive('stage', 'ann'), await arrive('stage', 'bob')]
  const quiet = await hum(ann.call)
  const published = () => [...bob.call.remoteParticipants.values()].flatMap((p) => [...p.trackPublications.values()]).length
  await eventually('bob to hear ann', () => bob.hears())
  await api.updateParticipant('stage', 'bob', { permission: { canPublish: true, canPublishData: true, canSubscribe: false } })
  await eventually('bob to hear nobody', () => !bob.hears())
  await api.updateParticipant('stage', 'bob', { permission: { canPublish: true, canPublishData: true, canSubscribe: true } })
  await eventually('bob to hear ann again', () => bob.hears())
  const sid = (await api.getParticipant('stage', 'ann')).tracks[0].sid
  await api.updateSubscriptions('stage', 'bob', [sid], false)
  await eventually('bob to be unsubscribed', () => !bob.hears())
  await api.updateParticipant('stage', 'ann', { name: 'Anna', permission: { canPublish: false, canSubscribe: true } })
  await eventually('the microphone to go', () => published() === 0)
  await eventually('the name', () => bob.call.remoteParticipants.get('ann').name === 'Anna')
  await api.removeParticipant('stage', 'ann')
  await eventually('ann to be put out', () => ann.events.length === 1)
  assert.equal(ann.events[0], DisconnectReason.PARTICIPANT_REMOVED)
  await api.deleteRoom('stage')
  await eventually('bob to be put out', () => bob.events.length === 1)
  assert.equal(bob.events[0], DisconnectReason.ROOM_DELETED)
  await quiet()
})
