// token-api.test.mjs — POST /api/voice/token and /api/voice/invite: shapes, origins, budget, problems.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TokenVerifier } from 'livekit-server-sdk'
import { KEY, SECRET, start } from './lib/server.mjs'

const verifier = new TokenVerifier(KEY, SECRET)
let server
before(async () => {
  server = await start({ args: ['--voice-per-address-budget', '0', '--voice-allowed-origins', 'https://shop.example,https://*.sites.example'] })
})
after(async () => assert.equal(await server.stop(), 0, server.log))

const problem = async (answer, status, code) => {
  assert.equal(answer.status, status)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  const body = await answer.json()
  assert.equal(body.code, code)
  assert.equal(body.status, status)
  for (const field of ['type', 'title', 'detail']) assert.equal(typeof body[field], 'string')
}

test('S35 S57 the four fields of the contract and those of TokenSource', async () => {
  const before = Date.now()
  const answer = await server.post('/api/voice/token', '{}')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  const body = await answer.json()
  assert.deepEqual(Object.keys(body).sort(), [
    'callId', 'expiresAt', 'livekitHost', 'maxDuration', 'participantName', 'participantToken', 'resume', 'ringTimeout', 'roomName', 'serverUrl', 'token',
  ])
  assert.equal(body.livekitHost, `ws://127.0.0.1:${server.port}`)
  assert.match(body.roomName, /^call-[0-9a-f]{32}$/)
  assert.match(body.participantName, /^visitor-[0-9a-f]{32}$/)
  const life = Date.parse(body.expiresAt) - before
  assert.ok(life > 3590_000 && life < 3610_000, `${life} ms`)
  const claims = await verifier.verify(body.token)
  assert.equal(claims.sub, body.participantName)
  assert.deepEqual({ ...claims.video, canPublishSources: undefined }, {
    room: body.roomName, roomJoin: true, canPublish: true, canSubscribe: true, canPublishData: true, canPublishSources: undefined,
  })
  assert.deepEqual(claims.video.canPublishSources.map(String), ['microphone'])
  assert.equal(claims.roomConfig.agents[0].agentName, 'offhook-echo')
  const validated = await server.get(`/rtc/validate?access_token=${body.token}`)
  assert.deepEqual([validated.status, await validated.text()], [200, 'success'])
})

test('no body at all is fine, and every call has its own room and identity', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, async () => (await server.post('/api/voice/token')).json()))
  assert.equal(new Set(answers.map((answer) => answer.roomName)).size, 20)
  assert.equal(new Set(answers.map((answer) => answer.participantName)).size, 20)
})

test('what a client sends is a request, not an order', async () => {
  const wish = { room_name: 'boardroom', participant_identity: 'ceo', participant_name: 'Ann', room_config: { agents: [{ agentName: 'spy' }] } }
  const body = await (await server.post('/api/voice/token', JSON.stringify(wish))).json()
  const claims = await verifier.verify(body.token)
  assert.match(claims.video.room, /^call-/)
  assert.match(claims.sub, /^visitor-/)
  assert.equal(claims.name, 'Ann')
  assert.equal(JSON.stringify(claims).includes('spy'), false)
})

test('an invitation brings two into one room, without the echo partner', async () => {
  const invite = await (await server.post('/api/voice/invite', '{}', { origin: server.url })).json()
  assert.deepEqual(Object.keys(invite).sort(), ['expiresAt', 'invite', 'url'])
  assert.equal(invite.url, `${server.url}/?invite=${invite.invite}`)
  const join = async () => (await server.post('/api/voice/token', JSON.stringify({ invite: invite.invite }))).json()
  const [first, second] = [await join(), await join()]
  assert.equal(first.roomName, second.roomName)
  assert.notEqual(first.participantName, second.participantName)
  const claims = await verifier.verify(first.token)
  assert.equal(claims.roomConfig.maxParticipants, 2)
  assert.equal(claims.roomConfig.agents?.length ?? 0, 0)
  await assert.rejects(verifier.verify(invite.invite))
  const asToken = await server.get(`/rtc/validate?access_token=${invite.invite}`)
  assert.equal(asToken.status, 401)
  await problem(await server.post('/api/voice/token', JSON.stringify({ invite: first.token })), 400, 'TOKEN_INVALID')
  await problem(await server.post('/api/voice/token', JSON.stringify({ invite: `${invite.invite}x` })), 400, 'TOKEN_INVALID')
})

test('bad bodies', async () => {
  for (const body of ['[]', '{', 'null', '"x"', '{"invite":7}', '{"a":1,"a":2}'])
    await problem(await server.post('/api/voice/token', body), 400, 'REQUEST_INVALID')
  await problem(await server.post('/api/voice/token', `{"x":"${'y'.repeat(20_000)}"}`), 413, 'REQUEST_TOO_LARGE')
})

test('methods and paths', async () => {
  await problem(await server.get('/api/voice/token'), 405, 'METHOD_NOT_ALLOWED')
  await problem(await server.post('/api/voice/other', '{}'), 404, 'NOT_FOUND')
})

test('origins: our own, listed ones and programs; nobody else', async () => {
  for (const origin of [server.url, 'https://shop.example', 'https://a.b.sites.example']) {
    const answer = await server.post('/api/voice/token', '{}', { origin })
    assert.equal(answer.status, 200, origin)
    assert.equal(answer.headers.get('access-control-allow-origin'), origin)
    assert.match(answer.headers.get('vary'), /Origin/)
  }
  for (const origin of ['https://evil.example', 'http://shop.example', 'https://sites.example', 'null', 'https://shop.example.evil.test']) {
    const answer = await server.post('/api/voice/token', '{}', { origin })
    assert.equal(answer.headers.get('access-control-allow-origin'), null, origin)
    await problem(answer, 403, 'ORIGIN_DENIED')
  }
})

test('preflight of a listed origin', async () => {
  const ask = (origin) =>
    server.get('/api/voice/token', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } })
  const allowed = await ask('https://shop.example')
  assert.equal(allowed.status, 204)
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://shop.example')
  assert.match(allowed.headers.get('access-control-allow-headers'), /Content-Type/)
  assert.equal((await ask('https://evil.example')).status, 403)
})

test('problems on an allowed origin can be read by its page', async () => {
  const answer = await server.post('/api/voice/token', '{', { origin: 'https://shop.example' })
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example')
  await problem(answer, 400, 'REQUEST_INVALID')
})

test('the host is taken from the request only if it can be one', async () => {
  const other = await start({ args: ['--public-url', 'https://call.example/'] })
  const body = await (await other.post('/api/voice/token', '{}')).json()
  assert.equal(body.livekitHost, 'wss://call.example')
  assert.equal(await other.stop(), 0)
})

test('behind a proxy that ends TLS, the address is wss', async () => {
  const body = await (await server.post('/api/voice/token', '{}', { 'x-forwarded-proto': 'https' })).json()
  assert.equal(body.livekitHost, `wss://127.0.0.1:${server.port}`)
})

test('the budget of an address is exact over all workers and says when to come back', async () => {
  const other = await start({ args: ['--voice-per-address-budget', '5'], workers: 3 })
  const answers = await Promise.all(Array.from({ length: 12 }, () => other.post('/api/voice/token', '{}', { connection: 'close' })))
  assert.equal(answers.filter((answer) => answer.status === 200).length, 5)
  const refused = answers.filter((answer) => answer.status === 429)
  assert.equal(refused.length, 7)
  const retry = Number(refused[0].headers.get('retry-after'))
  assert.ok(retry >= 1 && retry <= 12, `Retry-After: ${retry}`)
  await problem(refused[0], 429, 'RATE_LIMITED')
  // The proxy on this machine is believed about whom it speaks for, from the right.
  assert.equal((await other.post('/api/voice/token', '{}', { 'x-forwarded-for': '198.51.100.7' })).status, 200)
  assert.equal((await other.post('/api/voice/token', '{}', { 'x-forwarded-for': '198.51.100.8, 127.0.0.1' })).status, 200)
  assert.equal((await other.post('/api/voice/token', '{}', { 'x-forwarded-for': 'nonsense' })).status, 429)
  assert.equal(await other.stop(), 0)
})

test('S35 with LIVEKIT_HOST the calls are elsewhere', async () => {
  const other = await start({ env: { LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET, LIVEKIT_HOST: 'https://cloud.example/' } })
  const body = await (await other.post('/api/voice/token', '{}')).json()
  assert.equal(body.livekitHost, 'wss://cloud.example')
  assert.equal((await other.get(`/rtc/validate?access_token=${body.token}`)).status, 404)
  assert.equal(await other.stop(), 0)
})
