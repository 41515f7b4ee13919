// signalling-abuse.test.mjs — who has joined may still be hostile: garbage, giants, floods, deaf readers. Each is
// cut off and counted; the others in the same room notice nothing.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { AddTrackRequest, SignalRequest, TrackSource, TrackType, RequestResponse_Reason as Reason } from '@livekit/protocol'
import { start, until } from './lib/server.mjs'
import { counter, memory, metrics } from './lib/probe.mjs'
import { Participant } from './lib/signal.mjs'

const MIB = 1 << 20
let server, witness
before(async () => (server = await start({ workers: 1 })))
// A new one for each attack: who brings no media is sent away after a while.
beforeEach(async () => (witness = await Participant.join(server, 'arena', 'witness')))
afterEach(() => witness.leave())
after(async () => assert.equal(await server.stop(), 0, server.log))

let number = 0
const attacker = (options) => Participant.join(server, 'arena', `attacker-${number++}`, options)

// Runs the attack, expects it to end with one of `codes` and to be counted; the witness must not notice.
async function cutOff(name, codes, counted, attack, options) {
  const before = await counter(server, counted)
  const a = await attacker(options)
  await attack(a)
  const code = await a.closed
  assert.ok(codes.includes(code), `${name}: closed with ${code}`)
  assert.equal(await counter(server, counted), before + 1, `${name}: ${counted}`)
  assert.ok(witness.open)
  const ms = await witness.ping()
  assert.ok(ms < 20_000, `the witness waited ${ms} ms`)
  return a
}

const garbage = {
  'all ones': Buffer.alloc(1000, 0xff),
  'a truncated offer': Buffer.from([0x0a, 0x7f, 0x0a]),
  'a length of 4 GB': Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
  'a number without end': Buffer.alloc(200, 0x80),
  'a group': Buffer.from([0x0b, 0x0c]),
  'text that is not UTF-8': Buffer.from([0x0a, 4, 0x12, 2, 0xff, 0xfe]),
  'a bomb of empty messages': Buffer.concat([Buffer.from([0x32, ...[0xfe, 0xff, 0x07]]), Buffer.alloc(131070, Buffer.from([0x1a, 0]))]),
}
for (const [name, bytes] of Object.entries(garbage))
  test(`garbage: ${name}`, () => cutOff(name, [1002], 'signal_drop_malformed', (a) => a.raw(bytes)))

const badText = { 'no JSON': '{', 'a list': '[]', 'a number': '7', 'very deep': `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'a name twice': '{"ping":"1","ping":"2"}' }
for (const [name, text] of Object.entries(badText))
  test(`garbage text: ${name}`, () => cutOff(name, [1002], 'signal_drop_malformed', (a) => a.raw(text)))

test('an empty message and messages of tomorrow are no offence', async () => {
  const a = await attacker()
  a.raw(Buffer.alloc(0))
  a.raw(Buffer.from([0xfa, 0x3e, 3, 1, 2, 3])) // field 1007
  a.sendText('ping', 1n)
  a.raw('{"somethingNew":{"a":[1,2]}}')
  await a.next('pong')
  assert.ok(a.open)
  await a.leave()
})

test('text switches the session to JSON, a binary frame switches it back', async () => {
  const a = await attacker()
  a.send('ping', 1n)
  assert.equal((await a.next('pong', 1)).binary, true)
  a.sendText('ping', 1n)
  assert.equal((await a.next('pong', 2)).binary, false)
  a.sendText('pingReq', { timestamp: 7n, rtt: 1n })
  const answer = await a.next('pongResp')
  assert.deepEqual([answer.binary, answer.value.lastPingTimestamp], [false, 7n])
  a.send('ping', 1n)
  assert.equal((await a.next('pong', 3)).binary, true)
  await a.leave()
})

// ---- giants and fragments
const framing = (name, codes, attack) => cutOff(name, codes, 'websocket_drop_malformed', attack)

test('a frame of 2 MB is refused by its head', async () => {
  const kb = await memory(server)
  await framing('2 MB', [1009, 1006], (a) => a.raw(Buffer.alloc(2 * MIB)))
  assert.ok((await memory(server)) - kb < 1024)
})
test('2 MB in pieces are refused too', () =>
  framing('pieces', [1009, 1006], (a) => {
    for (let i = 0; i < 32; i++) a.raw(Buffer.alloc(64 * 1024), { fin: i === 31, binary: true })
  }))
test('a message of more than a thousand pieces', () =>
  framing('crumbs', [1009, 1006], (a) => {
    for (let i = 0; i < 5000; i++) a.raw(Buffer.from([0]), { fin: false, binary: true })
  }))
test('empty pieces without end', () =>
  framing('nothing', [1009, 1006], (a) => {
    for (let i = 0; i < 20_000; i++) a.raw(Buffer.alloc(0), { fin: false, binary: true })
  }))
const frames = {
  'no mask': Buffer.from([0x82, 1, 0]),
  'a reserved bit': Buffer.from([0xc2, 0x80, 0, 0, 0, 0]),
  'an unknown opcode': Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
  'a continuation of nothing': Buffer.from([0x80, 0x80, 0, 0, 0, 0]),
  'a fragmented ping': Buffer.from([0x09, 0x80, 0, 0, 0, 0]),
  'a ping of 126 bytes': Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]),
  'a length of 2^63': Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  'a long form for a short length': Buffer.from([0x82, 0xfe, 0, 5, 0, 0, 0, 0, 1, 2, 3, 4, 5]),
  'a close code of 999': Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe7]),
  'text that is not UTF-8': Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]),
}
for (const [name, bytes] of Object.entries(frames)) test(`broken framing: ${name}`, () => framing(name, [1002, 1007, 1009, 1006], (a) => a.socket._socket.write(bytes)))

// ---- floods
test('a flood of messages ends with 1008', () =>
  cutOff('messages', [1008], 'signal_drop_rate', (a) => {
    for (let i = 0; i < 2000; i++) a.send('ping', BigInt(i))
  }))

test('a flood of pings ends with 1008, also if nobody reads the pongs', async () => {
  const flood = (a) => {
    for (let i = 0; i < 50_000; i++) a.socket.ping(Buffer.alloc(125), true, () => {})
  }
  await cutOff('pings', [1008, 1006], 'websocket_drop_pings', flood)
  const kb = await memory(server)
  const before = await counter(server, 'websocket_drop_pings')
  const deaf = await attacker()
  deaf.socket._socket.pause()
  flood(deaf)
  await until(async () => (await counter(server, 'websocket_drop_pings')) === before + 1, 'the deaf pinger to be cut off')
  assert.ok((await memory(server)) - kb < 2048, 'pongs were kept')
  deaf.socket.terminate()
})

test('1000 AddTracks: twenty may wait for their media, then refusals, then the end', async () => {
  const a = await cutOff('tracks', [1008], 'signal_drop_rate', (it) => {
    for (let i = 0; i < 1000; i++) it.send('addTrack', new AddTrackRequest({ cid: `c${i}`, type: TrackType.AUDIO, source: TrackSource.MICROPHONE }))
  })
  assert.equal(a.all('trackPublished').length, 20)
  const refusals = a.all('requestResponse')
  // The longer the machine takes, the more messages its rate allows; all of them it never does.
  assert.ok(refusals.length >= 300 && refusals.length < 980, `${refusals.length} refusals`)
  assert.ok(refusals.every(({ value }) => value.reason === Reason.LIMIT_EXCEEDED && value.request.case === 'addTrack'))
  // Nobody hears of tracks that never came.
  assert.ok(witness.all('update').every(({ value }) => value.participants.every((p) => p.tracks.length === 0)))
})

test('video is refused with a reason, and the permission says so before anybody asks', async () => {
  const a = await attacker()
  const allowed = a.all('join')[0].value.participant.permission.canPublishSources
  assert.ok(allowed.length > 0 && !allowed.includes(TrackSource.CAMERA) && !allowed.includes(TrackSource.SCREEN_SHARE), `${allowed}`)
  a.send('addTrack', new AddTrackRequest({ cid: 'v', type: TrackType.VIDEO, source: TrackSource.CAMERA }))
  const { value } = await a.next('requestResponse')
  assert.equal(value.reason, Reason.UNSUPPORTED_TYPE)
  assert.equal(value.request.value.cid, 'v')
  assert.match(value.message, /audio/)
  // Sound from a camera, or from sources that do not exist; and names without measure.
  for (const source of [TrackSource.CAMERA, TrackSource.SCREEN_SHARE, 5, 31, 32, 1000, -1]) {
    const seen = a.all('requestResponse').length
    a.send('addTrack', new AddTrackRequest({ cid: 'w', type: TrackType.AUDIO, source }))
    assert.equal((await a.next('requestResponse', seen + 1)).value.reason, Reason.NOT_ALLOWED, `source ${source}`)
  }
  for (const bad of [{ cid: '' }, { cid: 'c'.repeat(1000) }, { cid: 'c', name: 'n'.repeat(100_000) }, { cid: 'c', stream: 's'.repeat(1000) }]) {
    const seen = a.all('requestResponse').length
    a.send('addTrack', new AddTrackRequest({ type: TrackType.AUDIO, source: TrackSource.MICROPHONE, ...bad }))
    assert.equal((await a.next('requestResponse', seen + 1)).value.reason, Reason.INVALID_REQUEST)
  }
  assert.equal(a.all('trackPublished').length, 0)
  await a.leave()
})

test('a microphone-only token opens no other source, not even one whose number fits a bit', async () => {
  const a = await attacker({ grants: { canPublishSources: [TrackSource.MICROPHONE] } })
  for (const source of [0, 1, 3, 4, 31, 63, 95, -1]) {
    const seen = a.all('requestResponse').length
    a.send('addTrack', new AddTrackRequest({ cid: `s${source}`, type: TrackType.AUDIO, source }))
    assert.equal((await a.next('requestResponse', seen + 1)).value.reason, Reason.NOT_ALLOWED, `source ${source}`)
  }
  a.send('addTrack', new AddTrackRequest({ cid: 'mic', type: TrackType.AUDIO, source: TrackSource.MICROPHONE }))
  await a.next('trackPublished')
  await a.leave()
})

// ---- SDP
const lines = (...more) => ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', ...more].join('\r\n') + '\r\n'
const section = ['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendonly', 'a=rtpmap:111 opus/48000/2']
const offers = {
  'of 200 KB': 'x'.repeat(200 * 1024),
  'of 200 KB in short lines': lines(...Array(40_000).fill('a=x')),
  'of 3000 sections': lines(...Array(3000).fill('m=audio 9 X 0')),
  'of 1000 codecs': lines(`m=audio 9 UDP/TLS/RTP/SAVPF ${Array.from({ length: 1000 }, (_, i) => i % 128).join(' ')}`, ...Array.from({ length: 1000 }, (_, i) => `a=rtpmap:${i % 128} opus/48000/2`)),
  'empty': '',
  'without a fingerprint': lines(...section, 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', 'a=setup:actpass'),
  'without ICE': lines(...section, `a=fingerprint:sha-256 ${Array(32).fill('AA').join(':')}`, 'a=setup:actpass'),
  'with NULs': 'v=0\0\r\n',
}
for (const [name, sdp] of Object.entries(offers))
  test(`an offer ${name} ends with a Leave`, async () => {
    const before = await counter(server, 'signal_drop_malformed')
    const kb = await memory(server)
    const a = await attacker()
    a.send('offer', { type: 'offer', sdp, id: 1 })
    await a.closed
    assert.equal(a.all('answer').length, 0)
    if (name !== 'with NULs') assert.ok(a.all('leave').length > 0, `closed with ${a.code}, without a word`)
    assert.ok((await counter(server, 'signal_drop_malformed')) > before)
    assert.ok((await memory(server)) - kb < 4096)
    assert.ok((await witness.ping()) < 20_000)
  })

test('answers, candidates, mutes and subscriptions to nothing are no offence', async () => {
  const a = await attacker()
  a.send('answer', { type: 'answer', sdp: 'v=0', id: 77 })
  for (const init of ['', '{', '[]', '{"candidate":null}', `{"candidate":"${'c'.repeat(100_000)}"}`, JSON.stringify({ candidate: 'candidate:1 1 udp 1 203.0.113.9 9 typ host', sdpMid: '0', sdpMLineIndex: 0 })])
    a.send('trickle', { candidateInit: init, target: 0 })
  a.send('mute', { sid: 'TR_nobody', muted: true })
  a.send('subscription', { trackSids: Array.from({ length: 5000 }, (_, i) => `TR_${i}`), subscribe: true })
  a.send('subscription', { trackSids: ['TR_x'.repeat(20_000)], subscribe: false })
  a.send('subscriptionPermission', { allParticipants: false, trackPermissions: Array.from({ length: 3000 }, (_, i) => ({ participantSid: `PA_${i}` })) })
  a.send('syncState', { subscription: { trackSids: ['TR_y'] } })
  a.send('updateMetadata', { metadata: 'm'.repeat(1000), name: 'n'.repeat(100_000), requestId: 3 })
  const { value } = await a.next('requestResponse')
  assert.ok(value.reason > 0)
  assert.ok((await a.ping()) < 2000)
  const refused = a.all('requestResponse').map((message) => message.value).find((answer) => answer.requestId === 3)
  assert.equal(refused.reason, Reason.NOT_ALLOWED)
  assert.equal((await witness.all('update')).some(({ value: update }) => update.participants.some((p) => p.metadata.length)), false)
  await a.leave()
})

// ---- a reader that does not read
test('who does not read is cut off and counted; who reads gets everything', async () => {
  const before = await counter(server, 'signal_slow_reader')
  const loud = await attacker({ grants: { canUpdateOwnMetadata: true } })
  const deaf = await attacker()
  const kb = await memory(server)
  deaf.socket._socket.pause()
  let rounds = 0
  while ((await counter(server, 'signal_slow_reader')) === before) {
    assert.ok(++rounds < 400, 'the deaf one is never cut off')
    loud.send('updateMetadata', { metadata: `${rounds} `.padEnd(200_000, 'm'), requestId: rounds })
    await loud.next('requestResponse', rounds)
  }
  assert.equal(await counter(server, 'signal_slow_reader'), before + 1)
  assert.ok((await memory(server)) - kb < 8 * 1024, 'more than the queue was kept')
  const last = () => witness.all('update').flatMap(({ value }) => value.participants).filter((p) => p.metadata.startsWith(`${rounds} `)).length
  await until(() => last() > 0, 'the witness to hear the last word')
  assert.ok(loud.open && witness.open)
  deaf.socket.terminate()
  await loud.leave()
})

test('a hundred joins that never say a word leave when their sockets go', async () => {
  const rooms = (await metrics(server)).participants
  const silent = await Promise.all(Array.from({ length: 100 }, (_, i) => Participant.join(server, `silent-${i}`, 'me')))
  for (const one of silent) one.send('leave', {})
  await Promise.all(silent.map((one) => one.closed))
  await until(async () => (await metrics(server)).participants <= rooms, 'all to be gone')
})

test('the same identity again and again: one stays', async () => {
  const all = await Promise.all(Array.from({ length: 30 }, () => Participant.join(server, 'twins', 'me').catch(() => null)))
  const joined = all.filter(Boolean)
  await until(() => joined.filter((one) => one.open).length === 1, 'all but one to be replaced')
  const kept = joined.find((one) => one.open)
  assert.ok((await kept.ping()) < 2000)
  await kept.leave()
})
