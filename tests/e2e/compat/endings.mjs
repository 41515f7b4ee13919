// endings.mjs — how a call ends or does not begin, and what the server may do to it. Needs no sound but where it is said.
import assert from 'node:assert/strict'
import { AccessToken, RoomConfiguration } from 'livekit-server-sdk'
import { eventually } from '../lib/wait.mjs'
import { enterAsStranger } from '../lib/stranger.mjs'
import { ended, hears, hearsNothing, other, sees } from './call.mjs'

const quiet = { publish: false }
// The reasons of LiveKit's protocol.
const REASON = {
  CLIENT_INITIATED: 1, DUPLICATE_IDENTITY: 2, SERVER_SHUTDOWN: 3, PARTICIPANT_REMOVED: 4, ROOM_DELETED: 5, MIGRATION: 8, SIGNAL_CLOSE: 9, ROOM_CLOSED: 10,
  USER_UNAVAILABLE: 11, USER_REJECTED: 12, AGENT_ERROR: 16,
}
const tellsWhy = ({ lacks }) => lacks.whyGone && 'the package does not tell'
const toldWhyGone = (me, identity, reason) =>
  eventually(`told that ${identity} went by ${reason}`, async () => {
    const left = (await me.send('happened')).filter((event) => event.name === 'left' && event.arg === identity)
    return { ok: left.at(-1)?.reason === reason, left }
  })
// What is the same code in every release, for today's two.
const todays = ({ name }) => name === 'livekit-client 2.23.0' || name === 'rtc-node 1.1.0'

// A token that also says how the room is to be.
async function founding(server, room, identity, config, grants = {}) {
  const token = new AccessToken(server.key, server.secret, { identity, name: identity, ttl: '10m' })
  token.addGrant({ roomJoin: true, room, ...grants })
  token.roomConfig = new RoomConfiguration(config)
  return token.toJwt()
}

async function both({ me, ben, server, room }, options = quiet) {
  assert.deepEqual(await me.send('join', server.ws, await server.token(room, 'anna'), options), { answer: 'anna' })
  assert.deepEqual(await ben.send('join', server.ws, await server.token(room, 'ben')), { answer: 'ben' })
  await sees(me, 'ben', (seen) => other(seen, 'ben'))
}

export const ENDINGS = [
  {
    title: 'a bad token is refused, and why',
    core: true,
    run: async ({ me, server, room, browser, name }) => {
      const refused = await me.send('join', server.ws, 'not-a-token', quiet)
      if (browser && !name.includes('2.0.0')) assert.equal(refused.reason, 0) // NotAllowed
      const why = me.lacks.why ? /./ : /token|permission|unauthorized|401/i
      assert.match(refused.error, why, JSON.stringify(refused))
      const elsewhere = new AccessToken(server.key, 'of somebody else, of somebody else', { identity: 'anna', ttl: '1m' })
      elsewhere.addGrant({ roomJoin: true, room })
      assert.match((await me.send('join', server.ws, await elsewhere.toJwt(), quiet)).error, why)
    },
  },
  {
    title: 'a camera is refused at once, and why',
    only: ({ browser, name }) => browser === 'chromium' && !name.includes('2.0.0'), // which waits for ten seconds, told or not
    run: async ({ me, server, room }) => {
      await me.send('join', server.ws, await server.token(room, 'anna'), quiet)
      assert.match((await me.send('camera')).error, /permission/i) // not that nobody answered
    },
  },
  {
    title: 'a full room is refused; there is room again when one leaves',
    run: async ({ me, ben, server, room }) => {
      await ben.send('join', server.ws, await founding(server, room, 'ben', { maxParticipants: 1 }), quiet)
      const refused = await me.send('join', server.ws, await server.token(room, 'anna'), quiet)
      assert.ok(refused.error, JSON.stringify(refused))
      await ben.send('leave')
      assert.deepEqual(await me.send('join', server.ws, await server.token(room, 'anna'), quiet), { answer: 'anna' })
    },
  },
  {
    title: 'departure time-out: who may not keep a room alive is told ROOM_CLOSED',
    run: async ({ me, ben, server, room }) => {
      await ben.send('join', server.ws, await founding(server, room, 'ben', { departureTimeout: 1 }), quiet)
      await me.send('join', server.ws, await server.token(room, 'agent', { agent: true }), quiet)
      await ben.send('leave')
      await ended(me, REASON.ROOM_CLOSED)
    },
  },
  {
    title: 'empty time-out: a room that nobody enters ends, the next one is new',
    only: todays,
    run: async ({ me, api, server, room }) => {
      const { sid } = await api.createRoom({ name: room, emptyTimeout: 1, metadata: 'of the first' })
      await eventually('it has ended', async () => (await api.listRooms([room])).length === 0)
      assert.deepEqual(await me.send('join', server.ws, await server.token(room, 'anna'), quiet), { answer: 'anna' })
      const [next] = await api.listRooms([room])
      assert.notEqual(next.sid, sid)
      await sees(me, 'the new room', (seen) => !seen.metadata)
    },
  },
  {
    title: 'kicked by the server API',
    core: true,
    run: async (call) => {
      await both(call)
      await call.api.removeParticipant(call.room, 'anna')
      await ended(call.me, REASON.PARTICIPANT_REMOVED)
      await sees(call.ben, 'ben is alone', (seen) => seen.others.length === 0)
    },
  },
  {
    title: 'the room is deleted by the server API',
    run: async (call) => {
      await both(call)
      await call.api.deleteRoom(call.room)
      for (const who of [call.me, call.ben]) await ended(who, REASON.ROOM_DELETED)
    },
  },
  {
    title: 'told why others went: CLIENT_INITIATED, PARTICIPANT_REMOVED',
    lacks: tellsWhy,
    run: async (call) => {
      const { me, ben, api, room, server } = call
      await both(call)
      await ben.send('leave')
      await toldWhyGone(me, 'ben', REASON.CLIENT_INITIATED)
      await ben.send('join', server.ws, await server.token(room, 'ben'), quiet)
      await sees(me, 'ben is back', (seen) => other(seen, 'ben'))
      await api.removeParticipant(room, 'ben')
      await toldWhyGone(me, 'ben', REASON.PARTICIPANT_REMOVED)
    },
  },
  {
    title: 'told why others went: USER_UNAVAILABLE, USER_REJECTED, AGENT_ERROR, SIGNAL_CLOSE',
    only: todays,
    lacks: tellsWhy,
    run: async ({ me, server, room }) => {
      await me.send('join', server.ws, await server.token(room, 'anna'), quiet)
      for (const reason of ['USER_UNAVAILABLE', 'USER_REJECTED', 'AGENT_ERROR', 'SIGNAL_CLOSE']) {
        const stranger = await enterAsStranger(server, room, reason)
        await sees(me, reason, (seen) => other(seen, reason))
        if (reason === 'SIGNAL_CLOSE') stranger.vanish()
        else stranger.leave(REASON[reason])
        await toldWhyGone(me, reason, REASON[reason])
      }
    },
  },
  {
    title: 'told why others went: SERVER_SHUTDOWN, MIGRATION, DUPLICATE_IDENTITY',
    only: todays,
    lacks: tellsWhy,
    run: async (call) => {
      const { me, ben, server, room } = call
      await both(call)
      for (const [scenario, reason] of [['node-failure', REASON.SERVER_SHUTDOWN], ['migration', REASON.MIGRATION]]) {
        await ben.send('simulate', scenario)
        await toldWhyGone(me, 'ben', reason)
        await sees(me, 'ben is back', (seen) => other(seen, 'ben'))
        await sees(ben, 'ben is in the room', (seen) => seen.state === 'connected')
      }
      const twin = await enterAsStranger(server, room, 'ben')
      await toldWhyGone(me, 'ben', REASON.DUPLICATE_IDENTITY)
      twin.vanish()
    },
  },
  {
    title: 'its process is killed: others see it go within half a minute',
    only: ({ name }) => name === 'rtc-node 1.1.0',
    run: async ({ another, ben, server, room }) => {
      const house = await another()
      try {
        const doomed = await house.open()
        await ben.send('join', server.ws, await server.token(room, 'ben'), quiet)
        assert.deepEqual(await doomed.send('join', server.ws, await server.token(room, 'anna')), { answer: 'anna' })
        await hears(ben, 'anna', doomed.hz)
      } finally {
        house.kill() // or it outlives the tests
      }
      await sees(ben, 'ben is alone', (seen) => seen.others.length === 0, { timeout: 30_000 })
    },
  },
  {
    title: 'muted by the server API',
    run: async (call) => {
      await both(call, {})
      const { me, ben, api, room } = call
      await hears(ben, 'anna', me.hz)
      await api.mutePublishedTrack(room, 'anna', (await me.send('see')).me.tracks[0].sid, true)
      await hearsNothing(ben, 'anna')
      await sees(ben, 'ben is told', (seen) => other(seen, 'anna').tracks[0].muted)
      if (!me.lacks.ownMute) await sees(me, 'anna is told', (seen) => seen.me.tracks[0].muted)
    },
  },
  {
    title: 'permission to publish revoked in the call, then given back',
    run: async (call) => {
      await both(call, {})
      const { me, ben, api, room } = call
      await hears(ben, 'anna', me.hz)
      await api.updateParticipant(room, 'anna', { permission: { canPublish: false, canSubscribe: true, canPublishData: true } })
      await sees(ben, 'the track is gone', (seen) => other(seen, 'anna').tracks.length === 0)
      if (!me.lacks.ownPermission) await sees(me, 'anna is told', (seen) => seen.me.tracks.length === 0 && !seen.me.permissions.publish)
      await api.updateParticipant(room, 'anna', { permission: { canPublish: true, canSubscribe: true, canPublishData: true } })
      if (!me.lacks.ownPermission) await sees(me, 'anna is told again', (seen) => seen.me.permissions.publish)
      await eventually('it may publish again', async () => (await me.send('publish')).answer === true)
      await hears(ben, 'anna', me.hz)
    },
  },
  {
    title: 'permission to subscribe revoked in the call, then given back',
    run: async (call) => {
      await both(call)
      const { me, ben, api, room } = call
      await hears(me, 'ben', ben.hz)
      const may = (canSubscribe) => api.updateParticipant(room, 'anna', { permission: { canPublish: true, canSubscribe, canPublishData: true } })
      await may(false)
      await hearsNothing(me, 'ben')
      await may(true)
      await hears(me, 'ben', ben.hz)
    },
  },
  {
    title: 'metadata, attributes and name set by the server API',
    run: async (call) => {
      await both(call)
      const { me, ben, api, room } = call
      await api.updateParticipant(room, 'anna', { metadata: 'given', name: 'Anna of the desk', attributes: { role: 'guest' } })
      await api.updateRoomMetadata(room, 'the blue room')
      const told = ({ name, metadata, attributes }) => name === 'Anna of the desk' && metadata === 'given' && (me.lacks.attributes || attributes.role === 'guest')
      await sees(me, 'anna is told', (seen) => told(seen.me) && seen.metadata === 'the blue room')
      await sees(ben, 'ben is told', (seen) => told(other(seen, 'anna')) && seen.metadata === 'the blue room')
    },
  },
  {
    title: 'data from the server API',
    run: async (call) => {
      await both(call)
      await call.api.sendData(call.room, new TextEncoder().encode('from the desk'), 0, { topic: 'desk', destinationIdentities: ['anna'] })
      await eventually('it came', async () => (await call.me.send('received')).some(({ topic, bytes, from }) => topic === 'desk' && bytes === 13 && !from))
    },
  },
]
