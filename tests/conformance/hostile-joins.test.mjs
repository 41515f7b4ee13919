// hostile-joins.test.mjs — what strangers may send to /rtc, /rtc/v1 and both …/validate: each request gets
// exactly the status and the plain text LiveKit's clients know, readable by a page of any origin; the server
// lives on and does not grow.
import assert from 'node:assert/strict'
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ClientInfo, ConnectionSettings, JoinRequest, WrappedJoinRequest, WrappedJoinRequest_Compression as Compression } from '@livekit/protocol'
import { KEY, SECRET, start } from './lib/server.mjs'
import { KEY_FIELDS, UPGRADE, counter, exchange, memory } from './lib/probe.mjs'

const ORIGIN = 'https://stranger.example'
const OTHER_KEY = 'APIother'
const OTHER_SECRET = 'another-secret-of-more-than-thirty-two-bytes'
const PATHS = ['/rtc', '/rtc/v1', '/rtc/validate', '/rtc/v1/validate']

let server
before(async () => {
  server = await start({ env: { LIVEKIT_KEYS: `${KEY}: ${SECRET}\n${OTHER_KEY}: ${OTHER_SECRET}` }, workers: 2 })
})
after(async () => {
  assert.equal(await server.stop(), 0, server.log)
  assert.equal(server.log.includes(SECRET) || server.log.includes('eyJ'), false, 'a secret in the log')
})

// ---- tokens
const b64 = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url')
const hmac = (text, secret = SECRET, hash = 'sha256') => createHmac(hash, secret).update(text).digest('base64url')
const sign = (header, payload, secret, hash) => {
  const text = `${b64(header)}.${b64(payload)}`
  return `${text}.${hmac(text, secret, hash)}`
}
const HS256 = { alg: 'HS256', typ: 'JWT' }
const now = Math.floor(Date.now() / 1000)
const good = { iss: KEY, sub: 'me', nbf: now - 5, exp: now + 600, video: { roomJoin: true, room: 'r' } }
const changed = (more, video) => ({ ...good, ...more, video: { ...good.video, ...video } })
const jwt = (more, video) => sign(HS256, changed(more, video))

// ---- join requests
const wrap = (bytes, compression = Compression.NONE) =>
  Buffer.from(new WrappedJoinRequest({ compression, joinRequest: bytes }).toBinary()).toString('base64url')
const join = (fields = {}) =>
  wrap(new JoinRequest({ clientInfo: new ClientInfo({ sdk: 1, protocol: 17 }), connectionSettings: new ConnectionSettings({ autoSubscribe: true }), ...fields }).toBinary())
const isV1 = (path) => path.startsWith('/rtc/v1')
const isValidate = (path) => path.endsWith('/validate')

function ask(path, { token, query = '', fields = '', joinRequest = join(), version = '1.1', method = 'GET', upgrade = UPGRADE } = {}) {
  const pairs = [query]
  if (token !== undefined) pairs.push(`access_token=${token}`)
  if (isV1(path) && joinRequest !== null) pairs.push(`join_request=${joinRequest}`)
  const head = `${method} ${path}?${pairs.filter(Boolean).join('&')} HTTP/${version}\r\nHost: call.example\r\nOrigin: ${ORIGIN}\r\n${fields}`
  return exchange(server.port, Buffer.from(`${head}${isValidate(path) ? '' : upgrade}\r\n`, 'latin1'))
}

async function refused(path, request, status, body) {
  const answer = await ask(path, request)
  assert.deepEqual([answer.status, answer.body], [status, body], path)
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8', path)
  assert.equal(answer.headers['access-control-allow-origin'], ORIGIN, path)
  assert.equal(answer.headers['access-control-expose-headers'], '*', path)
  return answer
}
const refusedEverywhere = async (request, status, body) => {
  for (const path of PATHS) await refused(path, request, status, body)
}

test('the same request with nothing wrong is let in on all four paths', async () => {
  for (const path of PATHS) {
    const answer = await ask(path, { token: jwt() })
    assert.deepEqual([answer.status, isValidate(path) ? answer.body : ''], isValidate(path) ? [200, 'success'] : [101, ''], path)
    assert.equal(answer.headers['access-control-allow-origin'], ORIGIN)
    const header = await ask(path, { fields: `Authorization: Bearer ${jwt()}\r\n` })
    assert.equal(header.status, isValidate(path) ? 200 : 101)
  }
})

// ---- tokens that are none: [what, the token, the text]
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsaSigned = (header) => {
  const text = `${b64(header)}.${b64(good)}`
  return `${text}.${createSign('sha256').update(text).sign(privateKey, 'base64url')}`
}
const INVALID = 'invalid authorization token'
const ALGORITHM = `${INVALID}: unexpected signature algorithm`
const HEADER = `${INVALID}: unexpected header parameter`
const SIGNATURE = `${INVALID}: signature is wrong`
const plain = jwt()
const [head, payload, mac] = plain.split('.')
const flipped = `${head}.${payload}.${mac[0] === 'A' ? 'B' : 'A'}${mac.slice(1)}`
const raw = (json) => sign(HS256, json)
const text = JSON.stringify(good).slice(1)
const tokens = {
  'alg none': [`${b64({ alg: 'none', typ: 'JWT' })}.${payload}.`, ALGORITHM],
  'alg None, no typ': [`${b64({ alg: 'None' })}.${payload}.`, ALGORITHM],
  'alg nOnE, signed': [sign({ alg: 'nOnE' }, good), ALGORITHM],
  'alg empty': [sign({ alg: '' }, good), ALGORITHM],
  'alg null': [sign({ alg: null }, good), ALGORITHM],
  'alg a list': [sign({ alg: ['HS256'] }, good), ALGORITHM],
  'alg in lower case': [sign({ alg: 'hs256' }, good), ALGORITHM],
  'alg twice': [`${b64('{"alg":"none","alg":"HS256"}')}.${payload}.${mac}`, INVALID],
  'no alg': [sign({ typ: 'JWT' }, good), `${INVALID}: no signature algorithm`],
  'HS384': [sign({ alg: 'HS384' }, good, SECRET, 'sha384'), ALGORITHM],
  'HS512': [sign({ alg: 'HS512' }, good, SECRET, 'sha512'), ALGORITHM],
  'RS256, signed by an RSA key': [rsaSigned({ alg: 'RS256', typ: 'JWT' }), ALGORITHM],
  'RS256 in the header, HMAC by the secret': [sign({ alg: 'RS256', typ: 'JWT' }, good), ALGORITHM],
  'HS256 in the header, RSA signature': [rsaSigned(HS256), SIGNATURE],
  'PS256': [sign({ alg: 'PS256' }, good), ALGORITHM],
  'ES256': [sign({ alg: 'ES256' }, good), ALGORITHM],
  'EdDSA': [sign({ alg: 'EdDSA' }, good), ALGORITHM],
  'its own key (jwk)': [sign({ ...HS256, jwk: { kty: 'oct', k: b64('k'.repeat(32)) } }, good, 'k'.repeat(32)), HEADER],
  'a key from elsewhere (jku)': [sign({ ...HS256, jku: 'http://127.0.0.1/keys' }, good), HEADER],
  'a certificate from elsewhere (x5u)': [sign({ ...HS256, x5u: 'file:///etc/passwd' }, good), HEADER],
  'its own certificate (x5c)': [sign({ ...HS256, x5c: ['AAAA'] }, good), HEADER],
  'critical extensions (crit)': [sign({ ...HS256, crit: ['b64'], b64: false }, good), HEADER],
  'compressed (zip)': [sign({ ...HS256, zip: 'DEF' }, good), HEADER],
  'a key id that is an essay': [sign({ ...HS256, kid: '../'.repeat(30) }, good), `${INVALID}: unexpected key id`],
  'a key id that is an object': [sign({ ...HS256, kid: { $gt: '' } }, good), `${INVALID}: unexpected key id`],
  'another type': [sign({ alg: 'HS256', typ: 'at+jwt' }, good), `${INVALID}: unexpected token type`],
  'an unknown key': [sign(HS256, changed({ iss: 'APInobody' })), 'invalid API key'],
  'no key': [sign(HS256, changed({ iss: undefined })), 'invalid API key'],
  'a key that is a list': [sign(HS256, changed({ iss: [KEY] })), 'invalid API key'],
  'the other key\'s secret': [sign(HS256, good, OTHER_SECRET), SIGNATURE],
  'this key\'s secret under the other\'s name': [sign(HS256, changed({ iss: OTHER_KEY })), SIGNATURE],
  'an empty secret': [sign(HS256, good, ''), SIGNATURE],
  'a NUL behind the key': [sign(HS256, changed({ iss: `${KEY}\0` })), INVALID],
  'no signature': [`${head}.${payload}.`, SIGNATURE],
  'half a signature': [`${head}.${payload}.${mac.slice(0, 22)}`, SIGNATURE],
  'one bit changed': [flipped, SIGNATURE],
  'a signature in hexadecimal': [`${head}.${payload}.${createHmac('sha256', SECRET).update(`${head}.${payload}`).digest('hex')}`, SIGNATURE],
  'a padded signature': [`${plain}%3D`, SIGNATURE],
  'a changed payload': [`${head}.${b64(changed({ sub: 'you' }))}.${mac}`, SIGNATURE],
  'a changed header': [`${b64({ alg: 'HS256' })}.${payload}.${mac}`, SIGNATURE],
  'one part': ['nonsense', INVALID],
  'two parts': [`${head}.${payload}`, INVALID],
  'four parts': [`${plain}.x`, INVALID],
  'five parts, as an encrypted one has': ['a.b.c.d.e', INVALID],
  'dots only': ['..', INVALID],
  'a blank in front': [`%20${plain}`, INVALID],
  'a line feed behind': [`${plain}%0A`, SIGNATURE],
  'a payload that is a list': [raw('[]'), INVALID],
  'a payload that is no JSON': [raw('{'), INVALID],
  'a payload with a tail': [raw(`${JSON.stringify(good)}x`), INVALID],
  'a payload that is not UTF-8': [raw(Buffer.concat([Buffer.from('{"sub":"'), Buffer.from([0xff, 0xfe]), Buffer.from(`",${text.slice(text.indexOf('"nbf"'))}`)])), INVALID],
  'a lone surrogate': [raw(`{"name":"\\ud800",${text}`), INVALID],
  'a NUL in the identity': [jwt({ sub: 'me\0admin' }), INVALID],
  'a NUL in the room': [jwt({}, { room: 'r\0s' }), INVALID],
  'the same claim twice': [raw(`{"sub":"a",${text}`), INVALID],
  'very deep': [raw(`{"x":${'['.repeat(2500)}${']'.repeat(2500)},${text}`), INVALID],
  'a number beyond all': [raw(`{"x":1e999,${text}`), INVALID],
  'no expiry': [jwt({ exp: undefined }), `${INVALID}: token has no expiry (exp)`],
  'an expiry of null': [jwt({ exp: null }), `${INVALID}: token has no expiry (exp)`],
  'expired': [jwt({ exp: now - 100 }), `${INVALID}: token is expired (exp)`],
  'expired in 1970': [jwt({ exp: 0 }), `${INVALID}: token is expired (exp)`],
  'an expiry before time': [jwt({ exp: -1 }), INVALID],
  'an expiry in words': [jwt({ exp: 'tomorrow' }), INVALID],
  'an expiry in digits, quoted': [jwt({ exp: `${now + 600}` }), INVALID],
  'an expiry after the sun': [raw(`{"exp":1e300,${text.replace(/"exp":\d+,/, '')}`), INVALID],
  'not valid yet': [jwt({ nbf: now + 1000 }), `${INVALID}: token not valid yet (nbf)`],
  'issued in the future': [jwt({ iat: now + 1000 }), `${INVALID}: token issued in the future (iat)`],
  'a true in words': [jwt({}, { roomJoin: 'true' }), INVALID],
  'a true in digits': [jwt({}, { roomJoin: 1 }), INVALID],
  'a grant that is a list': [sign(HS256, { ...good, video: [] }), INVALID],
  'an identity that is an object': [jwt({ sub: { a: 1 } }), INVALID],
  'a room that is a number': [jwt({}, { room: 7 }), INVALID],
  'sources that are no list': [jwt({}, { canPublishSources: 'microphone' }), INVALID],
  'attributes that are no strings': [jwt({ attributes: { a: 1 } }), INVALID],
  'more than 8 KB': [jwt({ metadata: 'm'.repeat(7000) }), INVALID],
  'an empty secret\'s favourite': [sign({ alg: 'HS256', typ: 'JWT', kid: '/dev/null' }, good, '\0'), SIGNATURE],
}
for (const [what, [token, body]] of Object.entries(tokens)) test(`token refused: ${what}`, () => refusedEverywhere({ token }, 401, body))

test('the header is the first word: a bad one is not saved by a good query, nor the other way round', async () => {
  for (const word of ['bearer', 'Bearer', 'Basic', 'Bearer\t', 'BEARER'])
    await refusedEverywhere({ token: plain, fields: `Authorization: ${word}${word === 'Bearer' ? '' : ` ${plain}`}\r\n` }, 401, 'invalid authorization header. Must start with Bearer ')
  await refusedEverywhere({ token: plain, fields: `Authorization: Bearer ${flipped}\r\n` }, 401, SIGNATURE)
  await refusedEverywhere({ token: plain, fields: 'Authorization: Bearer  x\r\n' }, 401, INVALID)
})

test('the first of two tokens counts', async () => {
  await refusedEverywhere({ query: `access_token=${flipped}&access_token=${plain}` }, 401, SIGNATURE)
})

// ---- tokens that are good but grant too little or name too much
const N = 'no permissions to access the room'
const LONG = 'length exceeds limits: max length 256'
const grants = {
  'no token': [undefined, 401, N],
  'an empty token': ['', 401, N],
  'no grant': [sign(HS256, { ...good, video: undefined }), 401, N],
  'a grant for something else': [jwt({}, { roomJoin: false, roomAdmin: true, roomCreate: true }), 401, 'permissions denied'],
  'no identity': [jwt({ sub: undefined }), 400, 'identity cannot be empty'],
  'an identity of 257 bytes': [jwt({ sub: 'i'.repeat(257) }), 400, `participant identity ${LONG}`],
  'an identity of 257 bytes, 129 characters': [jwt({ sub: `${'é'.repeat(128)}x` }), 400, `participant identity ${LONG}`],
  'no room': [jwt({}, { room: undefined }), 400, 'no room name'],
  'an empty room': [jwt({}, { room: '' }), 400, 'no room name'],
  'a room of 257 bytes': [jwt({}, { room: 'r'.repeat(257) }), 400, `room name ${LONG}`],
  'a name of 257 bytes': [jwt({ name: 'n'.repeat(257) }), 400, `participant name ${LONG}`],
}
for (const [what, [token, status, body]] of Object.entries(grants)) test(`grant refused: ${what}`, () => refusedEverywhere({ token }, status, body))

test('the room is the token\'s: one in the query is not looked at', async () => {
  await refusedEverywhere({ token: jwt({}, { room: '' }), query: 'room=r' }, 400, 'no room name')
})

test('the old publish parameter needs the right to publish', async () => {
  await refusedEverywhere({ token: jwt({}, { canPublish: false }), query: 'publish=x' }, 401, N)
  await refusedEverywhere({ token: plain, query: `publish=${'p'.repeat(300)}` }, 400, `participant identity ${LONG}`)
})

test('a missing room is 404 where rooms are not made by joining', async () => {
  const strict = await start({ args: ['--room-auto-create', 'false'] })
  try {
    for (const path of PATHS) {
      const query = `access_token=${plain}${isV1(path) ? `&join_request=${join()}` : ''}`
      const answer = await exchange(strict.port, `GET ${path}?${query} HTTP/1.1\r\nHost: x\r\n${isValidate(path) ? '' : UPGRADE}\r\n`)
      assert.deepEqual([answer.status, answer.body], [404, 'requested room does not exist'], path)
    }
  } finally {
    assert.equal(await strict.stop(), 0)
  }
})

// ---- join requests
const V1 = ['/rtc/v1', '/rtc/v1/validate']
const MIB = 1 << 20
const member = jwt({}, { canUpdateOwnMetadata: true })
const gzipped = (bytes) => wrap(gzipSync(bytes, { level: 9 }), Compression.GZIP)
const bomb = gzipped(Buffer.alloc(40 * MIB)) // 40 KB on the wire
const nested = gzipped(gzipSync(Buffer.alloc(10 * MIB)))
const broken = gzipSync(new JoinRequest({ metadata: 'x'.repeat(1000) }).toBinary())
const invalidText = Buffer.from([0x1a, 2, 0xff, 0xfe]) // metadata(3) = FF FE
const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes])
function varint(n) {
  const out = []
  for (; n > 127; n = Math.floor(n / 128)) out.push((n & 127) | 128)
  return [...out, n]
}
const WRAPPED = 'cannot unmarshal wrapped join request'
const INNER = 'cannot unmarshal join request'
const GZIP = 'cannot read decompressed join request'
const requests = {
  'missing': [null, 'join_request is required'],
  'empty': ['', 'join_request is required'],
  'not base64': ['%25%25%25', 'cannot base64 decode wrapped join request'],
  'base64 with a hole': [`${join().slice(0, 8)}!${join().slice(9)}`, 'cannot base64 decode wrapped join request'],
  'one character': ['A', 'cannot base64 decode wrapped join request'],
  'no protobuf': [b64('\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'), WRAPPED],
  'a length beyond the end': [b64(Buffer.from([0x12, 0x7f, 1])), WRAPPED],
  'a length of 4 GB': [b64(Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f])), WRAPPED],
  'an endless number': [b64(Buffer.alloc(64, 0xff)), WRAPPED],
  'a group': [b64(Buffer.from([0x13, 0x14])), WRAPPED],
  'broken inside': [wrap(Buffer.from([0x0a, 0x7f])), INNER],
  'half a million empty tracks': [gzipped(Buffer.alloc(MIB, Buffer.from([0x2a, 0]))), INNER],
  'text that is not UTF-8': [wrap(invalidText), INNER],
  'an SDP that is not UTF-8': [wrap(field(6, field(2, Buffer.from([0xc0, 0x80])))), INNER],
  'gzip that is none': [wrap(Buffer.from('this is not gzip'), Compression.GZIP), GZIP],
  'gzip with its end cut off': [wrap(broken.subarray(0, broken.length - 9), Compression.GZIP), GZIP],
  'gzip with a wrong checksum': [wrap(Buffer.concat([broken.subarray(0, -8), Buffer.alloc(8)]), Compression.GZIP), GZIP],
  'gzip with a tail': [wrap(Buffer.concat([broken, Buffer.from('tail')]), Compression.GZIP), GZIP],
  'zlib instead of gzip': [wrap(Buffer.from('789c030000000001', 'hex'), Compression.GZIP), GZIP],
  'a gzip bomb of 40 MB': [bomb, 'join request too large'],
  'a byte more than 1 MB': [gzipped(Buffer.alloc(MIB + 1)), 'join request too large'],
  'a bomb in a bomb': [nested, INNER],
}
for (const [what, [joinRequest, body]] of Object.entries(requests))
  test(`join request refused: ${what}`, async () => {
    for (const path of V1) await refused(path, { token: plain, joinRequest }, 400, body)
    // Its presence, not the path, selects the manners of v1.
    if (joinRequest) await refused('/rtc/validate', { token: plain, query: `join_request=${joinRequest}` }, 400, body)
  })

test('what a client says about itself needs the right to say it, and has limits', async () => {
  const asks = async (fields, token, status, body) => {
    const joinRequest = gzipped(new JoinRequest(fields).toBinary())
    for (const path of V1) await refused(path, { token, joinRequest }, status, body)
  }
  await asks({ metadata: 'm' }, plain, 401, N)
  await asks({ participantAttributes: { a: 'b' } }, plain, 401, N)
  await asks({ metadata: 'm'.repeat(MIB - 100) }, plain, 401, N)
  await asks({ metadata: 'm'.repeat(MIB - 100) }, member, 400, 'metadata exceeds limits')
  await asks({ participantAttributes: { a: 'b'.repeat(MIB - 100) } }, member, 400, 'attribute size exceeds limits')
  await asks({ participantAttributes: { ['k'.repeat(MIB - 100)]: 'v' } }, member, 400, 'attribute size exceeds limits')
  const many = Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`k${i}`, 'v']))
  await asks({ participantAttributes: many }, member, 400, 'attribute size exceeds limits')
})

test('names of 1 MB that need no right are cut, not kept', async () => {
  const clientInfo = new ClientInfo({ version: 'v'.repeat(200_000), os: 'o'.repeat(200_000), browser: 'b'.repeat(200_000), deviceModel: 'd'.repeat(200_000), network: 'n'.repeat(200_000) })
  const joinRequest = gzipped(new JoinRequest({ clientInfo, participantSid: 's'.repeat(40_000) }).toBinary())
  assert.equal((await ask('/rtc/v1/validate', { token: plain, joinRequest })).status, 200)
  assert.equal((await ask('/rtc/v1', { token: plain, joinRequest })).status, 101)
})

test('attributes of v0: a bad value is 400 on validate and not looked at on the socket', async () => {
  for (const bad of ['%25%25', b64('[]'), b64('{"a":1}'), b64('{"a":"b","a":"c"}'), b64('{')]) {
    await refused('/rtc/validate', { token: plain, query: `attributes=${bad}` }, 400, 'cannot decode attributes')
    assert.equal((await ask('/rtc', { token: plain, query: `attributes=${bad}` })).status, 101)
  }
  for (const path of ['/rtc', '/rtc/validate']) await refused(path, { token: plain, query: `attributes=${b64('{"a":"b"}')}` }, 401, N)
})

test('a query full of rubbish around a good token changes nothing', async () => {
  const rubbish = `&&&=&==&%&%zz=%zz&protocol=99999999999999999999&sdk=%ff%fe&version=%00&os=${'o'.repeat(5000)}&auto_subscribe=maybe&capabilities=,,,x,&sid=${'s'.repeat(500)}&client_protocol=-1`
  for (const path of PATHS) assert.equal((await ask(path, { token: plain, query: rubbish })).status, isValidate(path) ? 200 : 101, path)
})

// ---- HTTP
test('no upgrade, no socket: 404 without a body', async () => {
  for (const path of ['/rtc', '/rtc/v1']) {
    await refused(path, { token: plain, upgrade: '' }, 404, '')
    await refused(path, { token: plain, upgrade: `Connection: Upgrade\r\nUpgrade: h2c\r\n` }, 404, '')
    await refused(path, { token: plain, upgrade: `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY_FIELDS}` }, 404, '')
    await refused(path, { token: plain, version: '1.0' }, 404, '')
    // The token comes first, as in LiveKit's middleware: a page must read why.
    await refused(path, { token: flipped, upgrade: '' }, 401, SIGNATURE)
  }
})

test('an upgrade that is not version 13, or has no proper key', async () => {
  for (const path of ['/rtc', '/rtc/v1']) {
    for (const version of ['12', '8', '013', '13, 8', ''])
      assert.equal((await ask(path, { token: plain, upgrade: `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: ${version}\r\n${KEY_FIELDS}` })).headers['sec-websocket-version'], '13', version)
    for (const key of ['', 'Sec-WebSocket-Key: short\r\n', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n', `Sec-WebSocket-Key: ${'A'.repeat(1000)}\r\n`]) {
      const answer = await ask(path, { token: plain, upgrade: `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${key}` })
      assert.equal(answer.status, 400)
      assert.equal(answer.headers['access-control-allow-origin'], ORIGIN)
    }
    assert.equal((await ask(path, { token: plain, method: 'POST' })).status, 405)
  }
})

test('lines and heads beyond their limits', async () => {
  for (const path of PATHS) {
    assert.equal((await ask(path, { token: plain, query: `x=${'x'.repeat(40_000)}` })).status, isValidate(path) ? 200 : 101, 'a line of 40 KB is normal')
    assert.equal((await ask(path, { token: plain, query: `x=${'x'.repeat(MIB)}` })).status, 414)
    assert.equal((await ask(path, { token: plain, fields: `X-Name: ${'x'.repeat(MIB)}\r\n` })).status, 431)
    assert.equal((await ask(path, { token: plain, fields: 'X: y\r\n'.repeat(120) })).status, 431)
    assert.equal((await ask(path, { token: plain, fields: 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n' })).status, 400)
    assert.equal((await ask(path, { token: plain, version: '2.0' })).status, 505)
  }
})

test('any origin may ask: the token decides, and the answer names the asker', async () => {
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1', 'chrome-extension://abc']) {
    const answer = await exchange(server.port, `GET /rtc?access_token=${plain} HTTP/1.1\r\nHost: x\r\nOrigin: ${origin}\r\n${UPGRADE}\r\n`)
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [101, origin])
  }
  const none = await exchange(server.port, `GET /rtc/validate?access_token=${flipped} HTTP/1.1\r\nHost: x\r\n\r\n`)
  assert.deepEqual([none.status, none.headers['access-control-allow-origin']], [401, '*'])
})

test('refusals are counted, nobody stays, and the memory stays', async () => {
  const storm = async () => {
    for (let i = 0; i < 15; i++)
      await Promise.all([
        ...V1.map((path) => ask(path, { token: plain, joinRequest: bomb })),
        ...V1.map((path) => ask(path, { token: plain, joinRequest: requests['half a million empty tracks'][0] })),
        ...PATHS.map((path) => ask(path, { token: tokens['very deep'][0] })),
        ...PATHS.map((path) => ask(path, { token: plain, query: `x=${'x'.repeat(MIB)}` })),
        ...V1.map((path) => ask(path, { token: member, joinRequest: gzipped(new JoinRequest({ metadata: 'm'.repeat(MIB - 100) }).toBinary()) })),
      ])
  }
  await storm()
  const refusedBefore = await counter(server, 'joins_refused')
  const kb = await memory(server)
  await storm()
  await storm()
  assert.equal((await counter(server, 'joins_refused')) - refusedBefore, 2 * 15 * 10)
  const grown = (await memory(server)) - kb
  assert.ok(grown <= 2048, `grew by ${grown} KB`)
  assert.equal((await server.get('/healthz')).status, 200)
})
