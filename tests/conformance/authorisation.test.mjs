// authorisation.test.mjs — who may do what: one table of every endpoint of `offhook help routes`, and every role with
// its token in five states. An endpoint without a row here fails, and so does a row without an endpoint.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { JoinRequest, WrappedJoinRequest } from '@livekit/protocol'
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk'
import { BINARY, KEY, SECRET, start } from './lib/server.mjs'
import { UPGRADE, exchange } from './lib/probe.mjs'

const ROOM = 'the room', OTHER = 'another room', PERSON = 'somebody', GONE = 'who was removed'
const ROLES = {
  nobody: null,
  visitor: { roomJoin: true },
  admin: { roomAdmin: true },
  creator: { roomCreate: true },
  lister: { roomList: true },
  recorder: { roomRecord: true },
  agent: { roomJoin: true, agent: true },
}
// own: the token names the room that is asked about. other: it names another one. revoked: it was taken back.
const STATES = ['own', 'other', 'expired', 'revoked', 'wrong key']

// What a request gets that is let in; everybody else gets 401. `roles`: with a good token of their own room.
// `bound`: the room of the token must be that of the request. `revocable`: a revoked token does not do; it is taken
// back in one room, so what is asked about none or about another (as the egress here) is not concerned.
const open = (answer, ask = {}) => ({ roles: Object.keys(ROLES), anyToken: true, answer, ...ask })
const ANYBODY_KNOWN = Object.keys(ROLES).filter((role) => role !== 'nobody')
const call = (role, body, answer) => ({ roles: [role], bound: role === 'admin', revocable: role !== 'lister' && role !== 'recorder', body, answer })
const refused = { roles: ANYBODY_KNOWN, answer: 501, body: {} }
const SOMEBODY = { room: ROOM, identity: PERSON }
const joins = (query = '') => ({ roles: ['visitor', 'agent'], revocable: true, upgrade: true, query, answer: 101 })
const validates = (query = '') => ({ ...joins(query), upgrade: false, answer: 200 })
const joinRequest = `&join_request=${encodeURIComponent(Buffer.from(new WrappedJoinRequest({ joinRequest: new JoinRequest({ clientInfo: { protocol: 17 } }).toBinary() }).toBinary()).toString('base64'))}`

const TABLE = {
  'GET /': open(200),
  'GET /healthz': open(200),
  'GET /readyz': open(200),
  'GET /version': open(200),
  'GET /*': open(404, { path: '/no-such-file' }),
  // A token is for one room, and leads there and nowhere else: joining has no room to ask about.
  'GET /rtc': joins(),
  'GET /rtc/v1': joins(joinRequest),
  'GET /rtc/validate': validates(),
  'GET /rtc/v1/validate': validates(joinRequest),
  // A worker serves all rooms; that its token names one changes nothing.
  'GET /agent': { roles: ['agent'], revocable: false, upgrade: true, answer: 101 },
  // Who may call a site is the site's affair (signin.test.mjs); LiveKit's tokens change nothing.
  'POST /api/voice/token': open(400, { body: [] }),
  'POST /api/voice/invite': open(400, { body: [] }),
  'GET /api/voice/config': open(200),
  'POST /api/voice/events': open(400, { body: [] }),
  'GET /api/voice/preflight': open(200),
  'POST /api/voice/preflight': open(400, { body: [] }),
  'GET /api/voice/diagnostics': open(200),
  'POST /api/voice/livekit-webhook': open(404, { body: {} }), // but with LIVEKIT_HOST: livekit-host.test.mjs
  'POST /twirp/livekit.RoomService/CreateRoom': call('creator', { name: ROOM }, 200),
  'POST /twirp/livekit.RoomService/ListRooms': call('lister', {}, 200),
  'POST /twirp/livekit.RoomService/DeleteRoom': { ...call('creator', { room: 'no such room' }, 404), revocable: false }, // revoked in another room
  'POST /twirp/livekit.RoomService/ListParticipants': call('admin', { room: ROOM }, 200),
  'POST /twirp/livekit.RoomService/GetParticipant': call('admin', SOMEBODY, 404),
  'POST /twirp/livekit.RoomService/RemoveParticipant': call('admin', SOMEBODY, 404),
  'POST /twirp/livekit.RoomService/MutePublishedTrack': call('admin', { ...SOMEBODY, trackSid: 'TR_x', muted: true }, 404),
  'POST /twirp/livekit.RoomService/UpdateParticipant': call('admin', { ...SOMEBODY, name: 'x' }, 404),
  'POST /twirp/livekit.RoomService/UpdateSubscriptions': call('admin', SOMEBODY, 404),
  'POST /twirp/livekit.RoomService/UpdateRoomMetadata': call('admin', { room: ROOM, metadata: 'm' }, 200),
  'POST /twirp/livekit.RoomService/SendData': call('admin', { room: ROOM, data: 'aGk=' }, 200),
  'POST /twirp/livekit.RoomService/PerformRpc': call('admin', { room: ROOM, destinationIdentity: PERSON, method: 'm' }, 404),
  'POST /twirp/livekit.RoomService/ForwardParticipant': refused,
  'POST /twirp/livekit.RoomService/MoveParticipant': refused,
  'POST /twirp/livekit.AgentDispatchService/CreateDispatch': call('admin', { room: ROOM, agentName: 'ada' }, 200),
  'POST /twirp/livekit.AgentDispatchService/DeleteDispatch': call('admin', { room: ROOM, dispatchId: 'AD_none' }, 404),
  'POST /twirp/livekit.AgentDispatchService/ListDispatch': call('admin', { room: ROOM }, 200),
  ...Object.fromEntries(
    ['StartRoomCompositeEgress', 'StartParticipantEgress', 'StartTrackCompositeEgress', 'StartTrackEgress', 'StartEgress']
      .map((name) => [`POST /twirp/livekit.Egress/${name}`, call('recorder', { room_name: 'no such room' }, 404)]),
  ),
  'POST /twirp/livekit.Egress/ListEgress': call('recorder', {}, 200),
  'POST /twirp/livekit.Egress/StopEgress': call('recorder', { egress_id: 'EG_none' }, 404),
  ...Object.fromEntries(['StartWebEgress', 'UpdateLayout', 'UpdateStream'].map((name) => [`POST /twirp/livekit.Egress/${name}`, refused])),
  ...Object.fromEntries(['CreateIngress', 'UpdateIngress', 'ListIngress', 'DeleteIngress'].map((name) => [`POST /twirp/livekit.Ingress/${name}`, refused])),
  ...Object.fromEntries(
    ['ListSIPTrunk', 'DeleteSIPTrunk', 'CreateSIPInboundTrunk', 'UpdateSIPInboundTrunk', 'GetSIPInboundTrunk', 'ListSIPInboundTrunk', 'CreateSIPOutboundTrunk',
      'UpdateSIPOutboundTrunk', 'GetSIPOutboundTrunk', 'ListSIPOutboundTrunk', 'CreateSIPDispatchRule', 'UpdateSIPDispatchRule', 'ListSIPDispatchRule',
      'DeleteSIPDispatchRule', 'CreateSIPParticipant', 'TransferSIPParticipant'].map((name) => [`POST /twirp/livekit.SIP/${name}`, refused]),
  ),
  'GET admin.port/metrics': open(200),
  'GET admin.port/healthz': open(200),
}

let server
before(async () => {
  server = await start({ workers: 2 })
  const api = new RoomServiceClient(server.url, KEY, SECRET)
  await api.createRoom({ name: ROOM, emptyTimeout: 600 })
  await assert.rejects(api.removeParticipant(ROOM, GONE, { revokeTokenTs: BigInt(Math.floor(Date.now() / 1000) + 60) }), /participant does not exist/)
})
after(async () => assert.equal(await server.stop(), 0, server.log))

async function tokenOf(role, state) {
  if (!ROLES[role]) return null
  const made = new AccessToken(KEY, state === 'wrong key' ? 'a wrong one' : SECRET, { identity: state === 'revoked' ? GONE : 'me', ttl: state === 'expired' ? '-2m' : '10m' })
  made.addGrant({ ...ROLES[role], room: state === 'other' ? OTHER : ROOM })
  return made.toJwt()
}

function expected(row, role, state) {
  if (row.anyToken) return row.answer
  const is = row.roles.includes(role) && state !== 'expired' && state !== 'wrong key' && !(row.bound && state === 'other') && !(row.revocable && state === 'revoked')
  return is ? row.answer : 401
}

async function ask(endpoint, row, jwt) {
  const [method, place] = endpoint.split(' ')
  const isAdmin = place.startsWith('admin.port/')
  const port = isAdmin ? server.adminPort : server.port
  const path = (row.path ?? place.replace('admin.port', '')) + (row.query ? `?${row.query.slice(1)}` : '')
  const authorization = jwt ? { authorization: `Bearer ${jwt}` } : {}
  if (row.upgrade) {
    const lines = Object.entries(authorization).map(([name, value]) => `${name}: ${value}\r\n`)
    return (await exchange(port, `${method} ${path} HTTP/1.1\r\nHost: x\r\n${UPGRADE}${lines.join('')}\r\n`)).status
  }
  const body = row.body && JSON.stringify(row.body)
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body, headers: { ...authorization, ...(body && { 'content-type': 'application/json' }) } })
  await answer.arrayBuffer()
  return answer.status
}

test('P58 every endpoint has its row, and every row its endpoint', async () => {
  const { stdout } = await promisify(execFile)(BINARY, ['help', 'routes'])
  const routes = stdout.trim().split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' '))
  assert.ok(routes.length > 40)
  assert.deepEqual(Object.keys(TABLE).sort(), routes.sort())
  assert.equal((await server.get('/metrics')).status, 404) // the admin door is another one
})

for (const [endpoint, row] of Object.entries(TABLE))
  test(`P58 ${endpoint}: every role, every state of its token`, async () => {
    const cases = Object.keys(ROLES).flatMap((role) => STATES.map((state) => [role, state]))
    const wrong = await Promise.all(
      cases.map(async ([role, state]) => {
        const status = await ask(endpoint, row, await tokenOf(role, state))
        return status === expected(row, role, state) ? null : `${role}, ${state}: ${status} instead of ${expected(row, role, state)}`
      }),
    )
    assert.deepEqual(wrong.filter(Boolean), [])
  })
