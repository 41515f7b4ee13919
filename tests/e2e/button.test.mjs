// button.test.mjs — our own page, as a visitor uses it: by role and name, judged by what is heard.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { eventually } from './lib/wait.mjs'

let server, low, high
before(async () => {
  server = await startServer()
  ;[low, high] = await Promise.all([openChromium({ hz: 440 }), openChromium({ hz: 880 })])
})
after(async () => {
  await Promise.allSettled([low?.close(), high?.close()])
  await server?.stop()
})

// Listens to whatever remote audio the page plays, without knowing how it is built: wraps media elements as they get streams.
const EAR = () => {
  const analysers = new Set()
  let context
  const descriptor = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject')
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...descriptor,
    set(stream) {
      descriptor.set.call(this, stream)
      if (!stream?.getAudioTracks().length) return
      context ??= new AudioContext()
      const analyser = context.createAnalyser()
      analyser.fftSize = 16384
      analyser.smoothingTimeConstant = 0
      context.createMediaStreamSource(stream).connect(analyser)
      analysers.add({ analyser, element: this })
    },
  })
  window.hear = () => {
    let best = { hz: 0, rms: 0, audible: false }
    for (const { analyser, element } of analysers) {
      const samples = new Float32Array(analyser.fftSize)
      analyser.getFloatTimeDomainData(samples)
      const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
      if (rms < best.rms) continue
      const bins = new Float32Array(analyser.frequencyBinCount)
      analyser.getFloatFrequencyData(bins)
      let peak = 1
      for (let i = 2; i < bins.length; i++) if (bins[i] > bins[peak]) peak = i
      best = { hz: (peak * context.sampleRate) / analyser.fftSize, rms, audible: !element.muted && element.volume > 0 }
    }
    return best
  }
}

async function visitor(browser, url) {
  const page = await browser.newPage()
  const problems = []
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(server.http) && !request.url().startsWith('blob:') && !request.url().startsWith('data:'))
      problems.push(`third-party request ${request.url()}`)
  })
  await page.addInitScript(EAR)
  await page.goto(url)
  return { page, problems }
}
const hears = (page, hz) =>
  eventually(`${hz} Hz heard`, async () => {
    const heard = await page.evaluate(() => window.hear())
    return { ok: Math.abs(heard.hz - hz) < 12 && heard.rms > 0.02, ...heard }
  })
const startCall = async (page) => {
  await page.getByRole('button', { name: /talk to us/i }).click()
  await page.getByRole('button', { name: 'Start voice call' }).click()
}

describe('the page of the binary', () => {
  test('S02 S11 the echo partner returns the visitor’s own voice', async () => {
    const { page, problems } = await visitor(low, server.http)
    await startCall(page)
    await hears(page, 440)
    await eventually('connected is shown', async () =>
      (await page.locator('[data-oh-state="connected"]').count()) > 0,
    )
    await page.getByRole('timer').waitFor()
    const mute = page.getByRole('button', { name: /mute microphone/i })
    await mute.click()
    await eventually('muted is shown', async () => (await page.getByRole('button', { name: /microphone/i }).first().getAttribute('aria-pressed')) === 'true')
    await eventually('silence after mute', async () => (await page.evaluate(() => window.hear())).rms < 0.003)
    await page.getByRole('button', { name: /microphone/i }).first().click()
    await hears(page, 440)
    await page.getByRole('button', { name: /speaker/i }).first().click()
    await eventually('S05 the speaker is off', async () => !(await page.evaluate(() => window.hear())).audible)
    await page.getByRole('button', { name: /speaker/i }).first().click()
    await page.getByRole('button', { name: 'End call' }).click()
    await eventually('ended', async () => (await page.locator('[data-oh-state="connected"]').count()) === 0)
    assert.deepEqual(problems, [])
    await page.close()
  })

  test('the second link opens the other side: both people hear each other', async () => {
    const first = await visitor(low, server.http)
    const [popup] = await Promise.all([
      first.page.context().waitForEvent('page'),
      first.page.getByRole('link', { name: /two-person call|other side/i }).first().click(),
    ])
    await popup.waitForURL(/invite=/)
    const other = await visitor(high, popup.url())
    await popup.close()
    await startCall(first.page)
    await startCall(other.page)
    await hears(first.page, 880)
    await hears(other.page, 440)
    await first.page.getByRole('button', { name: 'End call' }).click()
    assert.deepEqual([...first.problems, ...other.problems], [])
    await Promise.all([first.page.close(), other.page.close()])
  })

  test('S28 a refused microphone is explained, with a way to try again', async () => {
    const browser = await openChromium({ permission: false, args: ['--deny-permission-prompts'] })
    const { page } = await visitor(browser, server.http)
    await startCall(page)
    await eventually('failed is shown', async () => (await page.locator('[data-oh-state="failed"]').count()) > 0)
    await page.getByRole('button', { name: /try again/i }).waitFor()
    assert.match(await page.getByRole('dialog').innerText(), /microphone/i)
    await browser.close()
  })
})
