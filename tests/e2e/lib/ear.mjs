// ear.mjs — listens in a page that nobody prepared: what remote audio it plays, what it took from the microphone, which
// connections it has. Give EAR to `addInitScript`; the rest reads what it noted.
import { eventually } from './wait.mjs'

export const EAR = () => {
  const analysers = new Set()
  const microphones = []
  const connections = []
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
  const devices = globalThis.MediaDevices?.prototype
  if (devices) {
    const ask = devices.getUserMedia
    devices.getUserMedia = async function (constraints) {
      const stream = await ask.call(this, constraints)
      microphones.push(...stream.getAudioTracks())
      return stream
    }
  }
  const Connection = globalThis.RTCPeerConnection
  if (Connection)
    globalThis.RTCPeerConnection = new Proxy(Connection, {
      construct(target, args, wanted) {
        const connection = Reflect.construct(target, args, wanted)
        connections.push(connection)
        return connection
      },
    })
  // The loudest of what the page plays: pitch, loudness, and whether the element lets it out.
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
  window.microphones = () => ({ asked: microphones.length, live: microphones.filter((track) => track.readyState === 'live').length })
  window.connections = () => connections.map((connection) => connection.connectionState)
  window.transports = async () => {
    const found = []
    for (const connection of connections)
      for (const [, report] of await connection.getStats())
        if (report.type === 'transport')
          found.push({ dtls: report.dtlsState, cipher: report.srtpCipher, sent: report.bytesSent, received: report.bytesReceived })
    return found
  }
}

export const microphoneReleased = (page) =>
  eventually('the microphone is released', async () => {
    const { asked, live } = await page.evaluate(() => window.microphones())
    return { ok: asked > 0 && live === 0, asked, live }
  })
