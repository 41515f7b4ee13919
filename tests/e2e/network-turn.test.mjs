// network-turn.test.mjs — a browser whose network lets nothing through but the signalling and one TURN port: the embedded TURN by
// UDP and by TLS, and an external one (coturn). The call is judged by the sound. Started by run-network.mjs.
import { after, afterEach, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { openChromium, openFirefox } from './lib/browser.mjs'
import { eventually, hears } from './lib/wait.mjs'
import { SERVER_IP, network } from './lib/network.mjs'

const net = network(process.env.OFFHOOK_NETWORK)
const HTTP = 7880, TURN_UDP = 3478, TURN_TLS = 5349, COTURN = 3480
let folder, server, coturn, pages, low, high, a, b
let calls = 0

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-turn-'))
  const cert = join(folder, 'cert.pem'), key = join(folder, 'key.pem'), config = join(folder, 'config.yaml')
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=turn.test', '-addext', `subjectAltName=IP:${SERVER_IP}`, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  writeFileSync(config, `
turn: {enabled: true, domain: "${SERVER_IP}", udp_port: ${TURN_UDP}, tls_port: ${TURN_TLS}, cert_file: "${cert}", key_file: "${key}"}
rtc:
  turn_servers:
    - {host: ${SERVER_IP}, port: ${COTURN}, protocol: udp, secret: a-secret-of-coturn}
`)
  coturn = spawn('ip', ['netns', 'exec', net.server, 'turnserver', '-n', '--no-cli', '--no-tls', '--no-dtls', '--use-auth-secret', '--static-auth-secret', 'a-secret-of-coturn',
    '--realm', 'coturn.test', '--listening-ip', SERVER_IP, '--relay-ip', SERVER_IP, '--listening-port', String(COTURN), '--pidfile', join(folder, 'pid'),
    '--log-file', 'stdout'], { stdio: 'ignore' })
  server = await startServer({ namespace: net.server, host: SERVER_IP, args: ['--bind', SERVER_IP, '--config', config], port: HTTP, udpPort: 7882 })
  pages = await startPages()
  const args = ['--ignore-certificate-errors'] // of the TURN server's own; nothing else here is encrypted
  ;[low, high] = await Promise.all([openChromium({ hz: 440, args }), openChromium({ hz: 880, args })])
})
after(async () => {
  await Promise.allSettled([low?.close(), high?.close()])
  pages?.stop()
  await server?.stop()
  if (coturn && coturn.exitCode === null) {
    coturn.kill()
    await once(coturn, 'exit')
  }
  await net.filter([])
  if (folder) rmSync(folder, { recursive: true })
})
afterEach(() => Promise.allSettled([a?.close(), b?.close()]))

// Two browsers behind a firewall with the HTTP port and `rule`'s open, speaking with each other.
async function call(rule, connectOptions) {
  const room = `turn-${++calls}`
  await net.filter([`tcp dport ${HTTP} accept`, `tcp sport ${HTTP} accept`, ...rule, 'drop'])
  ;[a, b] = await Promise.all([low.newPage(), high.newPage()])
  for (const [page, identity] of [[a, 'anna'], [b, 'ben']]) {
    await page.goto(pages.url)
    await page.evaluate(([url, token, options]) => window.join(url, token, options), [server.ws, await server.token(room, identity), { connectOptions }])
  }
  await hears(a, 880, { timeout: 60_000 })
  await hears(b, 440, { timeout: 60_000 })
}

const metric = async (name) => {
  const text = net.within(net.server, 'curl', '-s', 'http://127.0.0.1:7879/metrics')
  return Number(text.match(new RegExp(`^offhook_${name}_total (\\d+)$`, 'm'))?.[1])
}

test('only HTTP and the TURN/TLS port are open: the call runs through TLS', async () => {
  await call([`tcp dport ${TURN_TLS} accept`, `tcp sport ${TURN_TLS} accept`])
  assert.ok((await metric('turn_relayed_out')) > 50)
})

test('iceTransportPolicy relay over the embedded TURN by UDP', async () => {
  await call([`udp dport ${TURN_UDP} accept`, `udp sport ${TURN_UDP} accept`], { rtcConfig: { iceTransportPolicy: 'relay' } })
})

test('an external coturn with credentials of its secret is the only way', async () => {
  const before = await metric('turn_relayed_out')
  await call([`udp dport ${COTURN} accept`, `udp sport ${COTURN} accept`])
  assert.equal(await metric('turn_relayed_out'), before)
})

test('Firefox, with nothing but HTTP and the TURN port by UDP', async () => {
  const firefox = await openFirefox({ hz: 660, secure: SERVER_IP })
  try {
    const open = [HTTP, TURN_UDP].flatMap((port) => [`${port === HTTP ? 'tcp' : 'udp'} dport ${port} accept`, `${port === HTTP ? 'tcp' : 'udp'} sport ${port} accept`])
    await net.filter([...open, 'drop'])
    ;[a, b] = [await low.newPage(), await firefox.newPage()]
    await Promise.all([a.goto(pages.url), b.goto(pages.url)])
    // playwright passes one argument, puppeteer a list
    await a.evaluate(([url, token]) => window.join(url, token), [server.ws, await server.token('fox', 'anna')])
    await b.evaluate((url, token) => window.join(url, token), server.ws, await server.token('fox', 'fox'))
    await hears(a, 660, { timeout: 60_000 })
    await hears(b, 440, { timeout: 60_000 })
  } finally {
    await firefox.close()
  }
})
