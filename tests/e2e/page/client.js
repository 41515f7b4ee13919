// client.js — in the browser: one livekit-client room, and an ear that measures what each remote track sounds like.
/* global LivekitClient, Ear */
const ear = new Ear()
const events = []

window.events = events
window.RpcError = LivekitClient.RpcError
window.hear = (sid) => ear.hear({ sid })
window.join = async (url, token, { roomOptions = {}, connectOptions = {}, publish = true } = {}) => {
  const room = new LivekitClient.Room(roomOptions)
  window.room = room
  for (const name of Object.values(LivekitClient.RoomEvent))
    room.on(name, (...args) => {
      events.push({ name, at: performance.now(), arg: typeof args[0] === 'object' ? (args[0]?.identity ?? args[0]?.sid ?? null) : args[0] })
    })
  room.on('trackSubscribed', (track) => ear.listen(track))
  room.on('trackUnsubscribed', (track) => ear.forget(track))
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
