// two-browsers.test.mjs — two Chromiums with unmodified livekit-client: each hears the other's tone, in both connection modes.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { openChromium } from './lib/browser.mjs'
import { eventually, hears, hearsNothing } from './lib/wait.mjs'

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

async function pair(room, options) {
  const [a, b] = await Promise.all([low.newPage(), high.newPage()])
  await Promise.all([a.goto(pages.url), b.goto(pages.url)])
  const enter = async (page, identity) =>
    page.evaluate(([url, token, opts]) => window.join(url, token, opts), [server.ws, await server.token(room, identity), options])
  await enter(a, 'anna')
  await enter(b, 'ben')
  return [a, b]
}

const modes = [
  ['a single peer connection', {}],
  ['two peer connections', { roomOptions: { singlePeerConnection: false } }],
]
for (const [name, options] of modes)
  describe(`S03 real-time audio with ${name}`, () => {
    let a, b
    before(async () => {
      ;[a, b] = await pair(`call-${modes.findIndex((m) => m[0] === name)}`, options)
    })
    after(() => Promise.all([a?.close(), b?.close()]))

    test('each hears the other', async () => {
      await hears(a, 880)
      await hears(b, 440)
    })

    test('S20 mute stops the sound within a second, unmute brings it back', async () => {
      await a.evaluate(() => window.room.localParticipant.setMicrophoneEnabled(false))
      const told = Date.now()
      await hearsNothing(b)
      assert.ok(Date.now() - told < 10_000)
      await eventually('ben is told', () =>
        b.evaluate(() => [...window.room.remoteParticipants.values()][0].isMicrophoneEnabled === false),
      )
      await hears(a, 880)
      await a.evaluate(() => window.room.localParticipant.setMicrophoneEnabled(true))
      await hears(b, 440)
    })

    test('active speakers and connection quality arrive', async () => {
      await eventually('speakers', () => a.evaluate(() => window.room.activeSpeakers.some((s) => s.identity === 'ben')))
      await eventually('quality', () =>
        b.evaluate(() => window.room.localParticipant.connectionQuality === 'excellent'),
      )
    })

    test('S48 the browser learns the bandwidth from our transport-wide feedback', () =>
      eventually('an estimate', async () => {
        const pairs = await a.evaluate(() => window.transport())
        return { ok: pairs.some((pair) => pair.bitrate > 500_000), pairs } // it starts at 300,000 and falls without feedback
      }))

    test('S49 both directions agreed on Opus, alone or in a redundant wrapping', () =>
      eventually('codecs', async () => {
        const codecs = await a.evaluate(() => window.codecs())
        return { ok: ['outbound-rtp', 'inbound-rtp'].every((way) => /^audio\/(opus|red)$/i.test(codecs[way] ?? '')), codecs }
      }))

    test('unpublish and publish again', async () => {
      await a.evaluate(async () => {
        const local = window.room.localParticipant
        const publication = [...local.trackPublications.values()][0]
        await local.unpublishTrack(publication.track, true)
      })
      await eventually('gone', () =>
        b.evaluate(() => [...window.room.remoteParticipants.values()][0].trackPublications.size === 0),
      )
      await a.evaluate(() => window.room.localParticipant.setMicrophoneEnabled(true))
      await hears(b, 440)
    })

    test('S25 leaving is seen at once', async () => {
      await a.evaluate(() => window.room.disconnect())
      await eventually('ben is alone', () => b.evaluate(() => window.room.remoteParticipants.size === 0))
    })
  })

test('S46 a camera is refused with a clear reason, at once', async () => {
  const page = await low.newPage()
  await page.goto(pages.url)
  await page.evaluate(([url, token]) => window.join(url, token), [server.ws, await server.token('video', 'anna')])
  const problem = await page.evaluate(async () => {
    const from = performance.now()
    try {
      await window.room.localParticipant.setCameraEnabled(true)
      return { published: true }
    } catch (error) {
      return { message: error.message, ms: performance.now() - from }
    }
  })
  assert.match(problem.message ?? 'published', /permission/i)
  assert.ok(problem.ms < 5000, `took ${problem.ms} ms`)
  await page.close()
})

test('S17 a bad token is refused with its reason', async () => {
  const page = await low.newPage()
  await page.goto(pages.url)
  const problem = await page.evaluate(
    async ([url]) => window.join(url, 'not-a-token').then(() => null, (error) => ({ message: error.message, reason: error.reason })),
    [server.ws],
  )
  assert.equal(problem?.reason, 0) // NotAllowed
  await page.close()
})
