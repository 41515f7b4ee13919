// doors.test.mjs — what else the binary answers over HTTP: the button for other sites, pages with a site in their
// address, the call link's QR code, events.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import jsqr from 'jsqr'
import { BINARY, environment, HAS_PAGE, KEY, SECRET, start, until } from './lib/server.mjs'
import { counter, metrics } from './lib/probe.mjs'
import { Participant } from './lib/signal.mjs'
import { TokenVerifier } from 'livekit-server-sdk'

const CONFIG = `
public_url: https://call.example/
voice:
  allowed_origins: [https://shop.example]
  sites:
    garden:
      name: Garden & Home
      allowed_origins: [https://garden.example, "https://*.garden.example", "http://localhost:3000/"]
    paused: {paused: true}
`
let server, folder
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'offhook-doors-'))
  await writeFile(path.join(folder, 'offhook.yaml'), CONFIG)
  server = await start({
    args: ['--config', path.join(folder, 'offhook.yaml')],
    env: { LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET, OFFHOOK_DATA_DIR: path.join(folder, 'data') },
  })
})
after(async () => {
  assert.equal(await server.stop(), 0, server.log)
  await rm(folder, { recursive: true })
})

// The rows of the records, as SQL answers; by Python, because node 20 has no SQLite.
function rows(sql) {
  const script = 'import json,sqlite3,sys; print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))'
  return JSON.parse(execFileSync('python3', ['-c', script, path.join(folder, 'data', 'offhook.db'), sql], { encoding: 'utf8' }))
}

// ---- the button for other sites

if (HAS_PAGE)
  test('the loader is for any page, cached for minutes; what it loads carries a hash and is cached for ever', async () => {
    const loader = await server.get('/offhook.js', { headers: { origin: 'https://any.example' } })
    assert.equal(loader.status, 200)
    assert.match(loader.headers.get('content-type'), /^text\/javascript/)
    assert.equal(loader.headers.get('access-control-allow-origin'), '*')
    assert.equal(loader.headers.get('cross-origin-resource-policy'), 'cross-origin')
    assert.match(loader.headers.get('cache-control'), /^public, max-age=300\b/)
    const again = await server.get('/offhook.js', { headers: { 'if-none-match': loader.headers.get('etag') } })
    assert.equal(again.status, 304)
    const panel = /offhook\/[\w-]+-[A-Z0-9]{8}\.js/.exec(await loader.text())[0]
    const chunk = await server.get(`/${panel}`)
    assert.equal(chunk.status, 200)
    assert.match(chunk.headers.get('cache-control'), /immutable/)
    assert.equal(chunk.headers.get('access-control-allow-origin'), '*')
  })

// ---- the call link

// A camera, more or less: the bars of the path as pixels, and jsQR over them.
function scan(svg) {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)[1]), scale = 4, side = size * scale
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y, width] of /fill="#000" d="([^"]*)"/.exec(svg)[1].matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    for (let row = y * scale; row < (Number(y) + 1) * scale; row++)
      for (let column = x * scale; column < (Number(x) + Number(width)) * scale; column++) pixels.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3)
  return jsqr(pixels, side, side)?.data
}

test("P05 a call link's QR code is read by a camera, is an image only, and any page may show it", async () => {
  const answer = await server.get('/c/garden/qr.svg')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'image/svg+xml')
  assert.match(answer.headers.get('cache-control'), /^public, max-age=3600$/)
  assert.equal(answer.headers.get('cross-origin-resource-policy'), 'cross-origin')
  assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/)
  const svg = await answer.text()
  assert.equal(scan(svg), 'https://call.example/c/garden')
  assert.match(svg, /<title>Garden &amp; Home<\/title>/)
  assert.doesNotMatch(svg, /<script|href|style/)
  const again = await server.get('/c/garden/qr.svg', { headers: { 'if-none-match': answer.headers.get('etag') } })
  assert.equal(again.status, 304)
  assert.equal(scan(await (await server.get('/c/default/qr.svg')).text()), 'https://call.example/c/default')
})

test('P05 there is no code for a site that is not there', async () => {
  for (const path of ['/c/nobody/qr.svg', '/c//qr.svg', '/c/garden/qr.png', '/c/../qr.svg', '/qr.svg'])
    assert.equal((await server.get(path)).status, 404, path)
})

// ---- events

const report = (events, more = {}, headers = {}) =>
  server.post('/api/voice/events', JSON.stringify({ site: 'garden', call: 'CA_test', events, ...more }), {
    'content-type': 'text/plain;charset=UTF-8', // as sendBeacon sends a string
    origin: 'https://garden.example',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    ...headers,
  })

test('events of a button are counted and written down, without a word about the person', async () => {
  const before = await metrics(server)
  const answer = await report([
    { name: 'start', variant: 'floating' },
    { name: 'error', code: 'MIC_DENIED', phase: 'requesting-mic', ageMs: 5000, message: 'Ann Example was here' },
    { name: 'connected', route: 'udp', totalMs: 640 },
    { name: 'keystroke', key: 'a' },
  ])
  assert.equal(answer.status, 202)
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://garden.example')
  assert.deepEqual(await answer.json(), { accepted: 3, refused: 1 })
  const now = Date.now()
  await until(async () => (await counter(server, 'records_written')) === (before.records_written_total ?? 0) + 3, 'three rows on disk')
  const text = await (await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)).text()
  assert.match(text, /^offhook_call_failures_total\{code="MIC_DENIED",phase="requesting-mic"\} 1$/m)
  assert.match(text, /^offhook_call_setup_seconds_bucket\{phase="total",le="0\.8"\} 1$/m)
  assert.match(text, /^offhook_client_total\{browser="firefox",os="linux",device="desktop"\} 1$/m)
  const written = rows("SELECT at_ms, site, name, call, browser, os, device, data FROM event WHERE call = 'CA_test' ORDER BY id")
  assert.deepEqual(written.map((row) => row.slice(1)), [
    ['garden', 'start', 'CA_test', 'firefox', 'linux', 'desktop', '{"variant":"floating"}'],
    ['garden', 'error', 'CA_test', 'firefox', 'linux', 'desktop', '{"code":"MIC_DENIED","phase":"requesting-mic"}'],
    ['garden', 'connected', 'CA_test', 'firefox', 'linux', 'desktop', '{"route":"udp","totalMs":640}'],
  ])
  assert.ok(Math.abs(now - written[0][0]) < 5000 && Math.abs(written[0][0] - written[1][0] - 5000) < 5, String(written))
  const columns = rows('SELECT name FROM pragma_table_info(\'event\')').flat()
  assert.deepEqual(columns, ['id', 'at_ms', 'site', 'name', 'call', 'browser', 'os', 'device', 'data'])
})

test('N33 the records hold no address and no name, and the privacy sheet says how long they are kept', async () => {
  const everything = JSON.stringify(rows('SELECT * FROM event'))
  assert.match(everything, /MIC_DENIED/)
  assert.doesNotMatch(everything, /127\.0\.0\.1|Ann|Mozilla|rv:128/)
  const sheet = (await (await server.get('/api/voice/config?site=garden')).json()).privacy
  assert.match(JSON.stringify(sheet), /"eventDays":30\b/)
})

test('events from elsewhere, of nobody, or that are none, are refused with a code', async () => {
  const code = async (answer) => [answer.status, (await answer.json()).code]
  assert.deepEqual(await code(await report([], {}, { origin: 'https://evil.example' })), [403, 'ORIGIN_DENIED'])
  assert.deepEqual(await code(await report([], {}, { origin: 'https://shop.example' })), [403, 'ORIGIN_DENIED']) // another site's
  assert.deepEqual(await code(await report([], { site: 'nobody' })), [404, 'SITE_UNKNOWN'])
  assert.deepEqual(await code(await report([], { site: '../../etc' })), [400, 'REQUEST_INVALID'])
  assert.deepEqual(await code(await report(Array(65).fill({ name: 'open' }))), [400, 'REQUEST_INVALID'])
  assert.deepEqual(await code(await server.post('/api/voice/events', 'x'.repeat(65 * 1024))), [413, 'REQUEST_TOO_LARGE'])
  assert.equal((await server.get('/api/voice/events')).status, 405)
})

// ---- the network check

const check = (site, headers = {}) =>
  server.post('/api/voice/preflight', JSON.stringify({ site }), { origin: 'https://garden.example', 'x-forwarded-for': '198.51.100.7', ...headers })

test('N05 the facts for a network check: where audio goes, and whether there is an echo', async () => {
  const facts = await (await server.get('/api/voice/preflight?site=garden', { headers: { origin: 'https://garden.example' } })).json()
  assert.equal(facts.site, 'garden')
  assert.equal(facts.serverUrl, 'wss://call.example')
  assert.equal(facts.echo, true)
  assert.ok(facts.udp.length > 0 && facts.tcp.length > 0, JSON.stringify(facts))
  for (const address of [...facts.udp, ...facts.tcp]) assert.match(address, /:\d+$/)
  assert.ok(Math.abs(facts.unixMs - Date.now()) < 2000)
})

test('N05 a check gets a short token for an echo room of its own, and a budget apart from that of calls', async () => {
  const answer = await check('garden')
  assert.equal(answer.status, 200)
  const ticket = await answer.json()
  assert.match(ticket.roomName, /^check-[0-9a-f]{32}$/)
  assert.equal(ticket.roomSeconds, 30)
  const claims = await new TokenVerifier(KEY, SECRET).verify(ticket.token)
  assert.ok(claims.exp - Date.now() / 1000 <= 61, String(claims.exp))
  assert.equal(claims.roomConfig.agents[0].agentName, 'offhook-check')
  const visitor = await Participant.join(server, null, null, { jwt: ticket.token })
  const echo = visitor.got.find(({ kind, value }) => kind === 'update' && value.participants[0].identity === 'echo') ??
    visitor.got.find(({ kind, value }) => kind === 'join' && value.otherParticipants.some(({ identity }) => identity === 'echo'))
  assert.ok(echo, JSON.stringify(visitor.got.map(({ kind }) => kind)))
  visitor.socket.close()
  const more = await Promise.all(Array.from({ length: 12 }, () => check('garden')))
  const refused = more.filter(({ status }) => status === 429)
  assert.ok(refused.length >= 2 && refused.length <= 4, `${refused.length} of 12`)
  assert.ok(Number(refused[0].headers.get('retry-after')) > 0)
  const call = await server.post('/api/voice/token', JSON.stringify({ site: 'garden' }), { origin: 'https://garden.example', 'x-forwarded-for': '198.51.100.7' })
  assert.equal(call.status, 200)
})

test('a check is refused where calls would be', async () => {
  const code = async (answer) => [answer.status, (await answer.json()).code]
  const from = { 'x-forwarded-for': '198.51.100.8' }
  assert.deepEqual(await code(await check('nobody', from)), [404, 'SITE_UNKNOWN'])
  assert.deepEqual(await code(await check('../x', from)), [400, 'REQUEST_INVALID'])
  assert.deepEqual(await code(await check('garden', { ...from, origin: 'https://shop.example' })), [403, 'ORIGIN_DENIED'])
  const paused = await server.post('/api/voice/preflight', '{"site":"paused"}', from)
  assert.deepEqual(await code(paused), [403, 'SITE_PAUSED'])
})

// ---- diagnostics

const ask = async (query, headers = {}) => {
  const answer = await server.get(`/api/voice/diagnostics${query}`, { headers })
  const body = await answer.json()
  return { answer, body, of: (id) => body.checks.find((one) => one.id === id) }
}

test('S86 diagnostics answer any page, name each trouble and its remedy, and tell no secret', async () => {
  const evil = await ask('?site=garden&now=1', { origin: 'http://evil.example' })
  assert.equal(evil.answer.status, 200)
  assert.equal(evil.answer.headers.get('access-control-allow-origin'), 'http://evil.example')
  assert.equal(evil.body.ok, false)
  for (const [id, verdict, seen] of [['site', 'ok', 'garden'], ['origin', 'fail', 'ORIGIN_DENIED'], ['secure-context', 'fail', 'INSECURE_CONTEXT'], ['clock', 'warn', 'behind']]) {
    assert.equal(evil.of(id).verdict, verdict, id)
    assert.match(evil.of(id).seen, new RegExp(seen))
    assert.equal(verdict !== 'ok', Boolean(evil.of(id).fix), id)
  }
  assert.doesNotMatch(JSON.stringify(evil.body), new RegExp(`${SECRET}|${KEY}|garden\\.example`))
  assert.match(evil.body.headers['Content-Security-Policy'], /connect-src 'self' https:\/\/call\.example wss:\/\/call\.example/)
  assert.match(evil.body.headers['Permissions-Policy'], /microphone=\(self "https:\/\/call\.example"\)/)
  const good = await ask(`?site=garden&now=${Date.now()}`, { origin: 'https://www.garden.example' })
  assert.deepEqual(good.body.checks.filter(({ verdict, id }) => verdict !== 'ok' && id !== 'media'), [])
  assert.equal((await ask('?site=nobody')).of('site').verdict, 'fail')
  assert.equal((await ask('?site=paused')).of('site').verdict, 'fail')
  assert.match((await ask('')).of('origin').seen, /No Origin/)
})

// ---- doctor

function doctor(args, env = {}) {
  return new Promise((done) => {
    execFile(BINARY, ['doctor', '--json', ...args], { env: environment({ LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET, ...env }) }, (error, stdout) => {
      const report = JSON.parse(stdout)
      done({ code: error ? error.code : 0, report, of: (id) => report.checks.find((one) => one.id === id), bad: report.checks.filter(({ verdict }) => verdict === 'fail') })
    })
  })
}
const QUIET_PORTS = ['--port', '0', '--udp-port', '0', '--tcp-port', '0', '--admin-port', '0']

test('S88 doctor calls the echo by UDP and by TCP, and passes a server that is well', async () => {
  // The visitors' address of this file's server is only an example, so this one is of its own.
  const plain = await start({ args: ['--voice-allowed-origins', 'https://shop.example'] })
  try {
    const seen = await doctor([plain.url, ...QUIET_PORTS, '--voice-allowed-origins', 'https://shop.example', '--page', `${plain.url}/version`])
    assert.deepEqual(seen.bad, [])
    assert.equal(seen.code, 0)
    for (const id of ['reachable', 'clock', 'cors', 'call-udp', 'call-tcp', 'page-csp', 'dns']) assert.equal(seen.of(id)?.verdict, 'ok', id)
    assert.match(seen.of('call-udp').seen, /heard back/)
    const strict = await doctor(['--production', plain.url, ...QUIET_PORTS])
    assert.equal(strict.code, 1)
    const ids = strict.bad.map(({ id }) => id)
    for (const id of ['https', 'allowed-origins', 'callers']) assert.ok(ids.includes(id), `${id} in ${ids}`)
    for (const one of strict.bad) assert.ok(one.fix, one.id)
    assert.ok(!JSON.stringify(strict.report).includes(SECRET))
  } finally {
    assert.equal(await plain.stop(), 0, plain.log)
  }
})

test('S88 doctor looks at certificates: what browsers refuse, and what ends soon', async () => {
  const cert = path.join(folder, 'cert.pem'), key = path.join(folder, 'key.pem')
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const secure = await start({ args: ['--tls-cert', cert, '--tls-key', key] })
  try {
    const url = `https://localhost:${secure.port}`
    const unknown = await doctor([url, ...QUIET_PORTS])
    assert.equal(unknown.of('certificate').verdict, 'fail')
    assert.equal(unknown.code, 1)
    const known = await doctor([url, '--ca', cert, ...QUIET_PORTS])
    assert.equal(known.of('certificate').verdict, 'warn')
    assert.match(known.of('certificate').seen, /[23] days/)
    assert.equal(known.of('call-udp').verdict, 'ok', JSON.stringify(known.of('call-udp')))
  } finally {
    await secure.stop()
  }
})

test('S86 doctor names what it cannot read or reach, and how to mend it', async () => {
  const gone = await doctor(['http://127.0.0.1:9', ...QUIET_PORTS])
  assert.equal(gone.of('reachable').verdict, 'fail')
  const wrong = await doctor(['--no-such-flag', 'x'])
  assert.equal(wrong.code, 1)
  assert.match(wrong.of('configuration').seen, /no-such-flag/)
  const weak = await doctor(QUIET_PORTS, { LIVEKIT_API_SECRET: 'secret' })
  assert.ok(weak.bad.length > 0 && weak.code === 1)
  const undirected = await doctor(['--data-dir', '/nowhere/at/all', ...QUIET_PORTS])
  assert.equal(undirected.of('data-dir').verdict, 'fail')
})
