// network-faults.test.mjs — bad networks between a browser and the server: blocked UDP, UDP that dies mid-call, a NAT that rebinds, an
// offline spell, a server killed and restarted. The call goes on, judged by the sound. Started by run-network.mjs.
import { after, afterEach, before, beforeEach, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { openChromium } from './lib/browser.mjs'
import { exchange, takeParcels } from './lib/parcels.mjs'
import { eventually, hears } from './lib/wait.mjs'
import { SERVER_IP, network } from './lib/network.mjs'

const net = network(process.env.OFFHOOK_NETWORK)
let server, pages, low, high, a, b
const start = (more) =>
  startServer({ namespace: net.server, host: SERVER_IP, args: ['--bind', SERVER_IP], port: 7880, udpPort: 7882, ...more })

before(async () => {
  server = await start()
  pages = await startPages()
  ;[low, high] = await Promise.all([openChromium({ hz: 440 }), openChromium({ hz: 880 })])
})
after(async () => {
  await Promise.allSettled([low?.close(), high?.close()])
  pages?.stop()
  await server?.stop()
})
let calls = 0
async function call() {
  const room = `network-${++calls}`
  ;[a, b] = await Promise.all([low.newPage(), high.newPage()])
  for (const [page, identity] of [[a, 'anna'], [b, 'ben']]) {
    await page.goto(pages.url)
    await page.evaluate(([url, token]) => window.join(url, token), [server.ws, await server.token(room, identity)])
  }
  await heard()
}
const heard = async (options = { timeout: 60_000 }) => {
  await hears(a, 880, options)
  await hears(b, 440, options)
}
const protocols = async (page) => (await page.evaluate(() => window.transport())).map((pair) => pair.protocol)
beforeEach(() => net.filter([]))
afterEach(() => Promise.allSettled([a?.close(), b?.close()]))

test('all UDP blocked from the start: the call runs over ICE-TCP', async () => {
  await net.filter(['ip protocol udp drop'])
  await call()
  assert.ok((await protocols(a)).every((protocol) => protocol === 'tcp'), JSON.stringify(await protocols(a)))
})

test('UDP dies in mid-call: the call moves to ICE-TCP', async () => {
  await call()
  assert.ok((await protocols(a)).includes('udp'))
  await net.filter(['ip protocol udp drop'])
  await eventually('anna is on TCP', async () => (await protocols(a)).includes('tcp'), { timeout: 60_000 })
  await heard()
})

test('the NAT rebinds: the call does not end', async () => {
  await call()
  await a.evaluate(() => (window.events.length = 0))
  await net.rebind('30000-40000')
  await new Promise((done) => setTimeout(done, 1000))
  await heard()
  const seen = await a.evaluate(() => window.events.map((event) => event.name))
  assert.ok(!seen.includes('disconnected'), seen.join(' '))
})

test('5 % loss in both directions is survived', async () => {
  await net.filter(['ip protocol udp numgen random mod 100 < 5 drop'])
  await call()
})

test('5 % loss in both directions: packets and streams of up to 2 MB arrive whole', { timeout: 180_000 }, async () => {
  await net.filter(['ip protocol udp numgen random mod 100 < 5 drop'])
  await call()
  const person = (page) => ({
    post: (name, ...args) => page.evaluate(([n, rest]) => window.post[n](...rest), [name, args]),
    parcels: () => page.evaluate(() => window.parcels),
  })
  for (const page of [a, b]) await page.evaluate(takeParcels)
  await exchange(person(a), person(b), 'anna', [2_000_000], { timeout: 90_000, lossy: [0, 1, 1024] })
  await exchange(person(b), person(a), 'ben', [60_000], { timeout: 90_000, lossy: [0, 1, 1024] })
})

test('10 seconds offline: the call comes back by itself', async () => {
  await call()
  await net.filter(['drop'])
  await new Promise((done) => setTimeout(done, 10_000))
  await net.filter([])
  await eventually('connected again', () => a.evaluate(() => window.room.state === 'connected'), { timeout: 60_000 })
  await heard()
})

test('the server is killed and restarted: the clients come back', async () => {
  await call()
  await server.stop('SIGKILL')
  server = await start({ keys: server })
  await heard({ timeout: 90_000, lossy: [0, 1, 1024] })
})
