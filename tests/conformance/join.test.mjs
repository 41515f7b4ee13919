// join.test.mjs — /rtc, /rtc/v1 and …/validate: the statuses and texts LiveKit's clients expect, on whichever
// worker the room lives.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import WebSocket from 'ws'
import { createHmac } from 'node:crypto'
import { KEY, SECRET, start, token, until } from './lib/server.mjs'
import { Participant } from './lib/signal.mjs'

let server
before(async () => (server = await start({ workers: 3 })))
after(async () => assert.equal(await server.stop(), 0, server.log))

const validate = async (query, headers = {}, path = '/rtc/validate') => {
  const answer = await server.get(`${path}?${query}`, { headers })
  assert.match(answer.headers.get('content-type'), /^text\/plain/)
  return [answer.status, await answer.text()]
}
const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const sign = (header, payload, secret = SECRET) => {
  const body = `${encode(header)}.${encode(payload)}`
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}
const now = Math.floor(Date.now() / 1000)
const grant = { iss: KEY, sub: 'me', exp: now + 600, video: { roomJoin: true, room: 'r' } }
const HS256 = { alg: 'HS256', typ: 'JWT' }

test('a good token validates, in the query and in the header', async () => {
  const jwt = await token('validated')
  assert.deepEqual(await validate(`access_token=${jwt}`), [200, 'success'])
  assert.deepEqual(await validate('', { authorization: `Bearer ${jwt}` }), [200, 'success'])
})

test('refusals have LiveKit\'s words', async () => {
  assert.deepEqual(await validate(''), [401, 'no permissions to access the room'])
  assert.deepEqual(await validate('', { authorization: 'bearer x' }), [401, 'invalid authorization header. Must start with Bearer '])
  assert.deepEqual(await validate('access_token=nonsense'), [401, 'invalid authorization token'])
  assert.deepEqual(await validate(`access_token=${await token('r', 'me', {}, { key: 'other' })}`), [401, 'invalid API key'])
  assert.deepEqual(await validate(`access_token=${await token('r', 'me', { roomJoin: false })}`), [401, 'permissions denied'])
  assert.deepEqual(await validate(`access_token=${await token('')}`), [400, 'no room name'])
  assert.deepEqual(await validate(`access_token=${await token('r')}`, {}, '/rtc/v1/validate'), [400, 'join_request is required'])
  assert.deepEqual(
    await validate(`access_token=${await token('r')}&join_request=%25%25`, {}, '/rtc/v1/validate'),
    [400, 'cannot base64 decode wrapped join request'],
  )
})

const hostile = {
  'alg none': `${encode({ alg: 'none' })}.${encode(grant)}.`,
  'alg none, signed': sign({ alg: 'none' }, grant),
  'alg HS512': sign({ alg: 'HS512' }, grant),
  'alg RS256': sign({ alg: 'RS256' }, grant),
  'a wrong secret': sign(HS256, grant, 'x'.repeat(40)),
  'no expiry': sign(HS256, { ...grant, exp: undefined }),
  expired: sign(HS256, { ...grant, exp: now - 100 }),
  'not yet valid': sign(HS256, { ...grant, nbf: now + 1000 }),
  'an expiry in words': sign(HS256, { ...grant, exp: 'tomorrow' }),
  'a changed payload': sign(HS256, grant).replace(/\.[^.]+\./, `.${encode({ ...grant, sub: 'you' })}.`),
  'four parts': `${sign(HS256, grant)}.x`,
  'no signature': sign(HS256, grant).replace(/[^.]+$/, ''),
  'a kilometre': 'e'.repeat(20_000),
}
for (const [name, jwt] of Object.entries(hostile))
  test(`hostile token refused: ${name}`, async () => {
    const [status, text] = await validate(`access_token=${jwt}`)
    assert.equal(status, 401, text)
    assert.ok(!text.includes(jwt), 'the refusal repeats the token')
  })

const open = (path, headers) =>
  new Promise((done) => {
    const socket = new WebSocket(server.url.replace('http', 'ws') + path, { headers })
    const frames = []
    socket.on('message', (data, binary) => frames.push({ data, binary }))
    socket.on('open', () => done({ socket, frames }))
    socket.on('unexpected-response', (_, answer) => {
      let body = ''
      answer.on('data', (data) => (body += data))
      answer.on('end', () => done({ status: answer.statusCode, body, headers: answer.headers }))
    })
    socket.on('error', () => {})
  })

test('joins reach the worker that owns the room, whichever accepted them', async () => {
  const joined = []
  for (let i = 0; i < 24; i++) {
    const call = await open(`/rtc?access_token=${await token(`room-${i % 12}`, `person-${i}`)}&protocol=16&auto_subscribe=1`)
    assert.equal(call.status, undefined, call.body)
    joined.push(call)
  }
  // The first message is the JoinResponse (field 1 of SignalResponse).
  for (const call of joined) {
    await until(() => call.frames.length > 0, 'a first message')
    assert.equal(call.frames[0].binary, true)
    assert.equal(call.frames[0].data[0], 0x0a)
  }
  const metrics = async () => (await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)).text()
  const perWorker = (text, what) => [...text.matchAll(new RegExp(`^offhook_${what}\\{worker="\\d"\\} (\\d+)$`, 'gm'))].map((m) => Number(m[1]))
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0)
  await until(async () => sum(perWorker(await metrics(), 'participants')) === 24, '24 participants in the metrics')
  const rooms = perWorker(await metrics(), 'rooms')
  assert.equal(rooms.length, 3)
  assert.ok(sum(rooms) >= 12)
  assert.ok(rooms.filter((count) => count > 0).length >= 2, `all rooms on one worker: ${rooms}`)
  for (const { socket } of joined) socket.close(3000)
  await Promise.all(joined.map(({ socket }) => until(() => socket.readyState === WebSocket.CLOSED, 'the close')))
})

test('only Go clients are offered that we are the DTLS server: browsers want the choice, pion would take it', async () => {
  for (const [sdk, setup] of [['go', 'passive'], ['js', 'actpass'], ['', 'actpass']]) {
    const p = await Participant.join(server, `setup-${sdk}`, 'x', { query: `protocol=16&auto_subscribe=1&sdk=${sdk}` })
    const { sdp } = (await p.next('offer')).value
    assert.deepEqual([...new Set(sdp.match(/a=setup:.*(?=\r)/g))], [`a=setup:${setup}`], sdk)
    await p.leave()
  }
})

test('the upgrade is refused before the 101, with status and text', async () => {
  const refused = await open('/rtc?access_token=nonsense', { origin: 'https://any.example' })
  assert.equal(refused.status, 401)
  assert.equal(refused.body, 'invalid authorization token')
  assert.equal(refused.headers['access-control-allow-origin'], 'https://any.example')
  assert.equal((await open(`/rtc/v1?access_token=${await token('r')}`)).status, 400)
  const plain = await server.get(`/rtc?access_token=${await token('r')}`)
  assert.deepEqual([plain.status, await plain.text()], [404, ''])
})

test('a socket that sends nonsense is closed, the server lives', async () => {
  const call = await open(`/rtc?access_token=${await token('nonsense')}&protocol=16`)
  call.socket.send(Buffer.alloc(1000, 0xff))
  await until(() => call.socket.readyState === WebSocket.CLOSED, 'the close')
  assert.equal((await server.get('/healthz')).status, 200)
})

test('no token is ever in the log', async () => {
  assert.doesNotMatch(server.log, /eyJ/)
})
