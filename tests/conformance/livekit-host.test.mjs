// livekit-host.test.mjs — LIVEKIT_HOST: token API, button and settings here, the calls on another LiveKit, for which a
// second instance of ourselves stands in. Its webhooks come here; where one instance would not do such a thing (late, told
// twice, never told that somebody came) they are said by hand, signed as LiveKit signs them.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { AccessToken, RoomServiceClient, TokenVerifier } from 'livekit-server-sdk'
import { counter } from './lib/probe.mjs'
import { freePorts } from '../parts/ports.mjs'
import { KEY, SECRET, start, until } from './lib/server.mjs'
import { Participant } from './lib/signal.mjs'

const folder = mkdtempSync(join(tmpdir(), 'offhook-host-'))
const file = join(folder, 'offhook.yaml')
let far, near, rooms
before(async () => {
  writeFileSync(file, `
voice:
  per_address_budget: 0
  sites:
    shop: {per_address_budget: 0}
    small: {per_address_budget: 0, concurrent_calls: 1}
    short: {per_address_budget: 0, max_duration: 2s}
`)
  const [port] = await freePorts(1) // each has to know the other's before it is there
  const told = join(folder, 'far.yaml') // knows nothing of our sites
  writeFileSync(told, `
room: {departure_timeout: 1}
webhook: {api_key: ${KEY}, urls: ["http://127.0.0.1:${port}/api/voice/livekit-webhook"]}
`)
  far = await start({ args: ['--config', told] })
  near = await start({ args: ['--config', file, '--livekit-host', far.url.replace('http', 'ws'), '--port', String(port)] })
  rooms = new RoomServiceClient(far.url, KEY, SECRET)
})
after(async () => {
  rmSync(folder, { recursive: true })
  assert.equal(await near.stop(), 0, near.log)
  assert.equal(await far.stop(), 0, far.log)
})

const ask = async (body) => { // from a page of its own: programs get no ticket to come back
  const answer = await near.post('/api/voice/token', JSON.stringify(body), { origin: near.url })
  return { status: answer.status, ...(await answer.json()) }
}
async function webhook(body, { key = KEY, secret = SECRET, digest = createHash('sha256').update(body).digest('base64'), headers, to = near } = {}) {
  const token = new AccessToken(key, secret, { ttl: '5m' })
  token.sha256 = digest
  return to.post('/api/voice/livekit-webhook', body, headers ?? { 'content-type': 'application/webhook+json', authorization: await token.toJwt() })
}
let serial = 0
async function tell(event, room, { sid, site, age = 0 } = {}) {
  const now = Math.floor(Date.now() / 1000)
  const participant = sid && { participant: { sid, identity: sid, state: 'ACTIVE', attributes: site ? { 'offhook.site': site } : {} } }
  const answer = await webhook(JSON.stringify({
    event, id: `EV_${++serial}`, createdAt: String(now), room: { sid: 'RM_x', name: room, creationTime: String(now - age), numParticipants: 1 }, ...participant,
  }))
  assert.equal(answer.status, 200, await answer.text())
}
const call = (granted) => Participant.join(far, granted.roomName, '', { jwt: granted.token })

describe('what is here and what is there', () => {
  test('signalling and the server API say that calls are elsewhere', async () => {
    for (const path of ['/rtc', '/rtc/v1', '/rtc/validate', '/rtc/v1/validate']) {
      const answer = await near.get(path)
      assert.deepEqual([answer.status, await answer.text()], [404, 'calls are carried by another server'], path)
    }
    const api = await near.post('/twirp/livekit.RoomService/ListRooms', '{}')
    assert.deepEqual([api.status, await api.text()], [404, 'calls are carried by another server'])
    assert.equal((await near.get('/agent')).status, 404)
    assert.equal((await near.get('/')).status, 200)
    assert.doesNotMatch(near.log, /media address/) // the other server may want these ports
    assert.match(far.log, /media address/)
  })

  test('the token is the other server’s, and its rooms get what it asks for', async () => {
    const granted = await ask({ site: 'shop' })
    assert.equal(granted.status, 200)
    assert.deepEqual([granted.serverUrl, granted.livekitHost], [far.url.replace('http', 'ws'), far.url.replace('http', 'ws')])
    const claims = await new TokenVerifier(KEY, SECRET).verify(granted.token)
    assert.equal(claims.roomConfig.agents[0].agentName, 'offhook-echo')
    const visitor = await call(granted)
    await until(async () => (await rooms.listParticipants(granted.roomName)).length === 2, 'the echo that the token asked for')
    const echo = (await rooms.listParticipants(granted.roomName)).find((one) => one.identity !== claims.sub)
    assert.equal(echo.kind, 4)
    await visitor.leave()
  })

  test('settings, diagnostics and the page name the other server', async () => {
    const facts = await (await near.get('/api/voice/preflight?site=shop')).json()
    assert.equal(facts.serverUrl, far.url.replace('http', 'ws'))
    const diagnosis = await (await near.get('/api/voice/diagnostics?site=shop')).text()
    assert.match(diagnosis, new RegExp(`Calls are carried by ${far.url.replace('http', 'ws')}`))
  })
})

describe('webhooks of the other server', () => {
  const good = JSON.stringify({ event: 'room_started', id: 'EV_a', createdAt: '1', room: { name: 'r' } })
  test('are taken only from who has the key, and whole', async () => {
    const refused = await counter(near, 'far_webhooks_refused')
    assert.equal((await webhook(good)).status, 200)
    const bearer = new AccessToken(KEY, SECRET)
    bearer.sha256 = createHash('sha256').update(good).digest('base64')
    assert.equal((await webhook(good, { headers: { authorization: `Bearer ${await bearer.toJwt()}` } })).status, 200)
    assert.equal((await webhook(good, { headers: {} })).status, 401)
    assert.equal((await webhook(good, { key: 'APIother' })).status, 401)
    assert.equal((await webhook(good, { secret: 'not the secret, but as long as one has to be' })).status, 401)
    assert.equal((await webhook(good, { digest: createHash('sha256').update('else').digest('base64') })).status, 401)
    assert.equal((await webhook(good, { digest: '' })).status, 401)
    assert.equal((await webhook(good, { digest: 'A'.repeat(4000) })).status, 401)
    for (const [grant, ttl] of [[{ roomAdmin: true, room: 'r' }, '5m'], [{ roomCreate: true }, '5m'], [{}, '-2m']]) { // what is no webhook's token
      const made = new AccessToken(KEY, SECRET, { identity: 'me', ttl })
      made.addGrant(grant)
      if (ttl === '-2m') made.sha256 = createHash('sha256').update(good).digest('base64')
      assert.equal((await webhook(good, { headers: { authorization: await made.toJwt() } })).status, 401)
    }
    assert.equal((await webhook('{"event":')).status, 400)
    assert.equal((await webhook('{"event":7}')).status, 400)
    assert.equal(await counter(near, 'far_webhooks_refused'), refused + 11)
    assert.equal((await near.get('/api/voice/livekit-webhook')).status, 405)
    assert.equal((await webhook(good, { to: far })).status, 404) // who carries calls itself has no use for them
  })

  test('a page that was reloaded comes back to its call as long as that server has it', async () => {
    await webhook(good)
    const granted = await ask({ site: 'shop' })
    await (await call(granted)).leave()
    const again = await ask({ site: 'shop', resume: granted.resume })
    assert.equal(again.status, 200, JSON.stringify(again))
    const [before, now] = await Promise.all([granted, again].map(({ token }) => new TokenVerifier(KEY, SECRET).verify(token)))
    assert.deepEqual([now.video.room, now.sub], [before.video.room, before.sub])
    await (await call(again)).leave()
    await until(async () => (await ask({ site: 'shop', resume: granted.resume })).status === 410, 'the call to be over')
  })

  test('P36 a place is free when the call is over, and taken as long as it is not', async () => {
    const first = await ask({ site: 'small' })
    assert.equal(first.status, 200)
    assert.equal((await ask({ site: 'small' })).code, 'CAPACITY')
    const begun = Date.now()
    await tell('participant_joined', first.roomName, { sid: 'PA_one', site: 'small' })
    await tell('participant_joined', first.roomName, { sid: 'PA_echo' }) // not one of ours: counts for nothing
    await tell('participant_left', first.roomName, { sid: 'PA_one' })
    let next
    await until(async () => (next = await ask({ site: 'small' })).status === 200, 'the place of a call that ended')
    assert.ok(Date.now() - begun < 20_000, 'a token alone would have held it for 30 s')
    await tell('room_finished', next.roomName)
    await until(async () => (next = await ask({ site: 'small' })).status === 200, 'a place that is free at once', 20_000)
    // That of a call from before this server was started: no token here, only the webhook.
    await tell('room_finished', next.roomName)
    await tell('participant_joined', 'call-of-yesterday', { sid: 'PA_two', site: 'small' })
    await until(async () => (await ask({ site: 'small' })).code === 'CAPACITY', 'it to be counted')
    await tell('room_finished', 'call-of-yesterday')
  })

  test('P36 max_duration ends the call on the other server', async () => {
    const ended = await counter(near, 'calls_ended_duration')
    const granted = await ask({ site: 'short' })
    const visitor = await call(granted)
    // This participant has no media, so the other server does not say that it came.
    await tell('participant_joined', granted.roomName, { sid: (await visitor.next('join')).value.participant.sid, site: 'short' })
    const { value } = await visitor.next('leave')
    assert.equal(value.reason, 5) // ROOM_DELETED
    await until(async () => (await counter(near, 'calls_ended_duration')) === ended + 1, 'it to be counted')
    assert.deepEqual(await rooms.listRooms([granted.roomName]), [])
  })
})

test('a server that is not there costs a line in the log and nothing else', async () => {
  const alone = await start({ args: ['--config', file, '--livekit-host', 'ws://127.0.0.1:9'] })
  const body = JSON.stringify({ event: 'participant_joined', id: 'EV_z', createdAt: '1000', room: { name: 'r', creationTime: '900' },
    participant: { sid: 'PA_z', attributes: { 'offhook.site': 'short' } } })
  assert.equal((await webhook(body, { to: alone })).status, 200)
  await until(async () => (await counter(alone, 'far_requests_failed')) === 1, 'the request to fail')
  assert.match(alone.log, /does not answer as it should/)
  assert.equal((await alone.post('/api/voice/token', '{"site":"shop"}')).status, 200)
  assert.equal(await alone.stop(), 0, alone.log)
})
