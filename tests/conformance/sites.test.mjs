// sites.test.mjs — several sites on one server: who may call, how much, what the button is told, and how a call comes
// back after a reload.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { TokenVerifier } from 'livekit-server-sdk'
import { UPGRADE, counter, exchange, metrics } from './lib/probe.mjs'
import { KEY, SECRET, start, until } from './lib/server.mjs'
import { Participant } from './lib/signal.mjs'

const folder = mkdtempSync(join(tmpdir(), 'offhook-sites-'))
const file = join(folder, 'offhook.yaml')
const yaml = ({ paused = false } = {}) => `
room: {departure_timeout: 1}
voice:
  name: Main
  per_address_budget: 0
  languages: [de, en]
  presets:
    de: {greeting: Guten Tag, terms: Es gelten die AGB}
    en: {greeting: Hello}
  sites:
    shop: {allowed_origins: ["https://shop.example"], per_address_budget: 0, paused: ${paused}, name: The shop, token_ttl: 60s,
           tel: "+49 30 123456", consent: notice, consent_text: "It may be recorded.", consent_version: "3",
           theme: {accent: "#1a6b4f", radius: 12px, logo: /logo.svg}, placement: bottom-start, label: Call the shop,
           ring_timeout: 30s, max_duration: 10m, greeting: Welcome}
    club: {allowed_origins: ["https://club.example"], per_address_budget: 0}
    daily: {per_address_budget: 0, daily_budget: 2}
    thrifty: {per_address_budget: 0, per_address_daily: 2}
    minute: {per_address_budget: 2}
    small: {per_address_budget: 0, concurrent_calls: 1}
    pressed: {allowed_origins: ["https://a.example", "https://b.example"], per_address_budget: 0, attack_threshold: 3}
    careful: {per_address_budget: 0, require_ticket: true}
    short: {per_address_budget: 0, max_duration: 2s}
`
let server
before(async () => {
  writeFileSync(file, yaml())
  server = await start({ args: ['--config', file], workers: 3 })
})
after(async () => {
  rmSync(folder, { recursive: true })
  assert.equal(await server.stop(), 0, server.log)
})

const ask = async (body, headers = {}, path = '/api/voice/token') => {
  const answer = await server.post(path, JSON.stringify(body), headers)
  return { status: answer.status, headers: answer.headers, ...(await answer.json()) }
}
const refused = (answer, status, code) => assert.deepEqual([answer.status, answer.code, answer.headers.get('content-type')], [status, code, 'application/problem+json'])
const granted = (answer) => (assert.equal(answer.status, 200, JSON.stringify(answer)), answer)
const claimsOf = (answer) => new TokenVerifier(KEY, SECRET).verify(answer.token)
const read = (site, headers = {}) => server.get(`/api/voice/config${site ? `?site=${site}` : ''}`, { headers })

test('P37 each site has its own list of pages, and everybody else is turned away', async () => {
  granted(await ask({ site: 'shop' }, { origin: 'https://shop.example' }))
  granted(await ask({ site: 'club' }, { origin: 'https://club.example' }))
  for (const [site, origin] of [['shop', 'https://club.example'], ['club', 'https://shop.example'], [undefined, 'https://shop.example'], ['daily', 'https://shop.example']]) {
    const answer = await ask({ site }, { origin })
    refused(answer, 403, 'ORIGIN_DENIED')
    assert.equal(answer.headers.get('access-control-allow-origin'), null)
  }
  refused(await ask({ site: 'shop' }, { origin: 'https://evil.example' }), 403, 'ORIGIN_DENIED')
  granted(await ask({ site: 'shop' }, { origin: server.url })) // our own pages
  granted(await ask({ site: 'shop' })) // and programs, which no page can be
})

test('a site that is not there is named so, and its page may read it', async () => {
  const answer = await ask({ site: 'shopp' }, { origin: 'https://shop.example' })
  refused(answer, 404, 'SITE_UNKNOWN')
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example')
  assert.equal((await read('shopp')).status, 404)
})

test('S10 S45 only the server makes tokens; the answer has what the button needs', async () => {
  const answer = granted(await ask({ site: 'shop' }, { origin: 'https://shop.example' }))
  for (const field of ['token', 'roomName', 'participantName', 'livekitHost', 'serverUrl', 'participantToken', 'callId', 'expiresAt', 'resume'])
    assert.equal(typeof answer[field], 'string', field)
  assert.deepEqual([answer.ringTimeout, answer.maxDuration], [30, 600])
  assert.equal(JSON.stringify(answer).includes(SECRET), false)
})

test('S43 a room for every call; S44 tokens end when the site says', async () => {
  const begun = Date.now()
  const [first, second] = [await ask({ site: 'shop' }), await ask({ site: 'shop' })]
  assert.notEqual(first.roomName, second.roomName)
  assert.notEqual(first.participantName, second.participantName)
  const life = Date.parse(first.expiresAt) - begun
  assert.ok(life > 55_000 && life < 66_000, `${life} ms`)
  assert.ok(Math.abs((await claimsOf(first)).exp * 1000 - Date.parse(first.expiresAt)) < 2000)
})

test('P33 the other side sees what the page claims, marked as such, and nobody can change it', async () => {
  const { invite } = granted(await ask({ site: 'shop' }, {}, '/api/voice/invite'))
  const page = { url: 'https://shop.example/cart?x=1#y', title: 'Cart “5” <b>' }
  const first = granted(await ask({ site: 'shop', invite, participantName: 'Ann', attributes: { plan: 'gold', 'user.role': 'admin' }, page, locale: 'de-DE', lowData: true }))
  const second = granted(await ask({ site: 'shop', invite }))
  refused(await ask({ site: 'club', invite }), 400, 'TOKEN_INVALID') // an invitation is its site's
  const ann = await Participant.join(server, undefined, undefined, { jwt: first.token })
  const ben = await Participant.join(server, undefined, undefined, { jwt: second.token })
  const seen = (await ben.next('join')).value.otherParticipants[0]
  assert.deepEqual({ ...seen.attributes }, {
    'page.plan': 'gold', 'page.user.role': 'admin', 'page.url': 'https://shop.example/cart?x=1', 'page.title': page.title,
    'page.locale': 'de-DE', 'page.lowData': 'true', 'offhook.site': 'shop',
  })
  assert.equal(seen.name, 'Ann')
  ann.send('updateMetadata', { attributes: { 'user.subject': 'boss', 'offhook.site': 'club' }, requestId: 7 })
  assert.equal((await ann.next('requestResponse')).value.reason, 2) // NOT_ALLOWED
  await Promise.all([ann.leave(), ben.leave()])
  for (const attributes of [[], { 'a b': 'c' }, { a: 'x'.repeat(513) }, Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 'v']))])
    refused(await ask({ attributes }), 400, 'REQUEST_INVALID')
})

test('P39 budgets: per address and minute, per address and day, per site and day', async () => {
  const from = (n) => ({ 'x-forwarded-for': `198.51.100.${n}` })
  for (let i = 0; i < 2; i++) granted(await ask({ site: 'minute' }, from(1)))
  const tooFast = await ask({ site: 'minute' }, from(1))
  refused(tooFast, 429, 'RATE_LIMITED')
  assert.ok(tooFast.retryAfter >= 1 && tooFast.retryAfter <= 30)
  granted(await ask({ site: 'club' }, from(1))) // another site has its own
  for (let i = 0; i < 2; i++) granted(await ask({ site: 'thrifty' }, from(1)))
  const spent = await ask({ site: 'thrifty' }, from(1))
  refused(spent, 429, 'BUDGET_EXCEEDED')
  assert.ok(spent.retryAfter > 43_000 && spent.retryAfter <= 43_200, `${spent.retryAfter}`)
  granted(await ask({ site: 'thrifty' }, from(2)))
  for (let i = 0; i < 2; i++) granted(await ask({ site: 'daily' }, from(i)))
  const soldOut = await ask({ site: 'daily' }, from(3))
  refused(soldOut, 429, 'BUDGET_EXCEEDED')
  assert.equal(Number(soldOut.headers.get('retry-after')), soldOut.retryAfter)
  const midnight = 86_400 - (Math.floor(Date.now() / 1000) % 86_400)
  assert.ok(Math.abs(soldOut.retryAfter - midnight) < 5 || midnight < 5, `${soldOut.retryAfter} s, not ${midnight} s`)
})

test('P39 N27 the switch: a site is paused and opened again without a restart', async () => {
  const reload = async (change) => {
    const seen = server.log.split('configuration reloaded').length
    writeFileSync(file, yaml(change))
    server.child.kill('SIGHUP')
    await until(() => server.log.split('configuration reloaded').length > seen, 'the reload')
  }
  await reload({ paused: true })
  await until(async () => (await ask({ site: 'shop' })).code === 'SITE_PAUSED', 'the pause')
  refused(await ask({ site: 'shop' }), 403, 'SITE_PAUSED')
  refused(await ask({ site: 'shop' }, {}, '/api/voice/invite'), 403, 'SITE_PAUSED')
  assert.equal((await (await read('shop')).json()).paused, true)
  granted(await ask({ site: 'club' }))
  await reload()
  await until(async () => (await ask({ site: 'shop' })).status === 200, 'the opening')
})

test('N27 so many calls at a time, and a place is free again when one has hung up', async () => {
  const first = granted(await ask({ site: 'small' }))
  const full = await ask({ site: 'small' })
  refused(full, 503, 'CAPACITY')
  assert.ok(full.retryAfter > 0)
  const caller = await Participant.join(server, undefined, undefined, { jwt: first.token })
  refused(await ask({ site: 'small' }), 503, 'CAPACITY')
  await caller.leave()
  let second
  await until(async () => (second = await ask({ site: 'small' })).status === 200, 'the place')
  // Who kept a token of a call that is over, and comes now, finds the place taken.
  await until(async () => (await ask({ site: 'small', resume: first.resume })).code === 'ROOM_CLOSED', 'the end of the first room')
  const late = await exchange(server.port, `GET /rtc?protocol=17&access_token=${first.token} HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`)
  assert.equal(late.status, 503)
  const other = await Participant.join(server, undefined, undefined, { jwt: second.token })
  await other.leave()
})

function solve({ algorithm, challenge, bits }) {
  assert.equal(algorithm, 'SHA-256')
  for (let nonce = 0; ; nonce++) {
    const hash = createHash('sha256').update(challenge + nonce).digest()
    if (hash.readUInt32BE(0) >>> (32 - bits) === 0) return String(nonce)
  }
}

test('N27 under attack strangers solve a puzzle first, each for itself and once', async () => {
  const origin = 'https://a.example', here = { origin, 'x-forwarded-for': '203.0.113.5' }
  for (let i = 0; i < 3; i++) granted(await ask({ site: 'pressed' }, here))
  const set = await ask({ site: 'pressed' }, here)
  refused(set, 428, 'PROOF_REQUIRED')
  assert.equal(set.headers.get('access-control-allow-origin'), origin)
  assert.ok(set.proof.bits >= 16 && set.proof.bits <= 22)
  const solved = { site: 'pressed', ticket: set.ticket, proof: solve(set.proof) }
  refused(await ask({ ...solved, proof: 'no' }, here), 428, 'PROOF_REQUIRED')
  refused(await ask({ ...solved, ticket: `${set.ticket.slice(0, -4)}AAAA` }, here), 428, 'PROOF_REQUIRED')
  refused(await ask(solved, { ...here, origin: 'https://b.example' }), 428, 'PROOF_REQUIRED')
  refused(await ask(solved, { ...here, 'x-forwarded-for': '203.0.113.6' }), 428, 'PROOF_REQUIRED')
  granted(await ask(solved, here))
  refused(await ask(solved, here), 428, 'PROOF_REQUIRED')
  granted(await ask({ site: 'club' }, { ...here, origin: 'https://club.example' })) // nobody else is bothered
  const again = await ask({ site: 'pressed' }, here)
  granted(await ask({ site: 'pressed', ticket: again.ticket, proof: { nonce: solve(again.proof) } }, here))
})

test('N27 a site may ask for a ticket always', async () => {
  const set = await ask({ site: 'careful' })
  refused(set, 428, 'PROOF_REQUIRED')
  granted(await ask({ site: 'careful', ticket: set.ticket, proof: solve(set.proof) }))
})

test('P50 N11 a reloaded page comes back into its call, and nobody else does', async () => {
  const origin = 'https://shop.example'
  const first = granted(await ask({ site: 'shop', participantName: 'Ann' }, { origin }))
  const page = await Participant.join(server, undefined, undefined, { jwt: first.token })
  page.socket.terminate() // the page has gone without a word
  const back = granted(await ask({ site: 'shop', resume: first.resume }, { origin }))
  assert.deepEqual([back.roomName, back.participantName, back.callId], [first.roomName, first.participantName, first.callId])
  assert.notEqual(back.resume, first.resume)
  assert.equal((await claimsOf(back)).name, 'Ann')
  const again = await Participant.join(server, undefined, undefined, { jwt: back.token })
  assert.equal((await again.next('join')).value.participant.identity, first.participantName)
  for (const [body, headers] of [
    [{ site: 'shop', resume: first.resume }, { origin: server.url }],
    [{ site: 'shop', resume: first.resume }, {}],
    [{ site: 'club', resume: first.resume }, { origin: 'https://club.example' }],
    [{ resume: first.resume }, {}],
    [{ site: 'shop', resume: `${first.resume.slice(0, -3)}AAA` }, { origin }],
    [{ site: 'shop', resume: first.token }, { origin }],
    [{ site: 'shop', invite: first.resume }, { origin }],
  ]) refused(await ask(body, headers), 400, 'TOKEN_INVALID')
  await again.leave()
  let late
  await until(async () => (late = await ask({ site: 'shop', resume: back.resume }, { origin })).status !== 200, 'the end of the room')
  refused(late, 410, 'ROOM_CLOSED')
})

test('a call that is too long is ended by the server, with its reason', async () => {
  const answer = granted(await ask({ site: 'short' }))
  assert.equal(answer.maxDuration, 2)
  const caller = await Participant.join(server, undefined, undefined, { jwt: answer.token })
  const leave = (await caller.next('leave')).value
  assert.equal(leave.reason, 10) // ROOM_CLOSED
  await caller.closed
  assert.equal(await counter(server, 'calls_ended_duration'), 1)
})

test('P12 N33 the button is told what the site has configured', async () => {
  const shop = await (await read('shop')).json()
  const { privacy, version, ...rest } = shop
  assert.deepEqual(rest, {
    site: 'shop', name: 'The shop', auth: 'anonymous', paused: false, tel: '+49 30 123456',
    consent: { mode: 'notice', version: '3', text: 'It may be recorded.' }, ringTimeout: 30, maxDuration: 600, greeting: 'Welcome',
    presets: {}, theme: { accent: '#1a6b4f', radius: '12px', logo: '/logo.svg' }, placement: 'bottom-start', label: 'Call the shop', echo: true,
  })
  assert.match(version, /^[0-9a-f]{16}$/)
  assert.deepEqual([privacy.host, privacy.recording, privacy.cookies, privacy.thirdParties], [`127.0.0.1:${server.port}`, true, false, []])
  const main = await (await read()).json()
  assert.deepEqual([main.site, main.name, main.languages, main.privacy.recording], ['default', 'Main', ['de', 'en'], false])
  assert.deepEqual(main.presets, { de: { greeting: 'Guten Tag', terms: 'Es gelten die AGB' }, en: { greeting: 'Hello' } })
  assert.deepEqual(await (await read('default')).json(), main)
})

test('the configuration is cached by its version, and read by the site’s own pages only', async () => {
  const answer = await read('shop', { origin: 'https://shop.example' })
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example')
  assert.match(answer.headers.get('cache-control'), /max-age=60/)
  assert.match(answer.headers.get('vary'), /Origin/)
  const etag = answer.headers.get('etag')
  const known = await read('shop', { 'if-none-match': etag })
  assert.deepEqual([known.status, await known.text(), known.headers.get('etag')], [304, '', etag])
  assert.equal((await read('club', { 'if-none-match': etag })).status, 200)
  assert.equal((await read('club', { origin: 'https://shop.example' })).status, 403)
  const head = await server.get('/api/voice/config?site=shop', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('etag')], [200, etag])
  const preflight = await server.get('/api/voice/config?site=shop', { method: 'OPTIONS', headers: { origin: 'https://shop.example', 'access-control-request-method': 'GET' } })
  assert.equal(preflight.status, 204)
  assert.equal((await server.post('/api/voice/config', '{}')).status, 405)
})

test('N39 nothing outside is needed: no STUN server, no third party, unless the operator names one', async () => {
  const answer = granted(await ask({}))
  const caller = await Participant.join(server, undefined, undefined, { jwt: answer.token })
  const { iceServers } = (await caller.next('join')).value
  assert.deepEqual(iceServers.flatMap((one) => one.urls).filter((url) => !url.includes('127.0.0.1')), [])
  await caller.leave()
  const other = await start({ args: ['--rtc-stun-servers', 'stun.example:3478'] })
  const { privacy } = await (await other.get('/api/voice/config')).json()
  assert.deepEqual(privacy.thirdParties, ['stun:stun.example:3478'])
  assert.equal(await other.stop(), 0)
})

test('sites are checked at the start, with the nearest name for a mistake', async () => {
  const bad = join(folder, 'bad.yaml')
  writeFileSync(bad, 'voice: {sites: {shop: {puased: true}}}\n')
  await assert.rejects(start({ args: ['--config', bad] }), /did you mean .*voice\.sites\.shop\.paused/)
  writeFileSync(bad, 'voice: {sites: {shop: {auth: signed}}}\n')
  await assert.rejects(start({ args: ['--config', bad] }), /voice\.sites\.shop\.auth is signed, which needs signed\.secret/)
})

test('every refusal has its counter', async () => {
  const text = await metrics(server)
  for (const reason of ['origin', 'site', 'paused', 'rate', 'budget', 'capacity', 'proof', 'ticket', 'request'])
    assert.ok((await counter(server, `voice_refused_${reason}`)) > 0, reason)
  assert.ok((await counter(server, 'proofs_solved')) >= 3)
  assert.equal(String(text).includes(SECRET), false)
})
