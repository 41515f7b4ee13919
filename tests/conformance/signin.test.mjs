// signin.test.mjs — who may call: Clerk sessions, OpenID tokens and identities that a site signs, against the real binary
// and identity providers that work, lie, hang, or are not there.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { TokenVerifier } from 'livekit-server-sdk'
import { base64url, makeKey, publishableKey, signHmac, signJwt, startIssuer } from './lib/issuer.mjs'
import { counter } from './lib/probe.mjs'
import { KEY, SECRET, start, until } from './lib/server.mjs'

const SHOP = 'https://shop.example'
const SIGNED = 'the secret of the site, 32 letters or more'
const now = () => Math.floor(Date.now() / 1000)
const verifier = new TokenVerifier(KEY, SECRET)
const opened = []
const servers = []
const issue = async (options) => {
  const issuer = await startIssuer(options)
  opened.push(issuer)
  return issuer
}

const serve = async (voice, more = {}) => {
  const config = { keys: { [KEY]: SECRET }, voice: { per_address_budget: 0, ...voice }, ...more }
  for (const site of Object.values(voice.sites ?? {})) site.per_address_budget = 0
  const started = await start({ env: { LIVEKIT_CONFIG: JSON.stringify(config) }, args: ['--limit-connections-per-address', '5000'] })
  servers.push(started)
  return started
}

// One token request: { status, code, body, headers, claims }.
const ask = async (to, { site, bearer, identity, origin, authorization, body = {} } = {}) => {
  const headers = { ...(bearer ? { authorization: `Bearer ${bearer}` } : {}), ...(authorization ? { authorization } : {}) }
  if (origin) headers.origin = origin
  const answer = await to.post('/api/voice/token', JSON.stringify({ ...body, site, identity }), headers)
  const json = await answer.json()
  const claims = answer.status === 200 ? await verifier.verify(json.token) : undefined
  return { status: answer.status, code: json.code, body: json, headers: answer.headers, claims }
}
const refused = (answer, status, code, what) => assert.deepEqual([answer.status, answer.code], [status, code], what)

let server, clerk, pem, oidc
before(async () => {
  clerk = await issue()
  oidc = await issue({ alg: 'ES256' })
  pem = makeKey()
  server = await serve({
    auth: 'clerk',
    clerk: { issuer: clerk.url, authorized_parties: [SHOP] },
    allowed_origins: [SHOP, 'https://other.example'],
    sites: {
      own: { clerk: { issuer: clerk.url }, allowed_origins: [SHOP] },
      pem: { clerk: { jwt_key: pem.pem.trim().replaceAll('\n', '\\n'), publishable_key: publishableKey('clerk.shop.example') } },
      oidc: { oidc: { issuer: oidc.url, audience: ['voice', 'api://voice'] } },
      signed: { auth: 'signed', signed: { secret: SIGNED } },
      open: { auth: 'anonymous', signed: { secret: SIGNED } },
    },
  })
})
after(async () => {
  const left = servers.filter((one) => one !== server && one.child.exitCode === null)
  for (const { child } of left) child.kill('SIGKILL') // of a test that failed before its end
  const code = await server.stop()
  await Promise.all(opened.map((issuer) => issuer.close()))
  assert.equal(code, 0, server.log)
})

test('S17 S42 a Clerk session lets its user in, and the token says who it is', async () => {
  const answer = await ask(server, { bearer: clerk.clerkSession({ azp: SHOP, name: 'Ann Example' }), origin: SHOP })
  assert.equal(answer.status, 200)
  assert.equal(answer.claims.attributes['user.subject'], 'user_2xYz')
  assert.equal(answer.claims.name, 'Ann Example')
  assert.match(answer.claims.sub, /^visitor-[0-9a-f]{32}$/, 'the identity is made by the server, and names nobody')
  assert.equal(JSON.stringify(answer.claims).includes('sess_'), false)
})

test('S42 whoever is not signed in gets no call, and is told how to', async () => {
  const answer = await ask(server, { origin: SHOP })
  refused(answer, 401, 'AUTH_REQUIRED')
  assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="offhook"')
  assert.equal(answer.headers.get('access-control-allow-origin'), SHOP)
  assert.match(answer.headers.get('access-control-expose-headers'), /WWW-Authenticate/)
  const wrong = await ask(server, { bearer: 'x', origin: SHOP })
  assert.equal(wrong.headers.get('www-authenticate'), 'Bearer realm="offhook", error="invalid_token"')
  for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer ', `Token ${clerk.clerkSession({ azp: SHOP })}`])
    refused(await ask(server, { authorization }), 401, 'AUTH_REQUIRED', authorization)
  refused(await ask(server, { identity: signHmac(SIGNED, { sub: 'ann', exp: now() + 60 }) }), 401, 'AUTH_REQUIRED')
  const preflight = await server.get('/api/voice/token', { method: 'OPTIONS', headers: { origin: SHOP } })
  assert.match(preflight.headers.get('access-control-allow-headers'), /Authorization/)
  const invite = await server.post('/api/voice/invite', '{}')
  assert.equal(invite.status, 401)
})

test('S17 S42 sessions that are wrong in one place are refused', async () => {
  const good = clerk.clerkSession({ azp: SHOP })
  const [head, body, signature] = good.split('.')
  const stranger = makeKey('RS256', { kid: clerk.key.kid })
  const curve = makeKey('ES256', { kid: clerk.key.kid })
  const claims = clerk.clerkClaims({ azp: SHOP })
  const hmacText = `${base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: clerk.key.kid }))}.${base64url(JSON.stringify(claims))}`
  const hmac = `${hmacText}.${createHmac('sha256', clerk.pem).update(hmacText).digest('base64url')}`
  const cases = {
    'expired': [clerk.clerkSession({ azp: SHOP, exp: now() - 30 }), 401],
    'not yet valid': [clerk.clerkSession({ azp: SHOP, nbf: now() + 120 }), 401],
    'issued in the future': [clerk.clerkSession({ azp: SHOP, iat: now() + 120 }), 401],
    'no expiry': [clerk.clerkSession({ azp: SHOP, exp: undefined }), 401],
    'another issuer': [clerk.clerkSession({ azp: SHOP, iss: 'https://clerk.evil.test' }), 401],
    'no session: a template token': [clerk.clerkSession({ azp: SHOP, sid: undefined }), 401],
    'no subject': [clerk.clerkSession({ azp: SHOP, sub: undefined }), 401],
    'a pending session': [clerk.clerkSession({ azp: SHOP, sts: 'pending' }), 403],
    'of another page': [clerk.clerkSession({ azp: 'https://evil.test' }), 403],
    'of no page': [clerk.clerkSession({ azp: undefined }), 403],
    'alg none': [`${base64url('{"alg":"none"}')}.${body}.`, 401],
    'HS256 with the public key as secret': [hmac, 401],
    'signed by a stranger under the same kid': [signJwt(stranger, claims), 401],
    'a key of another kind under the same kid': [signJwt(curve, claims), 401],
    'a key in the header': [signJwt(stranger, claims, { jwk: stranger.jwk }), 401],
    'a critical extension': [clerk.clerkSession({ azp: SHOP }, { crit: ['exp'] }), 401],
    'another typ': [clerk.clerkSession({ azp: SHOP }, { typ: 'logout+jwt' }), 401],
    'payload exchanged': [`${head}.${base64url(JSON.stringify({ ...claims, sub: 'user_admin' }))}.${signature}`, 401],
    'two signatures': [`${good}.${signature}`, 401],
    'padding': [`${good}=`, 401],
    'too long': [clerk.clerkSession({ azp: SHOP, more: 'x'.repeat(9000) }), 401],
  }
  const fetched = clerk.requests.length
  for (const [what, [token, status]] of Object.entries(cases))
    refused(await ask(server, { bearer: token }), status, status === 401 ? 'AUTH_REQUIRED' : 'AUTH_FORBIDDEN', what)
  assert.equal((await ask(server, { bearer: good })).status, 200)
  assert.equal(clerk.requests.length, fetched, 'none of them was worth a fetch')
})

test('S42 without authorized parties a session has to be of a page that may call here', async () => {
  for (const [azp, status] of [[SHOP, 200], [server.url, 200], [undefined, 200], ['https://other.example', 403], ['https://evil.test', 403]])
    assert.equal((await ask(server, { site: 'own', bearer: clerk.clerkSession({ azp }) })).status, status, String(azp))
})

test('S42 a new key of the provider is fetched when a token names it, and that once a minute', async () => {
  const old = clerk.clerkSession({ azp: SHOP })
  const fetched = clerk.requests.length
  clerk.rotate()
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(server, { bearer: clerk.clerkSession({ azp: SHOP }) })))
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
  assert.equal(clerk.requests.length, fetched + 1, 'twenty waited for one request')
  refused(await ask(server, { bearer: old }), 401, 'AUTH_REQUIRED', 'the old key is gone')
  const current = clerk.clerkSession({ azp: SHOP })
  clerk.rotate()
  refused(await ask(server, { bearer: clerk.clerkSession({ azp: SHOP }) }), 401, 'AUTH_REQUIRED')
  for (let i = 0; i < 10; i++) await ask(server, { bearer: clerk.sign(clerk.clerkClaims({ azp: SHOP }), { kid: `made-up-${i}` }) })
  assert.equal(clerk.requests.length, fetched + 1, 'strangers cannot make us ask')
  assert.equal((await ask(server, { bearer: current })).status, 200)
})

test('S42 with CLERK_JWT_KEY nobody is asked', async () => {
  const claims = clerk.clerkClaims({ azp: server.url, iss: 'https://clerk.shop.example' })
  assert.equal((await ask(server, { site: 'pem', bearer: signJwt(pem, claims) })).status, 200)
  refused(await ask(server, { site: 'pem', bearer: signJwt(pem, { ...claims, iss: clerk.url }) }), 401, 'AUTH_REQUIRED', 'of another instance')
  refused(await ask(server, { site: 'pem', bearer: clerk.clerkSession({ azp: server.url }) }), 401, 'AUTH_REQUIRED', 'by another key')
})

test('S42 an OpenID provider is found by discovery; its tokens have to be for us', async () => {
  assert.deepEqual(oidc.requests.map((request) => request.path), ['/.well-known/openid-configuration', '/.well-known/jwks.json'])
  const answer = await ask(server, { site: 'oidc', bearer: oidc.idToken({ name: 'Bo', email: 'bo@example.org', email_verified: true }) })
  assert.equal(answer.status, 200)
  assert.equal(answer.claims.name, 'Bo')
  assert.deepEqual([answer.claims.attributes['user.subject'], answer.claims.attributes['user.email']], ['248289761001', 'bo@example.org'])
  assert.equal((await ask(server, { site: 'oidc', bearer: oidc.idToken({ aud: ['x', 'api://voice'] }, { typ: 'at+jwt' }) })).status, 200)
  const unproved = await ask(server, { site: 'oidc', bearer: oidc.idToken({ email: 'bo@example.org' }) })
  assert.equal(unproved.claims.attributes['user.email'], undefined)
  refused(await ask(server, { site: 'oidc', bearer: oidc.idToken({ aud: 'another' }) }), 403, 'AUTH_FORBIDDEN')
  refused(await ask(server, { site: 'oidc', bearer: oidc.idToken({ aud: undefined }) }), 403, 'AUTH_FORBIDDEN')
  refused(await ask(server, { site: 'oidc', bearer: oidc.idToken({ iss: clerk.url }) }), 401, 'AUTH_REQUIRED')
  refused(await ask(server, { site: 'oidc', bearer: clerk.clerkSession({ azp: SHOP }) }), 401, 'AUTH_REQUIRED')
})

test('P38 P33 an identity that the site signed is believed, one that a page made up is not', async () => {
  const claims = { sub: 'customer-7', name: 'Cy', exp: now() + 600, attributes: { plan: 'gold', email: 'cy@example.org' } }
  const answer = await ask(server, { site: 'signed', identity: signHmac(SIGNED, claims), body: { attributes: { plan: 'platinum' } } })
  assert.equal(answer.status, 200)
  const { attributes } = answer.claims
  assert.deepEqual(
    [attributes['user.subject'], attributes['user.plan'], attributes['user.email'], attributes['page.plan'], answer.claims.name],
    ['customer-7', 'gold', 'cy@example.org', 'platinum', 'Cy'],
  )
  assert.equal((await ask(server, { site: 'signed', bearer: signHmac(SIGNED, { ...claims, aud: 'signed' }) })).status, 200)
  const bad = {
    'nothing': [undefined, 401],
    'another secret': [signHmac('another secret that has 32 letters', claims), 401],
    'expired': [signHmac(SIGNED, { ...claims, exp: now() - 60 }), 401],
    'for ever': [signHmac(SIGNED, { ...claims, exp: now() + 25 * 3600 }), 401],
    'no expiry': [signHmac(SIGNED, { ...claims, exp: undefined }), 401],
    'no subject': [signHmac(SIGNED, { ...claims, sub: undefined }), 401],
    'for another site': [signHmac(SIGNED, { ...claims, aud: 'open' }), 403],
    'attributes that are none': [signHmac(SIGNED, { ...claims, attributes: { plan: 7 } }), 401],
    'too much of it': [signHmac(SIGNED, { ...claims, attributes: { plan: 'x'.repeat(513) } }), 401],
    'unsigned': [`${base64url('{"alg":"none"}')}.${base64url(JSON.stringify(claims))}.`, 401],
    'our own key': [signHmac(SECRET, { ...claims, iss: KEY }), 401],
  }
  for (const [what, [identity, status]] of Object.entries(bad)) assert.equal((await ask(server, { site: 'signed', identity })).status, status, what)
})

test('P38 where everybody may call, a signed identity is welcome, and a forged one is no anonymous visitor', async () => {
  const claims = { sub: 'customer-7', exp: now() + 600 }
  const anonymous = await ask(server, { site: 'open', body: { attributes: { 'user.subject': 'customer-7' } } })
  assert.equal(anonymous.status, 200)
  assert.equal(anonymous.claims.attributes['user.subject'], undefined)
  const known = await ask(server, { site: 'open', identity: signHmac(SIGNED, claims) })
  assert.equal(known.claims.attributes['user.subject'], 'customer-7')
  refused(await ask(server, { site: 'open', identity: signHmac('x'.repeat(40), claims) }), 401, 'AUTH_REQUIRED')
})

test('S41 S45 access tokens are made by the server alone, for one room and at most an hour', async () => {
  const session = signHmac(SIGNED, { sub: 'ann', exp: now() + 600 })
  const wish = { roomName: 'boardroom', identityName: 'ceo', ttl: '10 years', video: { roomAdmin: true }, participantName: 'Ann' }
  const { claims, body } = await ask(server, { site: 'signed', identity: session, body: wish })
  assert.ok(claims.exp - now() <= 3600 && claims.exp - now() > 3500)
  assert.match(claims.video.room, /^call-[0-9a-f]{32}$/)
  assert.equal(claims.video.roomAdmin, undefined)
  const validate = async (token) => (await server.get(`/rtc/validate?access_token=${token}`)).status
  assert.equal(await validate(body.token), 200)
  for (const token of [session, clerk.clerkSession({ azp: SHOP }), signHmac(SIGNED, { ...claims, iss: KEY })])
    assert.equal(await validate(token), 401, 'what somebody else signed is no access token')
  assert.equal(JSON.stringify(body).includes(SECRET) || JSON.stringify(body).includes(SIGNED), false)
})

test('S42 Clerk by publishable key alone: its host is asked for keys, over TLS that is checked', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'offhook-signin-'))
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')], { stdio: 'ignore' })
  const tls = { key: readFileSync(join(dir, 'key.pem')), cert: readFileSync(join(dir, 'cert.pem')) }
  const issuer = await issue({ tls, host: 'localhost' })
  const voice = { clerk: { publishable_key: publishableKey(`localhost:${issuer.port}`) } }
  const trusting = await serve(voice, { outbound: { ca_file: join(dir, 'cert.pem') } })
  assert.equal((await ask(trusting, { bearer: issuer.clerkSession({ azp: trusting.url }) })).status, 200)
  assert.equal(await trusting.stop(), 0, trusting.log)
  const careful = await serve(voice)
  refused(await ask(careful, { bearer: issuer.clerkSession({ azp: careful.url }) }), 503, 'AUTH_UNAVAILABLE')
  assert.match(careful.log, /could not be fetched.*certificate/)
  assert.equal(await careful.stop(), 0, careful.log)
  rmSync(dir, { recursive: true })
})

test('S42 providers that are down, broken, huge or lead elsewhere: 503 with Retry-After, and no harm', async () => {
  const issuers = {}
  for (const behaviour of ['cut', 'error', 'redirect', 'garbage', 'empty', 'huge']) {
    issuers[behaviour] = await issue()
    issuers[behaviour].behave(behaviour)
  }
  issuers.liar = await issue()
  issuers.liar.discovery = { issuer: 'https://accounts.evil.test' }
  issuers.pointer = await issue()
  issuers.pointer.discovery = { jwks_uri: 'http://169.254.169.254/latest/meta-data' }
  const sites = Object.fromEntries(Object.entries(issuers).map(([name, issuer]) =>
    [name, name === 'liar' || name === 'pointer' ? { oidc: { issuer: issuer.url, audience: ['voice'] } } : { clerk: { issuer: issuer.url } }]))
  const fragile = await serve({ sites })
  const memory = async () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${fragile.child.pid}/status`, 'utf8'))[1])
  const before = await memory()
  for (const [name, issuer] of Object.entries(issuers)) {
    const bearer = issuer.discovery ? issuer.idToken() : issuer.clerkSession({ azp: fragile.url })
    const answer = await ask(fragile, { site: name, bearer })
    refused(answer, 503, 'AUTH_UNAVAILABLE', name)
    assert.ok(Number(answer.headers.get('retry-after')) >= 1 && Number(answer.headers.get('retry-after')) <= 60, name)
    assert.equal((await ask(fragile, { site: name })).status, 401, 'who brings nothing is asked to sign in all the same')
  }
  assert.ok(!issuers.redirect.requests.some((request) => request.path === '/elsewhere'), 'a redirect is not followed')
  if (!process.env.ASAN_OPTIONS && !process.env.TSAN_OPTIONS) assert.ok((await memory()) - before < 16_000, 'a huge answer is cut')
  issuers.error.behave('good')
  await until(async () => (await ask(fragile, { site: 'error', bearer: issuers.error.clerkSession({ azp: fragile.url }) })).status === 200, 'it to come back')
  issuers.error.behave('cut') // from now on it is down, and its keys are kept
  const stranger = issuers.error.sign(issuers.error.clerkClaims({ azp: fragile.url }), { kid: 'unknown' })
  refused(await ask(fragile, { site: 'error', bearer: stranger }), 401, 'AUTH_REQUIRED')
  assert.equal((await ask(fragile, { site: 'error', bearer: issuers.error.clerkSession({ azp: fragile.url }) })).status, 200)
  assert.equal(await fragile.stop(), 0, fragile.log)
})

// `count` connections, opened before anything is asked; each send() is one token request, resolved with its status line.
async function openAll(to, count) {
  const sockets = Array.from({ length: count }, () => connect(to.port, '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return sockets.map((socket) => (bearer) => new Promise((done, failed) => {
    let got = ''
    socket.on('data', (data) => (got += data) && /\r\n\r\n/.test(got) && done(got))
    socket.on('close', () => failed(new Error('closed without an answer')))
    socket.write(`POST /api/voice/token HTTP/1.1\r\nHost: 127.0.0.1:${to.port}\r\nAuthorization: Bearer ${bearer}\r\nContent-Length: 0\r\n\r\n`)
  }).finally(() => socket.destroy()))
}

test('S42 a thousand sign-ins that wait for a provider which hangs keep nobody else waiting', async () => {
  const issuer = await issue()
  const patient = await serve({ clerk: { issuer: issuer.url }, sites: { open: { auth: 'anonymous' } } })
  assert.equal((await ask(patient, { bearer: issuer.clerkSession({ azp: patient.url }) })).status, 200)
  issuer.rotate()
  const bearer = issuer.clerkSession({ azp: patient.url, exp: now() + 300 })
  const asks = await openAll(patient, 1000)
  const so_far = await counter(patient, 'http_requests')
  const order = []
  const note = (name) => (answer) => (order.push(name), answer)
  issuer.behave('hang')
  const waiting = asks.map((send) => send(bearer).then(note('signin')))
  await until(async () => (await counter(patient, 'http_requests')) >= so_far + 1000, 'all of them to be there')
  const others = await Promise.all(Array.from({ length: 20 }, (_, i) =>
    (i % 2 ? patient.get('/healthz') : ask(patient, { site: 'open' })).then(note('other'))))
  assert.ok(others.every((answer) => answer.status === 200))
  const held = 1000 - order.filter((name) => name === 'signin').length
  assert.ok(held >= 256 && held <= 2 * 256, `${held} were held, by two workers, when the others had their answers`)
  issuer.behave('good')
  issuer.release()
  const answers = await Promise.all(waiting)
  const served = answers.filter((answer) => answer.startsWith('HTTP/1.1 200 ')).length
  assert.equal(served, held, 'who was held is served')
  for (const answer of answers)
    if (!answer.startsWith('HTTP/1.1 200 ')) assert.match(answer, /^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n/s)
  assert.equal(issuer.requests.length, 2)
  assert.equal(await patient.stop(), 0, patient.log)
})

test('S42 a stop while the provider hangs is clean', async () => {
  const issuer = await issue()
  issuer.behave('hang')
  const leaving = await serve({ clerk: { issuer: issuer.url } })
  await until(() => issuer.held.length > 0, 'the server to ask for keys')
  const waiting = ask(leaving, { bearer: issuer.clerkSession({ azp: leaving.url }) }).catch(() => 'cut')
  await until(async () => (await counter(leaving, 'http_requests')) >= 1, 'the request to be there')
  assert.equal(await leaving.stop(), 0, leaving.log)
  const answer = await waiting
  assert.ok(answer === 'cut' || answer.status === 503)
})
