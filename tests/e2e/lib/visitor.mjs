// visitor.mjs — somebody on a web page with the call button: finds it by role and name, listens to what the page plays.
import { eventually } from './wait.mjs'

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

// Opens `url` as a visitor would. `problems` collects errors of the console, uncaught ones, and requests to
// anybody but `home` (one address or several).
export async function visitor(browser, url, { home = new URL(url).origin, context = {} } = {}) {
  const page = await browser.newPage(context)
  const problems = []
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('request', (request) => {
    if (!['blob:', 'data:'].concat(home).some((start) => request.url().startsWith(start)))
      problems.push(`third-party request ${request.url()}`)
  })
  await page.addInitScript(EAR)
  await page.goto(url)
  return { page, problems }
}

// The page shows the call in this state (data-oh-state).
export const showsState = (page, state, options) =>
  eventually(`${state} is shown`, async () => (await page.locator(`[data-oh-state="${state}"]`).count()) > 0, options)

export const startCall = async (page) => {
  await page.getByRole('button', { name: /talk to us/i }).click()
  await page.getByRole('button', { name: 'Start voice call' }).click()
}
