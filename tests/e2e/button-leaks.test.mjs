// button-leaks.test.mjs — the button comes and goes 200 times on one page, and calls 50 times: nothing of it stays behind.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { pageWith, scriptTag, startWebsite } from './lib/host-page.mjs'
import { eventually } from './lib/wait.mjs'
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
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const value = (name) => metrics.find((metric) => metric.name === name).value
  return { nodes: value('Nodes'), listeners: value('JSEventListeners'), heap: value('JSHeapUsedSize'), audio: value('AudioHandlers'), peers: value('RTCPeerConnections') }
}
// Everything is as before, once finalizers have run (livekit-client takes its last listener off in one): what is cached is cached once.
const staysSame = (cdp, before, what) =>
  eventually(`${what} leave nothing behind`, async () => {
    const after = await alive(cdp)
    const ok = after.nodes - before.nodes <= 20 && after.listeners - before.listeners <= 5 && after.audio <= before.audio
      && after.peers <= before.peers && after.heap - before.heap < 1_500_000
    return { ok, before, after }
  }, { every: 500 })

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
  await staysSame(cdp, before, '200 times')
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
  await staysSame(cdp, before, `${CALLS} calls`)
  const on = await page.evaluate(() => [window.microphones.size, [...window.microphones].filter((track) => track.readyState === 'live').length])
  assert.ok(on[0] > CALLS, `only ${on[0]} microphones were asked for`)
  assert.equal(on[1], 0, 'a microphone is still on')
  await page.close()
})
