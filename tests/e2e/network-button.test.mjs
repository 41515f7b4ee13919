// network-button.test.mjs — the call button on bad networks: what a person sees, and that the sound comes back. Started by
// run-network.mjs. The calls go to the echo partner, so one browser hears whether both directions work.
import { after, afterEach, before, beforeEach, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { hears } from './lib/wait.mjs'
import { showsState, startCall, visitor } from './lib/visitor.mjs'
import { SERVER_IP, network } from './lib/network.mjs'

const net = network(process.env.OFFHOOK_NETWORK)
const HOME = `http://${SERVER_IP}:7880`
const SLOW = { timeout: 60_000 }
let server, browser, page
const start = (more) =>
  startServer({ namespace: net.server, host: SERVER_IP, args: ['--bind', SERVER_IP], port: 7880, udpPort: 7882, ...more })

before(async () => {
  server = await start()
  // Microphones are for https and localhost; this network has neither.
  browser = await openChromium({ hz: 440, args: [`--unsafely-treat-insecure-origin-as-secure=${HOME}`] })
})
after(async () => {
  await browser?.close()
  await server?.stop()
})
beforeEach(() => net.filter([]))
afterEach(() => page?.close())

async function call() {
  page = (await visitor(browser, HOME)).page
  await startCall(page)
  await showsState(page, 'connected', SLOW)
  await hears(page, 440, SLOW)
}

for (const percent of [5, 20])
  test(`S48 S58 ${percent} % loss in both directions: connected, and the voice comes back`, async () => {
    await net.filter([`ip protocol udp numgen random mod 100 < ${percent} drop`])
    await call()
  })

test('S58 300 ms more on the way: connected, and the voice comes back', async () => {
  const shorten = await net.delay(300)
  try {
    const before = Date.now()
    await fetch(HOME)
    assert.ok(Date.now() - before >= 300, 'the line is not longer')
    await call()
  } finally {
    await shorten()
  }
})

test('S18 UDP blocked: the button connects all the same', async () => {
  await net.filter(['ip protocol udp drop'])
  await call()
})

test('S24 ten seconds offline: reconnecting is shown, then connected, and the voice is back', async () => {
  await call()
  await net.filter(['drop'])
  await showsState(page, 'reconnecting', SLOW)
  await new Promise((done) => setTimeout(done, 10_000))
  await net.filter([])
  await showsState(page, 'connected', SLOW)
  await hears(page, 440, SLOW)
})

test('S09 the server is killed and restarted: reconnecting is shown, then connected, and the voice is back', async () => {
  await call()
  await server.stop('SIGKILL')
  await showsState(page, 'reconnecting', SLOW)
  server = await start({ keys: server })
  await showsState(page, 'connected', { timeout: 90_000 })
  await hears(page, 440, SLOW)
})

test('S18 the laptop sleeps for 15 s: after waking the call is back by itself', async () => {
  await call()
  const { processInfo } = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo')
  const pids = processInfo.map(({ id }) => String(id))
  const signal = (name) => execFileSync('kill', [`-${name}`, ...pids])
  signal('STOP')
  await new Promise((done) => setTimeout(done, 15_000))
  signal('CONT')
  await showsState(page, 'connected', SLOW)
  await hears(page, 440, SLOW)
})
