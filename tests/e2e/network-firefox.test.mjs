// network-firefox.test.mjs — Firefox ESR and Chromium in one room, both connection modes. Started by run-network.mjs: Firefox does not
// gather candidates on a machine that has only loopback, so it lives in a namespace with a real interface.
import { after, before, describe, test } from 'node:test'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { openChromium, openFirefox } from './lib/browser.mjs'
import { hears } from './lib/wait.mjs'
import { SERVER_IP, network } from './lib/network.mjs'

const net = network(process.env.OFFHOOK_NETWORK)

let server, pages, chromium, firefox
before(async () => {
  await net.filter([])
  server = await startServer({ namespace: net.server, host: SERVER_IP, args: ['--bind', SERVER_IP], port: 7880, udpPort: 7882 })
  pages = await startPages()
  ;[chromium, firefox] = await Promise.all([openChromium({ hz: 440 }), openFirefox({ hz: 880 })])
})
after(async () => {
  await Promise.allSettled([chromium?.close(), firefox?.close()])
  pages?.stop()
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
