// puppet.js — in the browser: participants of livekit-client (any 2.x) that a test moves by commands. compat/puppet.mjs has
// the same commands for rtc-node.
/* global LivekitClient, Ear */

// Which token each connection was opened with, by the identity in it: [{identity, token}].
const opened = []
window.WebSocket = class extends WebSocket {
  constructor(url, ...rest) {
    super(url, ...rest)
    const token = new URL(url).searchParams.get('access_token')
    if (token) opened.push(token)
  }
}
const identityOf = (token) => {
  try {
    return JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub
  } catch {
    return undefined
  }
}

const argOf = (arg) => (typeof arg === 'object' ? (arg?.identity ?? arg?.sid ?? null) : arg)
const trackOf = (publication) => ({
  sid: publication.trackSid,
  muted: publication.isMuted,
  source: publication.source,
  kind: publication.kind,
  mime: publication.mimeType,
  subscribed: Boolean(publication.track),
})
const participantOf = (participant) => ({
  identity: participant.identity,
  sid: participant.sid,
  name: participant.name,
  metadata: participant.metadata,
  attributes: { ...participant.attributes },
  quality: participant.connectionQuality,
  permissions: participant.permissions && {
    publish: participant.permissions.canPublish,
    subscribe: participant.permissions.canSubscribe,
    data: participant.permissions.canPublishData,
  },
  tracks: [...(participant.trackPublications ?? participant.tracks).values()].map(trackOf),
})
const settled = (promise) => Promise.resolve(promise).then((answer) => ({ answer }), (error) => ({ code: error.code, reason: error.reason, error: String(error.message ?? error) }))
const sumOf = (bytes) => bytes.reduce((sum, x) => (sum * 31 + x) >>> 0, 7)

class Puppet {
  ear = new Ear()
  events = []
  got = []

  constructor({ single = true } = {}) {
    this.room = new LivekitClient.Room({ singlePeerConnection: single })
    for (const name of Object.values(LivekitClient.RoomEvent)) this.room.on(name, (...args) => this.events.push({ name, arg: argOf(args[0]) }))
    this.room.on('trackSubscribed', (track, _publication, participant) => this.ear.listen(track, participant.identity))
    this.room.on('trackUnsubscribed', (track) => this.ear.forget(track))
    this.room.on('participantDisconnected', ({ identity }, reason) => this.events.push({ name: 'left', arg: identity, reason }))
    this.room.on('dataReceived', (payload, from, kind, topic) =>
      this.got.push({ topic, bytes: payload.length, sum: sumOf(payload), from: from?.identity ?? null, reliable: kind === 0 }),
    )
    this.#answer()
  }
  // Streams and calls of others; old releases have neither.
  #answer() {
    this.room.registerTextStreamHandler?.('notes', async (reader, from) => {
      const { answer, error } = await settled(reader.readAll())
      this.got.push({ topic: 'notes', bytes: answer?.length, ...(error && { error }), from: from.identity })
    })
    this.room.registerByteStreamHandler?.('file', async (reader, from) => {
      const { answer, error } = await settled(reader.readAll())
      this.got.push({ topic: 'file', bytes: answer?.reduce((sum, part) => sum + part.length, 0), ...(error && { error }), from: from.identity })
    })
    const register = this.room.registerRpcMethod ? (...args) => this.room.registerRpcMethod(...args) : null
    register?.('double', async ({ payload, callerIdentity }) => `${Number(payload) * 2} for ${callerIdentity}`)
    register?.('slow', () => new Promise(() => {}))
    register?.('refuse', async () => {
      throw new LivekitClient.RpcError(1777, 'not today', 'because')
    })
  }
  // What this release cannot do at all.
  lacks() {
    const local = this.room.localParticipant
    return {
      attributes: !local.setAttributes,
      why: !local.setAttributes, // the closed socket comes before the answer of why, or after
      streams: !local.sendText,
      rpc: !local.performRpc,
      whyGone: !local.setAttributes,
      tone: false,
      mute: false,
    }
  }
  async join(url, token, { publish = true, ...options } = {}) {
    this.events.length = 0
    const joined = await settled(this.room.connect(url, token, options))
    if (joined.error) return joined
    if (publish) await this.publish()
    return { answer: this.room.localParticipant.identity }
  }
  leave() {
    return this.room.disconnect()
  }
  publish() {
    return settled(this.room.localParticipant.setMicrophoneEnabled(true).then(() => true))
  }
  mute(on) {
    return settled(this.room.localParticipant.setMicrophoneEnabled(!on).then(() => true))
  }
  async unpublish() {
    const local = this.room.localParticipant
    for (const publication of [...local.trackPublications.values()]) await local.unpublishTrack(publication.track, true)
  }
  camera() {
    return settled(this.room.localParticipant.setCameraEnabled(true).then(() => true))
  }
  subscribe(identity, on) {
    for (const publication of this.room.remoteParticipants.get(identity).trackPublications.values()) publication.setSubscribed(on)
  }
  // Names, metadata and attributes: resolved when the server has agreed.
  update(what, value) {
    const local = this.room.localParticipant
    return settled(Promise.resolve(local[{ name: 'setName', metadata: 'setMetadata', attributes: 'setAttributes' }[what]](value)).then(() => true))
  }
  send(bytes, { reliable = true, topic, to } = {}) {
    const payload = Uint8Array.from({ length: bytes }, (_, i) => (i * 7) & 255)
    return settled(this.room.localParticipant.publishData(payload, { reliable, topic, destinationIdentities: to }).then(() => sumOf(payload)))
  }
  sendText(length) {
    return settled(this.room.localParticipant.sendText('ü'.repeat(length), { topic: 'notes' }).then(() => true))
  }
  sendFile(bytes) {
    const write = async () => {
      const writer = await this.room.localParticipant.streamBytes({ topic: 'file', name: 'f', totalSize: bytes })
      for (let at = 0; at < bytes; at += 100_000) await writer.write(new Uint8Array(Math.min(100_000, bytes - at)))
      await writer.close()
      return true
    }
    return settled(write())
  }
  rpc(destinationIdentity, method, payload, responseTimeout = 5000) {
    return settled(this.room.localParticipant.performRpc({ destinationIdentity, method, payload, responseTimeout }))
  }
  simulate(scenario) {
    this.events.length = 0
    return settled(this.room.simulateScenario(scenario).then(() => true))
  }
  hear(identity) {
    return this.ear.hear({ identity })
  }
  received() {
    return this.got
  }
  happened() {
    return this.events
  }
  see() {
    const { room } = this
    return {
      state: room.state,
      me: participantOf(room.localParticipant),
      others: [...(room.remoteParticipants ?? room.participants).values()].map(participantOf),
      speaking: room.activeSpeakers.map((speaker) => speaker.identity),
      recording: room.isRecording,
      metadata: room.metadata,
    }
  }
  // The tokens this one came with, oldest first.
  tokens() {
    return opened.filter((token) => identityOf(token) === this.room.localParticipant.identity)
  }
  #transports() {
    const { pcManager } = this.room.engine
    return pcManager ? [pcManager.publisher, pcManager.subscriber].filter(Boolean) : []
  }
  async stats() {
    const found = { pairs: [], codecs: {} }
    for (const transport of this.#transports()) {
      const stats = await transport.getStats()
      stats.forEach((s) => {
        if (s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded')
          found.pairs.push({ protocol: stats.get(s.localCandidateId)?.protocol, bitrate: s.availableOutgoingBitrate })
        if (/^(out|in)bound-rtp$/.test(s.type) && stats.get(s.codecId)) found.codecs[s.type] = stats.get(s.codecId).mimeType
      })
    }
    return found
  }
}

const puppets = new Map()
window.make = (id, options) => {
  const puppet = new Puppet(options)
  puppets.set(id, puppet)
  return puppet.lacks()
}
window.command = (id, name, args) => puppets.get(id)[name](...args)
window.drop = async (id) => {
  await puppets.get(id)?.leave()
  puppets.delete(id)
}
