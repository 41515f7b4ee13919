// puppet.mjs PACKAGE — a process with participants of one release of @livekit/rtc-node, moved by messages of its parent.
// page/puppet.js has the same commands for livekit-client.
import { pitchOf } from '../lib/tone.mjs'

const RATE = 48000
const PIECE = RATE / 100
const SILENT_MS = 500
const { AudioFrame, AudioSource, AudioStream, LocalAudioTrack, Room, RoomEvent, RpcError, TrackPublishOptions, TrackSource, dispose } = await import(
  process.argv[2]
)
const QUALITIES = ['poor', 'good', 'excellent', 'lost']
const STATES = ['disconnected', 'connected', 'reconnecting']
const SCENARIOS = [
  'signal-reconnect', 'speaker', 'node-failure', 'server-leave', 'migration', 'force-tcp', 'force-tls', 'leave-full-reconnect',
  'disconnect-signal-on-resume',
]

const TODAY = Boolean(Room.prototype.simulateScenario) // not the release of late 2025
const UNACKNOWLEDGED = 1501

const settled = (promise) =>
  Promise.resolve(promise).then((answer) => ({ answer }), (error) => ({ code: error.code, error: String(error.message ?? error) }))
const sumOf = (bytes) => bytes.reduce((sum, x) => (sum * 31 + x) >>> 0, 7)
const trackOf = (publication) => ({
  sid: publication.sid,
  muted: publication.muted,
  source: publication.source === TrackSource.SOURCE_MICROPHONE ? 'microphone' : publication.source,
  mime: publication.mimeType,
  subscribed: Boolean(publication.track),
})

class Puppet {
  room = new Room()
  events = []
  got = []
  heard = new Map() // identity -> the last half second and when it came
  speaking = []
  quality = new Map()

  constructor({ hz = 660 } = {}) {
    this.hz = hz
    for (const name of Object.values(RoomEvent))
      this.room.on(name, (first) => this.events.push({ name, arg: typeof first === 'object' ? (first?.identity ?? first?.sid ?? null) : first }))
    this.room.on(RoomEvent.TrackSubscribed, (track, _publication, participant) => void this.#listen(track, participant.identity))
    this.room.on(RoomEvent.ParticipantDisconnected, (participant) =>
      this.events.push({ name: 'left', arg: participant.identity, reason: participant.disconnectReason }),
    )
    // It tells of those only whose loudness changed: who was ever named has spoken.
    this.room.on(RoomEvent.ActiveSpeakersChanged, (speakers) => this.speaking.push(...speakers.map((speaker) => speaker.identity)))
    this.room.on(RoomEvent.ConnectionQualityChanged, (quality, participant) => this.quality.set(participant.identity, QUALITIES[quality]))
    this.room.on(RoomEvent.DataReceived, (payload, from, kind, topic) =>
      this.got.push({ topic, bytes: payload.length, sum: sumOf(payload), from: from?.identity ?? null, reliable: kind === 1 }),
    )
    this.room.registerTextStreamHandler('notes', async (reader, from) => {
      const { answer, error } = await settled(reader.readAll())
      this.got.push({ topic: 'notes', bytes: answer?.length, ...(error && { error }), from: from.identity })
    })
    this.room.registerByteStreamHandler('file', async (reader, from) => {
      const { answer, error } = await settled(reader.readAll())
      this.got.push({ topic: 'file', bytes: answer?.reduce((sum, part) => sum + part.length, 0), ...(error && { error }), from: from.identity })
    })
  }
  async #listen(track, identity) {
    const ring = new Float32Array(RATE / 2)
    const ear = { ring, at: 0 }
    this.heard.set(identity, ear)
    for await (const frame of new AudioStream(track, RATE, 1)) {
      ear.at = Date.now()
      ring.copyWithin(0, frame.data.length)
      ring.set(Float32Array.from(frame.data, (x) => x / 32768), ring.length - frame.data.length)
    }
  }
  lacks() {
    return {
      attributes: false,
      streams: false,
      rpc: false,
      whyGone: false,
      why: !TODAY, // it asks /rtc/rtc/validate, which is nowhere
      ownMute: !TODAY, // its own publication stays as it was
      ownPermission: true, // a publication that the server took away stays listed
      mute: !LocalAudioTrack.prototype.mute,
      quiet: true, // who has spoken is told, not who has stopped
      simulate: !TODAY,
      recording: !Object.getOwnPropertyDescriptor(Room.prototype, 'isRecording'),
    }
  }
  async join(url, token, { publish = true, autoSubscribe = true } = {}) {
    this.events.length = 0
    const joined = await settled(this.room.connect(url, token, { autoSubscribe, dynacast: false }))
    if (joined.error) return joined
    const local = this.room.localParticipant
    local.registerRpcMethod('double', async ({ payload, callerIdentity }) => `${Number(payload) * 2} for ${callerIdentity}`)
    local.registerRpcMethod('slow', () => new Promise(() => {}))
    local.registerRpcMethod('refuse', async () => {
      throw new RpcError(1777, 'not today', 'because')
    })
    const published = publish ? await this.publish() : {}
    return published.error ? published : { answer: local.identity }
  }
  async leave() {
    this.humming = false
    await this.hum
    await this.room.disconnect()
  }
  publish() {
    return settled(this.#publish())
  }
  async #publish() {
    const source = new AudioSource(RATE, 1)
    const options = new TrackPublishOptions()
    options.source = TrackSource.SOURCE_MICROPHONE
    this.publication = await this.room.localParticipant.publishTrack(LocalAudioTrack.createAudioTrack('microphone', source), options)
    this.humming = true
    this.hum = (async () => {
      for (let at = 0; this.humming; at += PIECE) {
        const samples = Int16Array.from({ length: PIECE }, (_, i) => 12000 * Math.sin((2 * Math.PI * this.hz * (at + i)) / RATE))
        await source.captureFrame(new AudioFrame(samples, RATE, 1, PIECE))
      }
    })().catch(() => {})
    return true
  }
  async unpublish() {
    this.humming = false
    await this.hum
    await this.room.localParticipant.unpublishTrack(this.publication.sid)
  }
  subscribe(identity, on) {
    for (const publication of this.room.remoteParticipants.get(identity).trackPublications.values()) publication.setSubscribed(on)
  }
  update(what, value) {
    const local = this.room.localParticipant
    return settled(local[{ name: 'updateName', metadata: 'updateMetadata', attributes: 'setAttributes' }[what]](value).then(() => true))
  }
  send(bytes, { reliable = true, topic, to } = {}) {
    const payload = Uint8Array.from({ length: bytes }, (_, i) => (i * 7) & 255)
    return settled(this.room.localParticipant.publishData(payload, { reliable, topic, destination_identities: to }).then(() => sumOf(payload)))
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
  // Releases before February 2026 wait for the acknowledgement only after they have sent: one that comes at once is lost.
  async rpc(destinationIdentity, method, payload, responseTimeout = 5000) {
    const ask = () => settled(this.room.localParticipant.performRpc({ destinationIdentity, method, payload, responseTimeout }))
    const answer = await ask()
    return answer.code === UNACKNOWLEDGED && !TODAY ? ask() : answer
  }
  simulate(scenario) {
    this.events.length = 0
    return settled(this.room.simulateScenario(SCENARIOS.indexOf(scenario)).then(() => true))
  }
  hear(identity) {
    const { ring, at } = this.heard.get(identity) ?? {}
    if (!ring || at < Date.now() - SILENT_MS) return { hz: 0, rms: 0 } // nothing comes any more
    const { hz, amplitude } = pitchOf(ring, RATE)
    return { hz, rms: amplitude / Math.SQRT2 }
  }
  received() {
    return this.got
  }
  happened() {
    return this.events
  }
  #participant(participant) {
    return {
      identity: participant.identity,
      sid: participant.sid,
      name: participant.name,
      metadata: participant.metadata,
      attributes: { ...participant.attributes },
      quality: this.quality.get(participant.identity),
      permissions: null, // rtc-node does not tell
      tracks: [...participant.trackPublications.values()].map(trackOf),
    }
  }
  see() {
    const { room } = this
    return {
      state: STATES[room.connectionState],
      me: room.localParticipant && this.#participant(room.localParticipant),
      others: [...room.remoteParticipants.values()].map((participant) => this.#participant(participant)),
      speaking: this.speaking,
      recording: room.isRecording,
      metadata: room.metadata,
    }
  }
}

const puppets = new Map()
const COMMANDS = {
  make: (id, options) => {
    puppets.set(id, new Puppet(options))
    return puppets.get(id).lacks()
  },
  command: (id, name, args) => puppets.get(id)[name](...args),
  drop: async (id) => {
    await puppets.get(id)?.leave()
    puppets.delete(id)
  },
  end: async () => {
    await Promise.allSettled([...puppets.values()].map((puppet) => puppet.leave()))
    await dispose()
  },
}
process.on('message', async ({ number, command, args }) => {
  const { answer, error } = await settled((async () => COMMANDS[command](...args))())
  process.send({ number, answer, error }, () => command === 'end' && process.exit())
})
process.on('disconnect', () => process.exit())
process.send({ ready: true })
