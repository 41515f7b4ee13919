// egress.test.mjs — recordings through livekit-server-sdk's EgressClient: what real callers say is what stands in the
// files (room mixed, sides, one participant, one track), what is asked too much is refused, and no trouble ends a call.
import { before, after } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AudioChannel, AudioConfig, AudioMixing, AudioRoute, FileOutput, MediaSource, Output, StartEgressRequest, TemplateSource, WebSource } from '@livekit/protocol'
import {
  DirectFileOutput, EgressClient, EgressStatus, EncodedFileOutput, EncodedFileType, EncodingOptions, ImageOutput,
  RoomEgress, AutoTrackEgress, AutoParticipantEgress, RoomCompositeEgressRequest, RoomServiceClient, S3Upload,
  SegmentedFileOutput, StreamOutput, StreamProtocol, WebhookConfig,
} from 'livekit-server-sdk'
import { sine } from '../call/tone.mjs'
import { column, provesWith, watched } from '../e2e/lib/matrix.mjs'
import { Receiver } from './lib/receiver.mjs'
import { BINARY, KEY, SECRET, start, until } from './lib/server.mjs'

const SDK = column('livekit-server-sdk', new URL('package.json', import.meta.url))
const proves = provesWith(SDK, 'recordings: ')
let folder, recordings, server, egress, rooms
const tones = {}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-egress-'))
  recordings = join(folder, 'recordings')
  for (const hertz of [440, 1000]) {
    writeFileSync(join(folder, 'tone.wav'), sine(hertz, 30))
    tones[hertz] = join(folder, `${hertz}.ogg`)
    execFileSync('opusenc', ['--quiet', '--bitrate', '32', '--comp', '0', join(folder, 'tone.wav'), tones[hertz]])
  }
  server = await serve()
})
after(async () => {
  assert.equal(await server.stop(), 0, server.log)
  rmSync(folder, { recursive: true, force: true })
})

async function serve({ directory = recordings, args = [] } = {}) {
  const started = await start({ args: ['--egress-directory', directory, ...args] })
  egress = watched(SDK, new EgressClient(started.url, KEY, SECRET))
  rooms = new RoomServiceClient(started.url, KEY, SECRET)
  return started
}

// Somebody who plays a tone until told to stop.
async function caller(room, identity, hertz, more = []) {
  const env = { PATH: process.env.PATH, LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET, LIVEKIT_URL: server.url.replace('http', 'ws') }
  const child = spawn(BINARY, ['call', room, '--identity', identity, '--play', tones[hertz], ...more], { env })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  const ended = once(child, 'exit')
  await until(async () => (await trackOf(room, identity)) !== undefined, `${identity} to publish: ${output}`)
  return {
    hangUp: async () => (child.kill('SIGINT'), await ended, output),
    said: () => output,
  }
}
async function trackOf(room, identity) {
  const people = await rooms.listParticipants(room)
  return people.find((p) => p.identity === identity)?.tracks[0]?.sid
}

// 48 kHz samples of left and right, and how loud a pitch is in a second of them.
function heard(path) {
  const raw = execFileSync('opusdec', ['--quiet', '--rate', '48000', '--force-stereo', path, '-'], { maxBuffer: 1 << 28 })
  const both = new Int16Array(raw.buffer.slice(raw.byteOffset + 44, raw.byteOffset + raw.length - ((raw.length - 44) % 4)))
  const side = (n) => Float64Array.from({ length: both.length >> 1 }, (_, i) => both[2 * i + n] / 32768)
  return { left: side(0), right: side(1), seconds: both.length / 96000 }
}
function level(samples, hertz, from = 1) {
  const piece = samples.subarray(from * 48000, from * 48000 + 48000)
  let re = 0
  let im = 0
  for (let i = 0; i < piece.length; i++) {
    re += piece[i] * Math.cos((2 * Math.PI * hertz * i) / 48000)
    im += piece[i] * Math.sin((2 * Math.PI * hertz * i) / 48000)
  }
  return (2 * Math.hypot(re, im)) / piece.length
}
const PLAYED = 16000 / 32768 // the level of what callers play
// In its best second: a caller that a busy machine holds up sends too late, and that is missing then.
function loud(samples, hertz, what) {
  const levels = []
  for (let from = 0.5; from + 1 <= samples.length / 48000; from += 0.25) levels.push(level(samples, hertz, from))
  assert.ok(levels.some((each) => Math.abs(each - PLAYED) < 0.12), `${what}: ${hertz} Hz at ${levels}`)
}
const silent = (samples, hertz, what) => assert.ok(level(samples, hertz) < 0.03, `${what}: ${hertz} Hz at ${level(samples, hertz)}`)

function opusinfo(path, { cut = false } = {}) {
  const { stdout, stderr } = spawnSync('opusinfo', [path], { encoding: 'utf8' })
  const complaints = (stdout + stderr).split('\n').filter((line) => /warning|error|hole|invalid/i.test(line))
  // What was cut off has no page that says it is the last; nothing else may be wrong with it.
  assert.deepEqual(complaints.filter((line) => !cut || !/EOS not set/.test(line)), [], stdout)
  assert.match(stdout, /Playback length/)
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms))
const ogg = (filepath) => new EncodedFileOutput({ fileType: EncodedFileType.OGG, filepath })
// The unified request: one call for every source and output.
const unified = (room, source, ...outputs) =>
  egress.startEgress(new StartEgressRequest({ roomName: room, source: { case: source[0], value: source[1] }, outputs: outputs.map((config) => new Output({ config })) }))
const fileAt = (filepath) => ({ case: 'file', value: new FileOutput({ fileType: EncodedFileType.OGG, filepath }) })
const info = async (id) => (await egress.listEgress({ egressId: id }))[0]
const reaches = (id, status) => until(async () => (await info(id)).status === status, `egress ${EgressStatus[status]}`)
async function ended(id, status = EgressStatus.EGRESS_COMPLETE) {
  await reaches(id, status)
  return info(id)
}
const fails = (promise, code, message) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.code, code, `${error.code}: ${error.message}`)
    assert.match(error.message, message)
    return true
  })

proves('S63: a call of two is recorded: mixed, on two sides, one participant, one track', async () => {
  const room = 'recorded'
  const anna = await caller(room, 'anna', 440)
  const bob = await caller(room, 'bob', 1000)
  const begun = Date.now()
  const mixed = await egress.startRoomCompositeEgress(room, ogg('{room_name}/mixed'), { audioOnly: true })
  assert.equal(mixed.status, EgressStatus.EGRESS_STARTING)
  assert.match(mixed.egressId, /^EG_/)
  assert.equal(mixed.roomName, room)
  assert.equal(mixed.request.case, 'roomComposite')
  const sides = await egress.startRoomCompositeEgress(room, ogg('sides.mp4'), { audioOnly: true, audioMixing: AudioMixing.DUAL_CHANNEL_ALTERNATE })
  const person = await egress.startParticipantEgress(room, 'anna', { file: ogg('people/{publisher_identity}-{time}') })
  const track = await egress.startTrackEgress(room, new DirectFileOutput({ filepath: '' }), await trackOf(room, 'bob'))
  const composite = await egress.startTrackCompositeEgress(room, ogg('composite'), { audioTrackId: await trackOf(room, 'bob') })
  const template = await unified(room, ['template', new TemplateSource({ audioOnly: true })], fileAt('unified/{room_name}'))
  const route = (identity, channel) => new AudioRoute({ match: { case: 'participantIdentity', value: identity }, channel })
  const routes = [route('anna', AudioChannel.LEFT), route('bob', AudioChannel.RIGHT)]
  const media = await unified(room, ['media', new MediaSource({ audio: new AudioConfig({ routes }) })], fileAt('unified/routed'))
  const recorded = [mixed, sides, person, track, composite, template, media]
  for (const { egressId } of recorded) await reaches(egressId, EgressStatus.EGRESS_ACTIVE)
  const [described] = await rooms.listRooms([room])
  assert.equal(described.activeRecording, true)
  assert.equal(described.numParticipants, 2)
  assert.equal((await egress.listEgress({ roomName: room, active: true })).length, recorded.length)
  assert.equal((await egress.listEgress({ roomName: 'another' })).length, 0)
  await wait(3000)
  const lasted = (Date.now() - begun) / 1000
  for (const { egressId } of recorded)
    assert.equal((await egress.stopEgress(egressId)).status, EgressStatus.EGRESS_ENDING)
  const result = async ({ egressId }) => {
    const { fileResults: [file], error, endedAt, startedAt } = await ended(egressId)
    assert.equal(error, '')
    assert.ok(endedAt > startedAt)
    const path = join(recordings, file.filename)
    assert.equal(Number(file.size), statSync(path).size)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    opusinfo(path)
    const sound = heard(path)
    assert.ok(Math.abs(Number(file.duration) / 1e9 - sound.seconds) < 0.1, `${file.duration} ns are ${sound.seconds} s`)
    assert.ok(sound.seconds > 2.9 && sound.seconds < lasted + 1, `${sound.seconds} s`)
    return { name: file.filename, ...sound }
  }
  const all = await result(mixed)
  assert.equal(all.name, 'recorded/mixed.ogg')
  loud(all.left, 440, 'mixed')
  loud(all.left, 1000, 'mixed')
  const two = await result(sides)
  assert.equal(two.name, 'sides.ogg')
  const annaLeft = level(two.left, 440) > level(two.left, 1000)
  for (const [side, own, other] of annaLeft ? [['left', 440, 1000], ['right', 1000, 440]] : [['left', 1000, 440], ['right', 440, 1000]]) {
    loud(two[side], own, side)
    silent(two[side], other, side)
  }
  const one = await result(person)
  assert.match(one.name, /^people\/anna-\d{4}-\d\d-\d\dT\d{6}\.ogg$/)
  loud(one.left, 440, 'anna')
  silent(one.left, 1000, 'anna')
  const together = await result(template)
  assert.equal(together.name, 'unified/recorded.ogg')
  for (const hertz of [440, 1000]) loud(together.left, hertz, 'template')
  const routed = await result(media)
  for (const [side, own, other] of [['left', 440, 1000], ['right', 1000, 440]]) {
    loud(routed[side], own, `routed ${side}`)
    silent(routed[side], other, `routed ${side}`)
  }
  for (const [request, name] of [[track, /^TR_\w+-\d{4}-.*\.ogg$/], [composite, /^composite\.ogg$/]]) {
    const voice = await result(request)
    assert.match(voice.name, name)
    loud(voice.left, 1000, 'bob')
    silent(voice.left, 440, 'bob')
  }
  assert.equal((await rooms.listRooms([room]))[0].activeRecording, false)
  await fails(egress.stopEgress(mixed.egressId), 'failed_precondition', /EGRESS_COMPLETE cannot be stopped/)
  await Promise.all([anna.hangUp(), bob.hangUp()])
})

proves('recordings end with their track, participant and room', async () => {
  const room = 'endings'
  const anna = await caller(room, 'anna', 440)
  const bob = await caller(room, 'bob', 1000)
  const track = await egress.startTrackEgress(room, new DirectFileOutput({ filepath: 'ends/track' }), await trackOf(room, 'anna'))
  const person = await egress.startParticipantEgress(room, 'anna', { file: ogg('ends/person') })
  const all = await egress.startRoomCompositeEgress(room, ogg('ends/room'), { audioOnly: true })
  const grown = (name) => statSync(join(recordings, `ends/${name}.ogg`), { throwIfNoEntry: false })?.size > 2000
  await until(() => ['track', 'person', 'room'].every(grown), 'sound in all three files')
  await anna.hangUp()
  await ended(track.egressId)
  await ended(person.egressId)
  assert.equal((await info(all.egressId)).status, EgressStatus.EGRESS_ACTIVE)
  await rooms.deleteRoom(room)
  await ended(all.egressId)
  await bob.hangUp()
  for (const name of ['track', 'person', 'room']) opusinfo(join(recordings, `ends/${name}.ogg`))
})

proves('what a room asks for by itself is recorded', async () => {
  const room = 'by-itself'
  await rooms.createRoom({
    name: room,
    egress: new RoomEgress({
      room: new RoomCompositeEgressRequest({ audioOnly: true, fileOutputs: [ogg('auto/{room_name}')] }),
      participant: new AutoParticipantEgress({ fileOutputs: [ogg('auto/{publisher_identity}')] }),
      tracks: new AutoTrackEgress({ filepath: 'auto/{publisher_identity}-{track_source}' }),
    }),
  })
  const anna = await caller(room, 'anna', 440)
  const made = await egress.listEgress({ roomName: room })
  assert.deepEqual(made.map((e) => e.request.case).sort(), ['participant', 'roomComposite', 'track'])
  await wait(2500)
  await anna.hangUp()
  await rooms.deleteRoom(room)
  for (const { egressId } of made) {
    const { fileResults: [file] } = await ended(egressId)
    loud(heard(join(recordings, file.filename)).left, 440, file.filename)
  }
  for (const name of ['by-itself', 'anna', 'anna-microphone']) assert.ok(existsSync(join(recordings, `auto/${name}.ogg`)), name)
  await fails(rooms.createRoom({ name: 'wants-video', egress: new RoomEgress({ room: new RoomCompositeEgressRequest({ fileOutputs: [ogg('x')] }) }) }), 'unimplemented', /audio_only/)
})

proves('what cannot be done is refused with a reason', async () => {
  const room = 'refusals'
  const anna = await caller(room, 'anna', 440)
  const sid = await trackOf(room, 'anna')
  const compose = (output, options = { audioOnly: true }, where = room) => egress.startRoomCompositeEgress(where, output, options)
  const s3 = { case: 's3', value: new S3Upload({ accessKey: 'a', secret: 'very-secret', bucket: 'b' }) }
  await fails(compose(ogg('x'), {}), 'unimplemented', /audio_only/)
  await fails(compose(ogg('x'), { audioOnly: true, customBaseUrl: 'https://example.com' }), 'unimplemented', /page/)
  await fails(compose(ogg('x'), undefined, 'nowhere'), 'not_found', /room does not exist/)
  await fails(compose(new EncodedFileOutput({ fileType: EncodedFileType.MP4, filepath: 'x' })), 'invalid_argument', /Ogg Opus/)
  await fails(compose(new EncodedFileOutput({ filepath: 'x', output: s3 })), 'unimplemented', /egress\.directory/)
  await fails(compose(new StreamOutput({ protocol: StreamProtocol.RTMP, urls: ['rtmp://example.com/x'] })), 'unimplemented', /files only/)
  await fails(compose(new SegmentedFileOutput({ filenamePrefix: 'x' })), 'unimplemented', /files only/)
  await fails(compose({ images: new ImageOutput({ filenamePrefix: 'x' }) }), 'unimplemented', /files only/)
  await fails(compose(ogg('x'), { audioOnly: true, encodingOptions: new EncodingOptions({ audioCodec: 2 }) }), 'invalid_argument', /Opus/)
  await fails(compose(ogg('x'), { audioOnly: true, webhooks: [new WebhookConfig({ url: 'http://example.com' })] }), 'unimplemented', /webhook\.urls/)
  for (const path of ['../x', 'a/../../x', '.hidden', 'a/.b/c', 'a\\b', 'x'.repeat(300), 'a\u0001b'])
    await fails(compose(ogg(path)), 'invalid_argument', /filepath/)
  await fails(egress.startParticipantEgress(room, 'nobody', { file: ogg('x') }), 'not_found', /participant does not exist/)
  await fails(egress.startTrackEgress(room, new DirectFileOutput({ filepath: 'x' }), 'TR_none'), 'not_found', /track does not exist/)
  await fails(egress.startTrackEgress(room, 'wss://example.com', sid), 'unimplemented', /files only/)
  await fails(egress.startTrackCompositeEgress(room, ogg('x'), { audioTrackId: sid, videoTrackId: 'TR_v' }), 'unimplemented', /voice only/)
  await fails(egress.startWebEgress('https://example.com', ogg('x')), 'unimplemented', /voice only/)
  await fails(egress.updateLayout('EG_x', 'grid'), 'unimplemented', /voice only/)
  await fails(egress.updateStream('EG_x', ['rtmp://example.com/x']), 'unimplemented', /files only/)
  const all = ['media', new MediaSource({ audio: new AudioConfig({ captureAll: true }) })]
  await fails(unified(room, ['web', new WebSource({ url: 'https://example.com', audioOnly: true })], fileAt('x')), 'unimplemented', /voice only/)
  await fails(unified(room, ['template', new TemplateSource({})], fileAt('x')), 'unimplemented', /audio_only/)
  await fails(unified(room, ['media', new MediaSource({ video: { case: 'videoTrackId', value: 'TR_v' } })], fileAt('x')), 'unimplemented', /voice only/)
  await fails(unified(room, all, { case: 'stream', value: new StreamOutput({ protocol: StreamProtocol.RTMP, urls: ['rtmp://example.com/x'] }) }), 'unimplemented', /files only/)
  await fails(unified('nowhere', all, fileAt('x')), 'not_found', /room does not exist/)
  await fails(egress.stopEgress('EG_none'), 'not_found', /egress does not exist/)
  assert.deepEqual(readdirSync(folder).sort(), ['1000.ogg', '440.ogg', 'recordings', 'tone.wav'])
  assert.doesNotMatch(server.log, /very-secret/)
  await anna.hangUp()
})

proves('nothing is overwritten, no link is followed, names from outside cannot lead elsewhere', async () => {
  const room = '../../etc/.passwd'
  const anna = await caller(room, '..', 440)
  const once = async (path) => {
    const { egressId } = await egress.startRoomCompositeEgress(room, ogg(path), { audioOnly: true })
    await reaches(egressId, EgressStatus.EGRESS_ACTIVE)
    await egress.stopEgress(egressId)
    return (await ended(egressId)).fileResults[0].filename
  }
  assert.equal(await once('twice'), 'twice.ogg')
  assert.equal(await once('twice'), 'twice-2.ogg')
  assert.equal(await once('/{room_name}'), '_._.._etc_.passwd.ogg')
  writeFileSync(join(folder, 'precious'), 'mine')
  symlinkSync(join(folder, 'precious'), join(recordings, 'link.ogg'))
  symlinkSync(folder, join(recordings, 'out'))
  assert.equal(await once('link'), 'link-2.ogg')
  const { egressId } = await egress.startRoomCompositeEgress(room, ogg('out/x'), { audioOnly: true })
  const failed = await ended(egressId, EgressStatus.EGRESS_FAILED)
  assert.match(failed.error, /no directory/)
  assert.equal((await rooms.listRooms([room]))[0].activeRecording, false)
  await anna.hangUp()
})

proves('a kill -9 in the middle costs less than a second and leaves valid files; after it all are listed', async () => {
  const room = 'killed'
  const everything = await egress.listEgress()
  assert.ok(everything.every(({ endedAt }) => endedAt > 0), 'all of before have ended')
  const anna = await caller(room, 'anna', 440)
  const mixed = await egress.startRoomCompositeEgress(room, ogg('killed/mixed'), { audioOnly: true })
  const track = await egress.startTrackEgress(room, new DirectFileOutput({ filepath: 'killed/track' }), await trackOf(room, 'anna'))
  await reaches(mixed.egressId, EgressStatus.EGRESS_ACTIVE)
  await reaches(track.egressId, EgressStatus.EGRESS_ACTIVE)
  const begun = Date.now()
  await wait(3300)
  server.child.kill('SIGKILL')
  const lasted = (Date.now() - begun) / 1000
  await Promise.all([server.exited, anna.hangUp()])
  for (const name of ['mixed', 'track']) {
    const path = join(recordings, `killed/${name}.ogg`)
    opusinfo(path, { cut: true })
    assert.match(execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name', path], { encoding: 'utf8' }), /opus/)
    const { seconds, left } = heard(path)
    assert.ok(lasted - seconds < 1, `${name}: ${seconds} s of ${lasted}`)
    loud(left, 440, name)
  }
  const cut = [mixed.egressId, track.egressId]
  const receiver = await Receiver.listen()
  const limits = ['--egress-session-limits-file-output-max-duration', '2s', '--limit-recordings', '1']
  server = await serve({ args: [...limits, '--webhook-urls', receiver.url] })
  const told = () => receiver.taken.filter(({ event }) => event === 'egress_ended').map(({ egressInfo }) => egressInfo)
  await until(() => told().length === 2, 'both ends to be told')
  assert.deepEqual(told().map(({ egressId, status }) => [egressId, status]).sort(), cut.map((id) => [id, EgressStatus.EGRESS_ABORTED]).sort())
  for (const id of cut) {
    const { status, error, roomName, fileResults: [file] } = await info(id)
    assert.deepEqual([status, roomName, Number(file.size)], [EgressStatus.EGRESS_ABORTED, room, statSync(join(recordings, file.filename)).size])
    assert.match(error, /server ended/)
  }
  await until(() => readdirSync(join(recordings, '.open')).length === 0, 'the logbook to be empty')
  // Those that had their end before the crash are listed too, as they were; another restart keeps them all and tells nothing anew.
  assert.ok(everything.length >= 10, `${everything.length} recordings`)
  for (const was of everything) assert.deepEqual(await info(was.egressId), was)
  const listed = await egress.listEgress()
  assert.equal(listed.length, everything.length + cut.length)
  server.child.kill('SIGKILL')
  await server.exited
  server = await serve({ args: [...limits, '--webhook-urls', receiver.url] })
  assert.deepEqual(await egress.listEgress(), listed)
  await receiver.close()
  assert.equal(told().length, 2)
})

proves('limits: how long, how many', async () => {
  const room = 'limits'
  const anna = await caller(room, 'anna', 440)
  const first = await egress.startRoomCompositeEgress(room, ogg('limits/first'), { audioOnly: true })
  await fails(egress.startRoomCompositeEgress(room, ogg('limits/second'), { audioOnly: true }), 'resource_exhausted', /limit\.recordings/)
  const last = await ended(first.egressId, EgressStatus.EGRESS_LIMIT_REACHED)
  assert.match(last.error, /limit reached/)
  const { seconds } = heard(join(recordings, 'limits/first.ogg'))
  assert.ok(Math.abs(seconds - 2) < 0.2, `${seconds} s`)
  await anna.hangUp()
})

proves('a server that ends closes its recordings', async () => {
  const anna = await caller('last', 'anna', 440)
  const { egressId } = await egress.startRoomCompositeEgress('last', ogg('last'), { audioOnly: true })
  await reaches(egressId, EgressStatus.EGRESS_ACTIVE)
  assert.equal(await server.stop(), 0, server.log)
  opusinfo(join(recordings, 'last.ogg'))
  await anna.hangUp()
  server = await serve()
  const last = await info(egressId)
  assert.deepEqual([last.status, last.error], [EgressStatus.EGRESS_COMPLETE, ''])
  assert.equal(Number(last.fileResults[0].size), statSync(join(recordings, 'last.ogg')).size)
  assert.equal(await server.stop(), 0, server.log)
  server = await start()
  egress = new EgressClient(server.url, KEY, SECRET)
  rooms = new RoomServiceClient(server.url, KEY, SECRET)
  const bob = await caller('off', 'bob', 440)
  await fails(egress.startRoomCompositeEgress('off', ogg('x'), { audioOnly: true }), 'failed_precondition', /recording is off/)
  assert.deepEqual(await egress.listEgress(), [])
  await bob.hangUp()
})
