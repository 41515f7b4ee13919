// button-leaks.test.mjs — the button comes and goes 200 times on one page, and calls 50 times: nothing of it stays behind.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { pageWith, scriptTag, startWebsite } from './lib/host-page.mjs'
import { showsState } from './lib/visitor.mjs'

const CALLS = 50
let server, website, browser
before(async () => {
  website = await startWebsite(() => ({ html: pageWith(scriptTag(server.http)) }))
  server = await startServer({ args: ['--voice-allowed-origins', website.url, '--voice-per-address-budget', '0'] })
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  website?.stop()
  await server?.stop()
})

async function open() {
  const page = await browser.newPage()
  await page.goto(website.url)
  await page.evaluate(() => customElements.whenDefined('offhook-call'))
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  await cdp.send('HeapProfiler.enable')
  return { page, cdp }
}
// What is alive after the garbage is gone.
async function alive(cdp) {
  for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const value = (name) => metrics.find((metric) => metric.name === name).value
  return { nodes: value('Nodes'), listeners: value('JSEventListeners'), heap: value('JSHeapUsedSize'), audio: value('AudioHandlers'), peers: value('RTCPeerConnections') }
}
// Twice the work may not leave more than once the work did: what is cached is cached once.
function assertSame(before, after, what) {
  assert.ok(after.nodes - before.nodes <= 20, `${what}: ${before.nodes} → ${after.nodes} nodes`)
  assert.ok(after.listeners - before.listeners <= 5, `${what}: ${before.listeners} → ${after.listeners} listeners`)
  assert.ok(after.audio <= before.audio, `${what}: ${before.audio} → ${after.audio} audio nodes`)
  assert.ok(after.peers <= before.peers, `${what}: ${before.peers} → ${after.peers} peer connections`)
  assert.ok(after.heap - before.heap < 1_500_000, `${what}: heap ${before.heap} → ${after.heap}`)
}

test('S14 S51 the element is added, opened and removed 200 times: no node, listener or memory stays', async () => {
  const { page, cdp } = await open()
  const cycle = (times) =>
    page.evaluate(async (times) => {
      document.querySelector('offhook-call')?.remove()
      for (let i = 0; i < times; i++) {
        const element = document.createElement('offhook-call')
        element.setAttribute('no-prefetch', '')
        document.body.append(element)
        element.open()
        await new Promise((done) => requestAnimationFrame(done))
        element.remove()
        await new Promise((done) => setTimeout(done, 0))
      }
    }, times)
  await cycle(20)
  const before = await alive(cdp)
  await cycle(200)
  assertSame(before, await alive(cdp), '200 times')
  await page.close()
})

test(`S14 S51 ${CALLS} calls one after the other: no node, listener, audio node or connection stays`, async () => {
  const { page, cdp } = await open()
  // Counts microphones that are still on.
  await page.evaluate(() => {
    window.microphones = new Set()
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await ask(constraints)
      for (const track of stream.getTracks()) window.microphones.add(track)
      return stream
    }
  })
  const calls = async (times) => {
    for (let i = 0; i < times; i++) {
      await page.evaluate(() => document.querySelector('offhook-call').start())
      await showsState(page, 'connected', { every: 30 })
      await page.evaluate(() => document.querySelector('offhook-call').end())
      await showsState(page, 'ended', { every: 30 })
    }
  }
  await calls(5)
  const before = await alive(cdp)
  await calls(CALLS)
  assertSame(before, await alive(cdp), `${CALLS} calls`)
  const on = await page.evaluate(() => [window.microphones.size, [...window.microphones].filter((track) => track.readyState === 'live').length])
  assert.ok(on[0] > CALLS, `only ${on[0]} microphones were asked for`)
  assert.equal(on[1], 0, 'a microphone is still on')
  await page.close()
})
