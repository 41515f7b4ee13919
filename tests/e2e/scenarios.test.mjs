// scenarios.test.mjs — every simulateScenario of livekit-client that concerns audio: the call recovers by itself, sound included.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { openChromium } from './lib/browser.mjs'
import { eventually, hears } from './lib/wait.mjs'

let server, pages, low, high
before(async () => {
  server = await startServer()
  pages = await startPages()
  ;[low, high] = await Promise.all([openChromium({ hz: 440 }), openChromium({ hz: 880 })])
})
after(async () => {
  await Promise.allSettled([low?.close(), high?.close()])
  pages?.stop()
  await server?.stop()
})

const scenarios = process.env.SCENARIO ? [process.env.SCENARIO] : [
  'signal-reconnect',
  'resume-reconnect',
  'disconnect-signal-on-resume',
  'disconnect-signal-on-resume-no-messages',
  'full-reconnect',
  'leave-full-reconnect',
  'node-failure',
  'migration',
  'force-tcp',
]

for (const [mode, singlePeerConnection] of [['single', true], ['dual', false]])
  describe(`S24 recovery, ${mode} peer connection`, () => {
    for (const scenario of scenarios)
      test(scenario, async () => {
        const [a, b] = await Promise.all([low.newPage(), high.newPage()])
        try {
          await Promise.all([a.goto(pages.url), b.goto(pages.url)])
          const enter = async (page, identity) =>
            page.evaluate(([url, token, options]) => window.join(url, token, options), [
              server.ws,
              await server.token(`scenario-${mode}-${scenario}`, identity),
              { roomOptions: { singlePeerConnection } },
            ])
          await enter(a, 'anna')
          await enter(b, 'ben')
          await hears(a, 880)
          await hears(b, 440)
          await a.evaluate((name) => {
            window.events.length = 0
            return window.room.simulateScenario(name)
          }, scenario)
          await eventually('something happened to the connection', () =>
            a.evaluate(() => window.events.some((e) => ['signalReconnecting', 'reconnecting', 'signalConnected', 'connectionStateChanged'].includes(e.name))),
          )
          await eventually('connected again', () => a.evaluate(() => window.room.state === 'connected'), { timeout: 40_000 })
          await hears(a, 880, { timeout: 30_000 })
          await hears(b, 440, { timeout: 30_000 })
          if (scenario === 'force-tcp')
            await eventually('the sound comes over TCP', async () => {
              const pairs = await a.evaluate(() => window.transport())
              return { ok: pairs.length > 0 && pairs.every((pair) => pair.protocol === 'tcp'), pairs }
            })
        } finally {
          await Promise.all([a.close(), b.close()])
        }
      })
  })

test('server-leave ends the call and says why', async () => {
  const page = await low.newPage()
  await page.goto(pages.url)
  await page.evaluate(([url, token]) => window.join(url, token), [server.ws, await server.token('leaving', 'anna')])
  await page.evaluate(() => window.room.simulateScenario('server-leave'))
  await eventually('disconnected', () => page.evaluate(() => window.room.state === 'disconnected'))
  const reason = await page.evaluate(() => window.events.find((e) => e.name === 'disconnected').arg)
  assert.equal(reason, 3) // DisconnectReason.SERVER_SHUTDOWN
  await page.close()
})

test('speaker scenario is shown', async () => {
  const page = await low.newPage()
  await page.goto(pages.url)
  await page.evaluate(([url, token]) => window.join(url, token, { publish: false }), [server.ws, await server.token('speaking', 'anna')])
  await page.evaluate(() => window.room.simulateScenario('speaker'))
  await eventually('speaking', () => page.evaluate(() => window.room.activeSpeakers.length === 1))
  await eventually('quiet again', () => page.evaluate(() => window.room.activeSpeakers.length === 0))
  await page.close()
})
