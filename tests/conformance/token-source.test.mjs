// token-source.test.mjs — LiveKit's own TokenSource.endpoint against our token API; what must not work; and that
// nothing issued is ever found in a log.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TokenSource } from 'livekit-client'
import { TokenVerifier } from 'livekit-server-sdk'
import { KEY, SECRET, start, token } from './lib/server.mjs'
import { counter, exchange, memory } from './lib/probe.mjs'
import { Participant } from './lib/signal.mjs'

let server
const issued = []
before(async () => {
  server = await start({ workers: 2, args: ['--voice-per-address-budget', '0', '--logging-level', 'debug'] })
})
after(async () => {
  assert.equal(await server.stop(), 0, server.log)
  assert.ok(issued.length > 50)
  for (const secret of [...issued, ...issued.map((jwt) => jwt.split('.')[2]), SECRET, 'eyJ']) assert.equal(server.log.includes(secret), false, `${secret} in the log`)
})
const ask = async (body, headers) => {
  const answer = await server.post('/api/voice/token', typeof body === 'string' ? body : JSON.stringify(body), headers)
  const json = await answer.json()
  if (json.token) issued.push(json.token)
  return { ...json, status: answer.status, media: answer.headers.get('content-type') }
}
const invite = async () => {
  const { invite: it } = await (await server.post('/api/voice/invite', '{}')).json()
  issued.push(it)
  return it
}
const validate = async (jwt) => {
  const answer = await server.get(`/rtc/validate?access_token=${jwt}`)
  return [answer.status, await answer.text()]
}

test('TokenSource.endpoint fetches, and what it got joins', async () => {
  const source = TokenSource.endpoint(`${server.url}/api/voice/token`)
  const { serverUrl, participantToken } = await source.fetch({ participantName: 'Ann', roomName: 'wanted', agentName: 'spy', participantMetadata: 'm', participantAttributes: { a: 'b' } })
  issued.push(participantToken)
  assert.equal(serverUrl, `ws://127.0.0.1:${server.port}`)
  const claims = await new TokenVerifier(KEY, SECRET).verify(participantToken)
  assert.equal(claims.name, 'Ann')
  assert.notEqual(claims.video.room, 'wanted')
  assert.equal(claims.metadata ?? '', '')
  // P33: what the page says of its visitor is marked as the page's word
  assert.deepEqual(claims.attributes, { 'page.a': 'b', 'page.metadata': 'm', 'offhook.site': 'default' })
  assert.equal(JSON.stringify(claims.roomConfig ?? {}).includes('spy'), false)
  assert.deepEqual(await validate(participantToken), [200, 'success'])
})

test('TokenSource.endpoint says what went wrong', async () => {
  await assert.rejects(TokenSource.endpoint(`${server.url}/api/voice/nothing`).fetch({}), /404/)
})

test('fifty issued tokens join, are refreshed, and differ', async () => {
  const seen = new Set()
  for (let i = 0; i < 50; i++) {
    const it = await ask({ participant_name: `Visitor ${i}` })
    seen.add(it.token), seen.add(it.roomName), seen.add(it.participantName)
  }
  assert.equal(seen.size, 150)
  const one = await Participant.join(server, 'refreshed', 'me')
  issued.push((await one.next('refreshToken')).value)
  await one.leave()
})

test('an invitation is no token, a token no invitation, and neither can be bent', async () => {
  const good = await invite()
  const first = await ask({ invite: good })
  assert.equal(first.status, 200)
  assert.deepEqual(await validate(good), [401, 'invalid API key'])
  const [head, payload, mac] = good.split('.')
  const bent = (change) => `${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url')), ...change })).toString('base64url')}.${mac}`
  const hostile = {
    'another room': bent({ sub: 'boardroom', video: { room: 'boardroom', roomJoin: true } }),
    'more time': bent({ exp: 9999999999 }),
    'no signature': `${head}.${payload}.`,
    'alg none': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
    'an access token': first.token,
    'an admin\'s token': await token('r', 'me', { roomAdmin: true, roomCreate: true }),
    'nothing': '',
    'a kilometre': 'i'.repeat(9000),
    'two joined': good + good,
  }
  for (const [name, it] of Object.entries(hostile)) {
    const answer = await ask({ invite: it })
    assert.deepEqual([answer.status, answer.code, answer.media], [400, 'TOKEN_INVALID', 'application/problem+json'], name)
  }
  for (const [name, it] of Object.entries({ 'a number': 7, 'a list': ['x'], 'an object': {}, 'a boolean': true })) {
    const answer = await ask({ invite: it })
    assert.deepEqual([answer.status, answer.code], [400, 'REQUEST_INVALID'], name)
  }
})

test('an invitation brings two and not three', async () => {
  const good = await invite()
  const people = [await ask({ invite: good }), await ask({ invite: good }), await ask({ invite: good })]
  assert.equal(new Set(people.map((it) => it.roomName)).size, 1)
  const joined = []
  for (const it of people.slice(0, 2)) joined.push(await Participant.join(server, '', '', { jwt: it.token }))
  assert.deepEqual(await validate(people[2].token), [429, 'room has exceeded its max participants'])
  for (const it of joined) await it.leave()
})

test('bodies: any content type is read as JSON or not at all, large ones are refused unread', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json; charset=utf-16', ''])
    for (const [body, code] of [['a=b', 'REQUEST_INVALID'], ['<x/>', 'REQUEST_INVALID'], ['\xff\xfe{}', 'REQUEST_INVALID']]) {
      const answer = await ask(body, { 'content-type': type })
      assert.deepEqual([answer.status, answer.code], [400, code], `${type}: ${body}`)
    }
  const kb = await memory(server)
  for (let i = 0; i < 20; i++) {
    const answer = await ask('x'.repeat(900_000))
    assert.deepEqual([answer.status, answer.code], [413, 'REQUEST_TOO_LARGE'])
  }
  const huge = await exchange(server.port, 'POST /api/voice/token HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n')
  assert.equal(huge.status, 413)
  assert.ok((await memory(server)) - kb < 2048)
  const deep = await ask(`{"x":${'['.repeat(7000)}${']'.repeat(7000)}}`)
  assert.deepEqual([deep.status, deep.code], [400, 'REQUEST_INVALID'])
})

test('names that are no names are left out, not repeated', async () => {
  const verifier = new TokenVerifier(KEY, SECRET)
  for (const name of ['x'.repeat(65), 'a\nb', 'a\u0000b', '\u001b[31m', '', 7, null, { a: 1 }]) {
    const answer = await ask({ participant_name: name })
    if (answer.status === 400) continue // a NUL is no JSON that we read
    assert.equal((await verifier.verify(answer.token)).name ?? '', '', JSON.stringify(name))
  }
})

test('a Host that is none gives no address', async () => {
  for (const host of ['evil.example/path', 'a b', 'x@y', '"', '<script>']) {
    const answer = await exchange(server.port, `POST /api/voice/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\n\r\n{}`)
    assert.equal(answer.status, 400, host)
  }
  assert.ok((await counter(server, 'tokens_refused')) > 0)
})
