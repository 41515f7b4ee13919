// client.js — in the browser: one livekit-client room, and an ear that measures what each remote track sounds like.
/* global LivekitClient */
const ears = new Map() // track sid -> {analyser, element}
let context
const events = []

function listen(track) {
  context ??= new AudioContext()
  const element = track.attach() // a remote track reaches WebAudio only if an element plays it too
  document.body.append(element)
  const source = context.createMediaStreamSource(new MediaStream([track.mediaStreamTrack]))
  const analyser = context.createAnalyser()
  analyser.fftSize = 16384
  analyser.smoothingTimeConstant = 0
  source.connect(analyser)
  ears.set(track.sid, { analyser, element })
}

// The loudest frequency now arriving, and the RMS of the last third of a second; over all remote tracks or one.
function hear(sid) {
  let best = { hz: 0, rms: 0, tracks: ears.size }
  for (const [id, { analyser }] of ears) {
    if (sid && id !== sid) continue
    const samples = new Float32Array(analyser.fftSize)
    analyser.getFloatTimeDomainData(samples)
    const rms = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
    if (rms < best.rms) continue
    const bins = new Float32Array(analyser.frequencyBinCount)
    analyser.getFloatFrequencyData(bins)
    let peak = 1
    for (let i = 2; i < bins.length; i++) if (bins[i] > bins[peak]) peak = i
    best = { ...best, hz: (peak * context.sampleRate) / analyser.fftSize, rms }
  }
  return best
}

window.events = events
window.hear = hear
window.join = async (url, token, { roomOptions = {}, connectOptions = {}, publish = true } = {}) => {
  const room = new LivekitClient.Room(roomOptions)
  window.room = room
  for (const name of Object.values(LivekitClient.RoomEvent))
    room.on(name, (...args) => {
      events.push({ name, at: performance.now(), arg: typeof args[0] === 'object' ? (args[0]?.identity ?? args[0]?.sid ?? null) : args[0] })
    })
  room.on('trackSubscribed', listen)
  room.on('trackUnsubscribed', (track) => {
    ears.get(track.sid)?.element.remove()
    ears.delete(track.sid)
    track.detach()
  })
  await room.connect(url, token, connectOptions)
  if (publish) await room.localParticipant.setMicrophoneEnabled(true)
  return { sid: room.localParticipant.sid, identity: room.localParticipant.identity }
}
// What the voice is coded with, in both directions.
window.codecs = async () => {
  const found = {}
  for (const transport of [room.engine.pcManager.publisher, room.engine.pcManager.subscriber].filter(Boolean)) {
    const stats = await transport.getStats?.()
    stats?.forEach((s) => {
      if ((s.type === 'outbound-rtp' || s.type === 'inbound-rtp') && s.codecId && stats.get(s.codecId)) found[s.type] = stats.get(s.codecId).mimeType
    })
  }
  return found
}
window.transport = async () => {
  const pcs = [room.engine.pcManager.publisher, room.engine.pcManager.subscriber].filter(Boolean)
  const found = []
  for (const transport of pcs) {
    const stats = await transport.getStats?.()
    stats?.forEach((s) => {
      if (s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded') {
        const local = stats.get(s.localCandidateId)
        const remote = stats.get(s.remoteCandidateId)
        found.push({ protocol: local?.protocol, remoteProtocol: remote?.protocol, rtt: s.currentRoundTripTime, bitrate: s.availableOutgoingBitrate })
      }
    })
  }
  return found
}
