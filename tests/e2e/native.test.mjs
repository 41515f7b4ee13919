// native.test.mjs — LiveKit's native stack (@livekit/rtc-node) in one room with Chromium: both directions heard.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  AudioFrame, AudioSource, AudioStream, LocalAudioTrack, Room, RoomEvent, TrackPublishOptions, TrackSource, dispose,
} from '@livekit/rtc-node'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { openChromium } from './lib/browser.mjs'
import { eventually, hears, hearsNothing } from './lib/wait.mjs'
import { pitchOf } from './lib/tone.mjs'

const RATE = 48000
let server, pages, browser
before(async () => {
  server = await startServer()
  pages = await startPages()
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  pages?.stop()
  await server?.stop()
  await dispose()
})

// A native participant that hums `hz` and keeps the last half second it heard of each remote track.
async function nativeCaller(room, identity, hz) {
  const call = new Room()
  const heard = new Map()
  const tracks = []
  call.on(RoomEvent.TrackSubscribed, async (track, _publication, participant) => {
    tracks.push(participant.identity)
    const ring = new Float32Array(RATE / 2)
    heard.set(participant.identity, ring)
    for await (const frame of new AudioStream(track, RATE, 1)) {
      ring.copyWithin(0, frame.data.length)
      ring.set(Float32Array.from(frame.data, (x) => x / 32768), ring.length - frame.data.length)
    }
  })
  await call.connect(server.ws, await server.token(room, identity), { autoSubscribe: true, dynacast: false })
  const source = new AudioSource(RATE, 1)
  const track = LocalAudioTrack.createAudioTrack('microphone', source)
  const options = new TrackPublishOptions()
  options.source = TrackSource.SOURCE_MICROPHONE
  const publication = await call.localParticipant.publishTrack(track, options)
  let humming = true
  const hum = (async () => {
    for (let at = 0; humming; at += RATE / 50) {
      const samples = Int16Array.from({ length: RATE / 50 }, (_, i) => 12000 * Math.sin((2 * Math.PI * hz * (at + i)) / RATE))
      await source.captureFrame(new AudioFrame(samples, RATE, 1, samples.length))
    }
  })()
  return {
    call,
    tracks,
    publication,
    pitch: (identityOf) => (heard.has(identityOf) ? pitchOf(heard.get(identityOf), RATE) : { hz: 0, amplitude: 0 }),
    stop: async () => {
      humming = false
      await hum
      await call.disconnect()
    },
  }
}
const hearsNatively = (caller, identity, hz) =>
  eventually(`${hz} Hz heard natively`, () => {
    const pitch = caller.pitch(identity)
    return { ok: Math.abs(pitch.hz - hz) <= 10 && pitch.amplitude > 0.02, ...pitch }
  })

describe('rtc-node and Chromium', () => {
  let native, page
  before(async () => {
    native = await nativeCaller('native', 'robot', 660)
    page = await browser.newPage()
    await page.goto(pages.url)
    await page.evaluate(([url, token]) => window.join(url, token), [server.ws, await server.token('native', 'anna')])
  })
  after(async () => {
    await native?.stop()
    await page?.close()
  })

  test('Chromium hears the native tone', () => hears(page, 660))
  test('the native client hears Chromium', () => hearsNatively(native, 'anna', 440))
  test('mute in the browser is silence in the native client', async () => {
    await page.evaluate(() => window.room.localParticipant.setMicrophoneEnabled(false))
    await eventually('silence', () => native.pitch('anna').amplitude < 0.003)
    await page.evaluate(() => window.room.localParticipant.setMicrophoneEnabled(true))
    await hearsNatively(native, 'anna', 440)
  })
  test('the native participant has the right shape', async () => {
    const seen = await page.evaluate(() => {
      const robot = [...window.room.remoteParticipants.values()][0]
      const publication = [...robot.trackPublications.values()][0]
      return { identity: robot.identity, source: publication.source, kind: publication.kind, mime: publication.mimeType }
    })
    assert.deepEqual({ ...seen, mime: undefined }, { identity: 'robot', source: 'microphone', kind: 'audio', mime: undefined })
    assert.match(seen.mime, /^audio\/(opus|red)$/)
  })
})

test('two native clients hear each other', async () => {
  const [a, b] = [await nativeCaller('natives', 'r2', 500), await nativeCaller('natives', 'c3', 900)]
  await hearsNatively(a, 'c3', 900)
  await hearsNatively(b, 'r2', 500)
  await Promise.all([a.stop(), b.stop()])
})
