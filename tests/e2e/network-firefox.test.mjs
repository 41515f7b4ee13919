// network-firefox.test.mjs — Firefox ESR and Chromium in one room, both connection modes. Started by run-network.mjs: Firefox does not
// gather candidates on a machine that has only loopback, so it lives in a namespace with a real interface.
import { after, before, describe, test } from 'node:test'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { openChromium, openFirefox } from './lib/browser.mjs'
import { EAR, microphoneReleased } from './lib/ear.mjs'
import { pageWith, scriptTag, startWebsite } from './lib/host-page.mjs'
import { exchange, takeParcels } from './lib/parcels.mjs'
import { hears } from './lib/wait.mjs'
import { SERVER_IP, network } from './lib/network.mjs'

const net = network(process.env.OFFHOOK_NETWORK)

let server, pages, website, chromium, firefox
before(async () => {
  await net.filter([])
  website = await startWebsite(() => ({ html: pageWith(scriptTag(server.http)) }))
  server = await startServer({ namespace: net.server, host: SERVER_IP, args: ['--bind', SERVER_IP, '--voice-allowed-origins', website.url], port: 7880, udpPort: 7882 })
  pages = await startPages()
  ;[chromium, firefox] = await Promise.all([openChromium({ hz: 440 }), openFirefox({ hz: 880, secure: SERVER_IP })])
})
after(async () => {
  await Promise.allSettled([chromium?.close(), firefox?.close()])
  pages?.stop()
  website?.stop()
  await server?.stop()
})

for (const singlePeerConnection of [true, false])
  describe(`S53 Firefox, ${singlePeerConnection ? 'one peer connection' : 'two peer connections'}`, () => {
    test('both directions are heard', async () => {
      const [a, b] = await Promise.all([chromium.newPage(), firefox.newPage()])
      await Promise.all([a.goto(pages.url), b.goto(pages.url)])
      const options = { roomOptions: { singlePeerConnection } }
      const room = `fox-${singlePeerConnection}`
      // playwright passes one argument, puppeteer a list
      await a.evaluate(([u, t, o]) => window.join(u, t, o), [server.ws, await server.token(room, 'anna'), options])
      await b.evaluate((u, t, o) => window.join(u, t, o), server.ws, await server.token(room, 'fox'), options)
      await hears(a, 880)
      await hears(b, 440)
      await Promise.all([a.close(), b.close()])
    })
  })

test('S53 data of all sizes between Firefox and Chromium, both ways: packets, reliable and lossy, text and byte streams up to 15 MB', { timeout: 240_000 }, async () => {
  const people = []
  for (const [browser, identity] of [[chromium, 'anna'], [firefox, 'fox']]) {
    const page = await browser.newPage()
    // playwright passes one argument, puppeteer a list
    const drive = (action, ...args) => (browser === chromium ? page.evaluate(([a, rest]) => window.drive(a, rest), [action, args]) : page.evaluate((a, rest) => window.drive(a, rest), action, args))
    await page.goto(pages.url)
    await page.evaluate(() => {
      window.drive = (action, args) => (action === 'parcels' ? window.parcels : action === 'join' ? window.join(...args) : window.post[action](...args))
    })
    await drive('join', server.ws, await server.token('fox-data', identity), { publish: false })
    await page.evaluate(takeParcels)
    people.push({ page, post: drive, parcels: () => drive('parcels') })
  }
  const [anna, fox] = people
  await fox.page.waitForFunction(() => window.room.remoteParticipants.size === 1)
  await exchange(fox, anna, 'fox', [0, 1, 60_000, 15_000_000])
  await exchange(anna, fox, 'anna', [0, 1, 60_000, 15_000_000])
  await Promise.all(people.map(({ page }) => page.close()))
})

// A click on the button of this name, also inside the element. Firefox names nothing in shadow trees to its remote control.
async function press(page, name) {
  const button = await page.waitForFunction((name) => {
    const roots = [document, ...[...document.querySelectorAll('offhook-call')].map((element) => element.shadowRoot)]
    return roots.flatMap((root) => [...(root?.querySelectorAll('button') ?? [])])
      .find((button) => (button.ariaLabel ?? button.textContent).trim() === name && button.checkVisibility())
  }, {}, name)
  await button.click()
}
for (const [kind, url] of [['React on our own page', () => server.http], ['<offhook-call> on another website', () => website.url]])
  test(`S53 S58 the button in Firefox, ${kind}: the own voice comes back, and the call ends`, async () => {
    const page = await firefox.newPage()
    await page.evaluateOnNewDocument(EAR)
    await page.goto(url())
    await press(page, 'Talk to us')
    await press(page, 'Start voice call')
    await hears(page, 880, { timeout: 60_000 })
    await press(page, 'End call')
    await microphoneReleased(page)
    await page.close()
  })
