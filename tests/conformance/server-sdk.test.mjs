// server-sdk.test.mjs — the server API as LiveKit's own server SDK uses it: every method of RoomService and every
// error, JSON and protobuf, sizes and malformed bodies, with participants that are there.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { promisify } from 'node:util'
import { CreateRoomRequest, DataPacket_Kind, DisconnectReason, ListParticipantsRequest, ListParticipantsResponse, ListRoomsRequest, ListRoomsResponse, Room, TrackSource } from '@livekit/protocol'
import { AccessToken, IngressClient, RoomServiceClient, SipClient, TokenVerifier } from 'livekit-server-sdk'
import { BINARY, KEY, SECRET, environment, start, token, until } from './lib/server.mjs'
import { metrics } from './lib/probe.mjs'
import { Participant } from './lib/signal.mjs'
import { sine } from '../call/tone.mjs'
import { column, provesWith, watched } from '../e2e/lib/matrix.mjs'

const SDK = column('livekit-server-sdk', new URL('package.json', import.meta.url))
const proves = provesWith(SDK)
const METADATA_MAX = 512 * 1024
let server, api, folder, tone
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-api-'))
  await writeFile(join(folder, 'a.wav'), sine(440, 20))
  tone = join(folder, 'a.ogg')
  await promisify(execFile)('opusenc', ['--quiet', '--bitrate', '24', join(folder, 'a.wav'), tone])
  server = await start({ workers: 3 })
  api = watched(SDK, new RoomServiceClient(server.url, KEY, SECRET))
})
after(async () => {
  assert.equal(await server.stop(), 0, server.log)
  assert.doesNotMatch(server.log, /Sanitizer|runtime error|CHECK/)
  await rm(folder, { recursive: true })
})

async function fails(promise, status, code, message) {
  await assert.rejects(promise, (error) => {
    assert.deepEqual([error.status, error.code], [status, code], error.message)
    assert.match(error.message, message)
    return true
  })
}

async function grant(video, options = {}) {
  const made = new AccessToken(options.key ?? KEY, options.secret ?? SECRET, { ttl: '10m' })
  made.addGrant(video)
  return made.toJwt()
}

async function ask(method, body, { jwt, type = 'application/json', service = 'RoomService', video = { roomCreate: true, roomList: true } } = {}) {
  jwt ??= await grant(video)
  return fetch(`${server.url}/twirp/livekit.${service}/${method}`, { method: 'POST', body, headers: { authorization: `Bearer ${jwt}`, ...(type && { 'content-type': type }) } })
}

// Somebody with a microphone: the caller in C.
async function talker(room, identity) {
  const child = spawn(BINARY, ['call', room, '--url', server.url.replace('http', 'ws'), '--token', await token(room, identity), '--play', tone], { env: environment({}) })
  const published = async () => (await api.listParticipants(room)).find((p) => p.identity === identity)?.tracks[0]
  await until(published, `${identity} to publish`)
  return { track: await published(), end: () => new Promise((done) => (child.on('exit', done), child.kill('SIGINT'))) }
}

proves('P58 rooms are created, found on every worker, and deleted', async () => {
  const room = await api.createRoom({ name: 'made', emptyTimeout: 77, departureTimeout: 11, maxParticipants: 3, metadata: 'a "word"', syncStreams: true, nodeId: 'x', tags: { a: 'b' } })
  assert.match(room.sid, /^RM_/)
  assert.deepEqual([room.name, room.emptyTimeout, room.departureTimeout, room.maxParticipants, room.metadata, room.numParticipants], ['made', 77, 11, 3, 'a "word"', 0])
  assert.ok(Math.abs(Number(room.creationTime) - Date.now() / 1000) < 60)
  assert.deepEqual(room.enabledCodecs.map((codec) => codec.mime), ['audio/opus', 'audio/red'])
  // Created again it is the same room; what is said anew holds, the rest stays.
  const again = await api.createRoom({ name: 'made', maxParticipants: 9 })
  assert.deepEqual([again.sid, again.maxParticipants, again.emptyTimeout, again.metadata], [room.sid, 9, 77, 'a "word"'])
  const names = Array.from({ length: 12 }, (_, i) => `one of many ${i}`)
  await Promise.all(names.map((name) => api.createRoom({ name })))
  const listed = (await api.listRooms()).map((one) => one.name)
  for (const name of [...names, 'made']) assert.ok(listed.includes(name), name)
  assert.equal(new Set(listed).size, listed.length)
  assert.deepEqual((await api.listRooms([names[3], 'nowhere', names[3], 'made', '', 'x'.repeat(2000)])).map((one) => one.name).sort(), ['made', names[3]])
  for (const name of [...names, 'made']) await api.deleteRoom(name)
  assert.deepEqual(await api.listRooms(), [])
  await fails(api.deleteRoom('made'), 404, 'not_found', /requested room does not exist/)
})

proves('P58 a room made by the API counts as empty from its making, and lets in no more than it may', async () => {
  await api.createRoom({ name: 'short', emptyTimeout: 1 })
  await api.createRoom({ name: 'small', maxParticipants: 1 })
  const first = await Participant.join(server, 'small', 'first')
  assert.equal((await server.get(`/rtc/validate?access_token=${await token('small', 'second')}`)).status, 429)
  await first.leave()
  await until(async () => (await api.listRooms(['short'])).length === 0, 'the empty room to end')
  await api.deleteRoom('small')
})

proves('P58 agents of a created room are there before anybody is', async () => {
  await api.createRoom({ name: 'with echo', agents: [{ agentName: 'offhook-echo' }] })
  const [echo] = await api.listParticipants('with echo')
  assert.deepEqual([echo.identity, echo.tracks.length, echo.attributes['lk.agent.state']], ['echo', 1, 'listening'])
  await api.deleteRoom('with echo')
})

proves('P58 metadata of a room reaches everybody in it', async () => {
  const a = await Participant.join(server, 'words', 'a')
  const room = await api.updateRoomMetadata('words', 'first')
  assert.equal(room.metadata, 'first')
  await until(() => a.all('roomUpdate').some(({ value }) => value.room.metadata === 'first'), 'the metadata')
  const emptied = await api.updateRoomMetadata('words', '')
  assert.equal(emptied.metadata, '')
  await until(() => a.all('roomUpdate').at(-1).value.room.metadata === '', 'no metadata')
  await fails(api.updateRoomMetadata('nowhere', 'x'), 404, 'not_found', /requested room does not exist/)
  await a.leave()
})

proves('P58 participants are listed and found, hidden ones too', async () => {
  const a = await Participant.join(server, 'people', 'a')
  const b = await Participant.join(server, 'people', 'b', { grants: { hidden: true } })
  const list = await api.listParticipants('people')
  assert.deepEqual(list.map((p) => p.identity), ['a', 'b'])
  const found = await api.getParticipant('people', 'b')
  assert.equal(found.sid, b.all('join')[0].value.participant.sid)
  assert.equal(found.permission.hidden, true)
  assert.deepEqual(await api.listParticipants('nowhere'), [])
  await fails(api.getParticipant('people', 'c'), 404, 'not_found', /participant does not exist/)
  await fails(api.getParticipant('nowhere', 'a'), 404, 'not_found', /participant does not exist/)
  await Promise.all([a.leave(), b.leave()])
})

proves('P58 name, metadata and attributes change for everybody, and in the token', async () => {
  const a = await Participant.join(server, 'profile', 'a')
  const b = await Participant.join(server, 'profile', 'b')
  const before = a.all('refreshToken').length
  const changed = await api.updateParticipant('profile', 'a', { name: 'Anna', metadata: 'm', attributes: { colour: 'red', gone: 'x' } })
  assert.deepEqual([changed.name, changed.metadata, changed.attributes], ['Anna', 'm', { colour: 'red', gone: 'x' }])
  for (const one of [a, b]) await until(() => one.all('update').some(({ value }) => value.participants.some((p) => p.name === 'Anna' && p.attributes.colour === 'red')), 'the news')
  await until(() => a.all('refreshToken').length > before, 'a fresh token')
  const claims = await new TokenVerifier(KEY, SECRET).verify(a.all('refreshToken').at(-1).value)
  assert.deepEqual([claims.name, claims.metadata, claims.attributes.colour], ['Anna', 'm', 'red'])
  // Empty words change nothing, an empty attribute goes.
  const second = await api.updateParticipant('profile', 'a', { name: '', attributes: { gone: '' } })
  assert.deepEqual([second.name, second.metadata, second.attributes], ['Anna', 'm', { colour: 'red' }])
  await fails(api.updateParticipant('profile', 'nobody', { name: 'x' }), 404, 'not_found', /participant does not exist/)
  await fails(api.updateParticipant('profile', 'a', { name: 'x'.repeat(257) }), 400, 'invalid_argument', /name length exceeds limits 256/)
  await fails(api.updateParticipant('profile', 'a', { metadata: 'x'.repeat(METADATA_MAX + 1) }), 400, 'invalid_argument', /metadata size exceeds limits/)
  await fails(api.updateParticipant('profile', 'a', { attributes: { long: 'x'.repeat(64 * 1024) } }), 400, 'invalid_argument', /attribute size exceeds limits/)
  await Promise.all([a.leave(), b.leave()])
})

proves('P58 a published track is muted from afar, and unmuting needs permission of the configuration', async () => {
  const ear = await Participant.join(server, 'loud', 'ear')
  const mouth = await talker('loud', 'mouth')
  const muted = await api.mutePublishedTrack('loud', 'mouth', mouth.track.sid, true)
  assert.deepEqual([muted.sid, muted.muted], [mouth.track.sid, true])
  await until(() => ear.all('update').some(({ value }) => value.participants.some((p) => p.tracks.some((track) => track.sid === mouth.track.sid && track.muted))), 'the mute')
  await fails(api.mutePublishedTrack('loud', 'mouth', mouth.track.sid, false), 412, 'failed_precondition', /remote unmute not enabled/)
  await fails(api.mutePublishedTrack('loud', 'nobody', mouth.track.sid, true), 404, 'not_found', /participant does not exist/)
  const unknown = await ask('MutePublishedTrack', '{"room":"loud","identity":"mouth","trackSid":"TR_x","muted":true}', { video: { roomAdmin: true, room: 'loud' } })
  assert.deepEqual([unknown.status, await unknown.json()], [200, { track: null }])
  await mouth.end()
  await ear.leave()
})

proves('P58 a right taken away ends what it allowed', async () => {
  const ear = await Participant.join(server, 'rights', 'ear')
  const mouth = await talker('rights', 'mouth')
  const { permission } = await api.getParticipant('rights', 'mouth')
  assert.ok(permission.canPublish && permission.canSubscribe && permission.canPublishData)
  const info = await api.updateParticipant('rights', 'mouth', { permission: { canPublish: false, canSubscribe: true, canPublishData: false } })
  assert.deepEqual([info.permission.canPublish, info.permission.canPublishData, info.permission.canSubscribe, info.tracks.length], [false, false, true, 0])
  await until(() => ear.all('update').some(({ value }) => value.participants.some((p) => p.identity === 'mouth' && !p.permission.canPublish && !p.tracks.length)), 'the track to go')
  const { video } = await new TokenVerifier(KEY, SECRET).verify(ear.all('refreshToken').at(-1).value)
  assert.equal(video.canPublish, true)
  const limited = await api.updateParticipant('rights', 'ear', { permission: { canPublish: true, canPublishSources: [TrackSource.CAMERA], canSubscribe: false, canUpdateMetadata: true } })
  assert.deepEqual([limited.permission.canPublishSources, limited.permission.canSubscribe, limited.permission.canUpdateMetadata], [[], false, true])
  await until(async () => {
    const claims = await new TokenVerifier(KEY, SECRET).verify(ear.all('refreshToken').at(-1).value)
    return claims.video.canSubscribe === false && claims.video.canUpdateOwnMetadata === true && claims.video.canPublishSources?.includes('camera')
  }, 'a token that says so')
  await mouth.end()
  await ear.leave()
})

proves('P58 subscriptions are set from afar', async () => {
  const ear = await Participant.join(server, 'ears', 'ear')
  await api.updateSubscriptions('ears', 'ear', ['TR_later'], true)
  await api.updateSubscriptions('ears', 'ear', ['TR_later'], false)
  await fails(api.updateSubscriptions('ears', 'nobody', ['TR_x'], true), 404, 'not_found', /participant does not exist/)
  await fails(api.updateSubscriptions('ears', 'ear', Array(1001).fill('TR_x'), true), 400, 'invalid_argument', /number of tracks exceeds limits/)
  await ear.leave()
})

proves('P58 who is removed is told so, and old tokens can be taken back', async () => {
  const jwt = await token('door', 'guest')
  const a = await Participant.join(server, 'door', 'guest', { jwt })
  await api.removeParticipant('door', 'guest')
  const { value } = await a.next('leave')
  assert.equal(value.reason, DisconnectReason.PARTICIPANT_REMOVED)
  await a.closed
  await fails(api.removeParticipant('door', 'guest'), 404, 'not_found', /participant does not exist/)
  const b = await Participant.join(server, 'door', 'guest', { jwt }) // nothing was said about tokens
  const refreshed = (await b.next('refreshToken')).value
  const nbf = JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url')).nbf
  await api.removeParticipant('door', 'guest', { revokeTokenTs: BigInt(nbf + 1) })
  await b.closed
  for (const old of [jwt, refreshed]) {
    const answer = await server.get(`/rtc/validate?access_token=${old}`)
    assert.deepEqual([answer.status, await answer.text()], [401, 'the token has been revoked'])
  }
  assert.equal((await server.get(`/rtc/validate?protocol=17&reconnect=1&access_token=${refreshed}`)).status, 401)
  assert.equal((await server.get(`/rtc/validate?access_token=${await token('door', 'another')}`)).status, 200)
  await until(async () => (await server.get(`/rtc/validate?access_token=${await token('door', 'guest')}`)).status === 200, 'a newer token to do')
  await fails(api.removeParticipant('door', 'x', { revokeTokenTs: -1n }), 400, 'invalid_argument', /before 1970/)
})

proves('P58 data that cannot be sent and procedures that cannot be called', async () => {
  const a = await Participant.join(server, 'post', 'a')
  await api.sendData('post', Buffer.from('hello'), DataPacket_Kind.RELIABLE, { destinationIdentities: ['a'], topic: 't' })
  await fails(api.sendData('nowhere', Buffer.from('x'), DataPacket_Kind.LOSSY), 404, 'not_found', /requested room does not exist/)
  await fails(api.sendData('post', Buffer.alloc(300_000), DataPacket_Kind.RELIABLE), 400, 'invalid_argument', /too large for one message/)
  const video = { roomAdmin: true, room: 'post' }
  const told = async (method, body) => (await ask(method, JSON.stringify({ room: 'post', ...body }), { video })).json()
  assert.deepEqual(await told('SendData', { data: 'aGk=', nonce: 'aGk=' }), { code: 'invalid_argument', msg: 'nonce should be 16-bytes or not present, got: 2 bytes' })
  assert.equal((await told('PerformRpc', { destination_identity: 'nobody' })).code, 'not_found')
  assert.equal((await told('PerformRpc', { method: 'm' })).msg, 'destination identity is required')
  // Somebody without a data channel does not hear of it; and when he leaves, nobody waits for him any longer.
  const calls = [told('PerformRpc', { destinationIdentity: 'a', method: 'm' }), told('PerformRpc', { destinationIdentity: 'a', method: 'm' })]
  assert.deepEqual(await calls[0], { code: 'canceled', msg: 'RpcError 1501: Connection timeout' })
  const late = told('PerformRpc', { destinationIdentity: 'a', method: 'm' })
  await told('SendData', {}) // the same worker has taken both
  await a.leave()
  assert.equal((await calls[1]).code, 'canceled')
  assert.deepEqual(await late, { code: 'unavailable', msg: 'RpcError 1503: Recipient disconnected' })
})

proves('P58 everybody leaves a deleted room', async () => {
  const a = await Participant.join(server, 'doomed', 'a')
  await api.deleteRoom('doomed')
  assert.equal((await a.next('leave')).value.reason, DisconnectReason.ROOM_DELETED)
  await a.closed
})

proves('P58 what this server does not do is said in words', async () => {
  const ingress = new IngressClient(server.url, KEY, SECRET), sip = new SipClient(server.url, KEY, SECRET)
  await fails(api.forwardParticipant('r', 'a', 'elsewhere'), 501, 'unimplemented', /cannot be forwarded/)
  await fails(api.moveParticipant('r', 'a', 'elsewhere'), 501, 'unimplemented', /cannot be forwarded or moved/)
  await fails(ingress.listIngress(), 501, 'unimplemented', /Ingress is not served/)
  await fails(sip.listSipInboundTrunk(), 501, 'unimplemented', /SIP is not served/)
  await fails(sip.createSipParticipant('ST_x', '+1', 'r'), 501, 'unimplemented', /SIP is not served/)
})

proves('P58 wrong keys, names and sizes are refused as LiveKit refuses them', async () => {
  const stranger = new RoomServiceClient(server.url, 'APInobody', SECRET), liar = new RoomServiceClient(server.url, KEY, 'wrong')
  await fails(stranger.listRooms(), 401, undefined, /^invalid API key$/)
  await fails(liar.listRooms(), 401, undefined, /^invalid authorization token: /)
  await fails(api.createRoom({ name: 'x'.repeat(257) }), 400, 'invalid_argument', /room name length exceeds limits: max length 256/)
  await fails(api.createRoom({ name: 'x', roomPreset: 'p' }), 400, 'invalid_argument', /unknown room configuration/)
  await fails(api.createRoom({ name: '' }), 400, 'invalid_argument', /no room name/)
  await fails(api.createRoom({ name: 'big', metadata: 'x'.repeat(METADATA_MAX + 1) }), 400, 'invalid_argument', /metadata size exceeds limits 524288/)
  await fails(api.createRoom({ name: 'big', agents: Array(17).fill({ agentName: 'a' }) }), 400, 'invalid_argument', /number of agents exceeds limits/)
  await fails(api.createRoom({ name: 'big', metadata: 'x'.repeat(1024 * 1024) }), 413, undefined, /./)
  const most = await api.createRoom({ name: 'm'.repeat(256), metadata: 'x'.repeat(METADATA_MAX) })
  assert.equal(most.metadata.length, METADATA_MAX)
  await api.deleteRoom('m'.repeat(256))
})

proves('P58 JSON in either spelling, protobuf, and what is neither', async () => {
  const camel = await ask('CreateRoom', '{"name":"spelt","emptyTimeout":"90","unknown":[{"deep":1}],"maxParticipants":2}')
  assert.equal(camel.headers.get('content-type'), 'application/json')
  const json = await camel.json()
  // Original names, also what is empty; 64-bit numbers as strings.
  assert.deepEqual([json.empty_timeout, json.max_participants, json.num_participants, json.metadata, json.version, typeof json.creation_time], [90, 2, 0, '', null, 'string'])
  const snake = await (await ask('CreateRoom', '{"name":"spelt","empty_timeout":91,"max_participants":null}', { type: 'Application/JSON; charset=UTF-8' })).json()
  assert.deepEqual([snake.empty_timeout, snake.max_participants], [91, 2])
  assert.equal(Room.fromJson(snake).emptyTimeout, 91)

  const binary = { type: 'application/protobuf' }
  const made = await ask('CreateRoom', new CreateRoomRequest({ name: 'packed', metadata: 'ü' }).toBinary(), binary)
  assert.equal(made.headers.get('content-type'), 'application/protobuf')
  assert.equal(Room.fromBinary(new Uint8Array(await made.arrayBuffer())).metadata, 'ü')
  const listed = await ask('ListRooms', new ListRoomsRequest({ names: ['packed', 'spelt'] }).toBinary(), binary)
  assert.deepEqual(ListRoomsResponse.fromBinary(new Uint8Array(await listed.arrayBuffer())).rooms.map((room) => room.name).sort(), ['packed', 'spelt'])
  const nobody = await ask('ListParticipants', new ListParticipantsRequest({ room: 'packed' }).toBinary(), { ...binary, video: { roomAdmin: true, room: 'packed' } })
  assert.deepEqual(ListParticipantsResponse.fromBinary(new Uint8Array(await nobody.arrayBuffer())).participants, [])
  assert.deepEqual(await (await ask('ListRooms', new Uint8Array(0), { ...binary, jwt: await grant({ roomCreate: true }) })).json(), { code: 'unauthenticated', msg: 'permissions denied' })

  const refused = async (answer, status, code, meta) => {
    const error = await answer.json()
    assert.equal(answer.headers.get('content-type'), 'application/json') // exactly: the SDK compares
    assert.deepEqual([answer.status, error.code], [status, code])
    if (meta) assert.deepEqual(error.meta, meta)
    assert.ok(error.msg.length > 5)
  }
  for (const body of ['', '{', '[]', '"x"', '{"names":{}}', '{"names":["x",7]}', Buffer.from('{"names":["\xff"]}', 'latin1'), '{"names":"x"}', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, '{"names":["\\u0000"]}', '\u0000'])
    await refused(await ask('ListRooms', body), 400, 'malformed')
  for (const bytes of [[0x0a], [0x0a, 5, 65], [0x0a, 1, 0xff], [0x07]]) await refused(await ask('ListRooms', new Uint8Array(bytes), binary), 400, 'malformed')
  const route = '/twirp/livekit.RoomService/'
  await refused(await ask('ListRooms', '{}', { type: 'text/plain' }), 404, 'bad_route', { twirp_invalid_route: `POST ${route}ListRooms` })
  await refused(await ask('Nothing', '{}'), 404, 'bad_route', { twirp_invalid_route: `POST ${route}Nothing` })
  await refused(await ask('ListRooms/', '{}'), 404, 'bad_route')
  await refused(await ask('ListRooms', '{}', { service: 'Nothing' }), 404, 'bad_route')
  await refused(await fetch(server.url + route + 'ListRooms'), 404, 'bad_route', { twirp_invalid_route: `GET ${route}ListRooms` })
  await refused(await ask('ListRooms', '{'.repeat(1000), { jwt: await grant({}) }), 401, 'unauthenticated') // not even read
  assert.equal((await ask('ListRooms', 'x'.repeat(1024 * 1024 + 1))).status, 413)
  const preflight = await fetch(server.url + route + 'ListRooms', { method: 'OPTIONS', headers: { origin: 'https://site.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } })
  assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, 'https://site.example'])
  for (const name of ['spelt', 'packed']) await api.deleteRoom(name)
})

proves('P58 many calls at once over all workers, and none is lost', async () => {
  const answers = await Promise.all(Array.from({ length: 150 }, (_, i) => (i % 3 ? api.listRooms() : api.createRoom({ name: `crowd ${i % 10}` }))))
  assert.equal(answers.length, 150)
  const rooms = (await api.listRooms()).filter((room) => room.name.startsWith('crowd'))
  assert.deepEqual(rooms.map((room) => room.name).sort(), Array.from({ length: 10 }, (_, i) => `crowd ${i}`))
  await Promise.all(rooms.map((room) => api.deleteRoom(room.name)))
  assert.ok((await metrics(server)).api_calls_total >= 170)
})

proves('P58 with livekit_host the server API is there and not here', async () => {
  const front = await start({ args: ['--livekit-host', 'wss://livekit.example'] })
  const answer = await front.post('/twirp/livekit.RoomService/ListRooms', '{}', { authorization: `Bearer ${await grant({ roomList: true })}` })
  assert.deepEqual([answer.status, await answer.text()], [404, 'calls are carried by another server'])
  assert.equal(await front.stop(), 0)
})

proves('P58 where rooms are not made by joining, the API makes them', async () => {
  const strict = await start({ args: ['--room-auto-create=false'] })
  const rooms = new RoomServiceClient(strict.url, KEY, SECRET), jwt = await token('made', 'a')
  const validate = async () => (await strict.get(`/rtc/validate?access_token=${jwt}`)).status
  assert.equal(await validate(), 404)
  await rooms.createRoom({ name: 'made' })
  assert.equal(await validate(), 200)
  assert.equal(await strict.stop(), 0)
})
