// webhooks.test.mjs — what happens in rooms is told to webhook.urls: in LiveKit's format, in order, at least once.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EgressClient, EncodedFileOutput, EncodedFileType, RoomServiceClient, WebhookReceiver } from 'livekit-server-sdk'
import { Receiver } from './lib/receiver.mjs'
import { BINARY, KEY, SECRET, environment, start, until } from './lib/server.mjs'
import { Participant } from './lib/signal.mjs'
import { column, provesWith } from '../e2e/lib/matrix.mjs'

const proves = provesWith(column('WebhookReceiver', new URL('package.json', import.meta.url), 'livekit-server-sdk'), 'webhooks: ')

const keys = { LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET }
const QUICK = ['--room-departure-timeout', '1']
const ABORTED = ['room_started', 'participant_connection_aborted', 'room_finished']

const run = (args, env = keys) =>
  new Promise((done) => execFile(BINARY, args, { env: environment(env), timeout: 20_000 }, (error, stdout, stderr) => done({ code: error ? error.code : 0, stdout, stderr })))

const metric = async (server, name) =>
  Number(new RegExp(`^offhook_${name} (\\d+)$`, 'm').exec(await (await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)).text())?.[1])

// A visit without media: room_started, participant_connection_aborted, and after a second room_finished.
async function visit(server, room, identity = 'ann') {
  const p = await Participant.join(server, room, identity)
  await p.leave()
}

async function serve(t, options) {
  const server = await start(options)
  t.after(() => server.child.kill('SIGKILL'))
  return server
}

async function listen(t, options) {
  const receiver = await Receiver.listen(options)
  t.after(() => receiver.close())
  return receiver
}

async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), 'offhook-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

proves('P57 a call is told to every URL in order, signed as WebhookReceiver wants it; one that is down delays nobody', async (t) => {
  const [one, two, dead] = [await listen(t), await listen(t), await listen(t)]
  await dead.close()
  const path = await folder(t)
  const server = await serve(t, { args: [...QUICK, '--data-dir', path, '--webhook-urls', `${dead.url},${one.url}?token=hidden,${two.url}`] })
  const tone = join(path, 'tone.ogg')
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=440', '-t', '1', '-c:a', 'libopus', '-page_duration', '20000', tone])
  const call = await run(['call', 'told', '--identity', 'ann', '--name', 'Ann', '--echo', '--play', tone, '--url', server.url.replace('http', 'ws'), '--quiet'])
  assert.equal(call.code, 0, call.stderr)
  for (const receiver of [one, two]) {
    const finished = await receiver.until('told', 'room_finished')
    assert.equal(finished.roomEndReason, 2) // idle
    const events = receiver.taken
    assert.equal(new Set(events.map((event) => event.id)).size, events.length, 'each came once')
    const of = (identity) => events.filter((event) => event.participant?.identity === identity).map((event) => event.event)
    assert.equal(events[0].event, 'room_started')
    assert.equal(events.at(-1), finished)
    for (const identity of ['ann', 'echo'])
      assert.deepEqual(of(identity), ['participant_joined', 'track_published', 'track_unpublished', 'participant_left'], identity)
    for (const event of events) {
      assert.match(event.id, /^EV_\w{12}$/)
      assert.ok(Math.abs(Number(event.createdAt) - Date.now() / 1000) < 30)
      assert.equal(event.room.sid, events[0].room.sid)
    }
    const joined = events.find((event) => event.event === 'participant_joined' && event.participant.identity === 'ann')
    assert.equal(joined.participant.name, 'Ann')
    assert.equal(joined.participant.state, 2)
    assert.equal(joined.room.numParticipants, 1) // agents do not count
    const published = events.find((event) => event.event === 'track_published' && event.participant.identity === 'ann')
    assert.match(published.track.sid, /^TR_AM/)
    assert.equal(published.room.emptyTimeout, 0) // of room and participant only what names them
    assert.equal(published.participant.permission, undefined)
    assert.equal(events.find((event) => event.event === 'participant_left' && event.participant.identity === 'ann').participant.disconnectReason, 1)
    assert.deepEqual(receiver.refused, [])
  }
  assert.deepEqual(one.taken.map((event) => event.id), two.taken.map((event) => event.id))

  const { body, headers, path: asked } = one.tries[0]
  assert.equal(asked, '/hook?token=hidden')
  assert.equal(headers['content-type'], 'application/webhook+json')
  assert.equal(headers['user-agent'], 'LiveKit')
  assert.equal(headers.expect, undefined)
  const claims = JSON.parse(Buffer.from(headers.authorization.split('.')[1], 'base64url'))
  assert.deepEqual(Object.keys(claims).sort(), ['exp', 'iss', 'sha256'])
  assert.ok(claims.exp - Date.now() / 1000 <= 300)
  assert.match(body, /"creationTimeMs":"\d+"/) // 64 bits as text, names in camelCase
  await assert.rejects(new WebhookReceiver(KEY, SECRET).receive(body.replace('told', 'tale'), headers.authorization), /checksum/)
  await assert.rejects(new WebhookReceiver(KEY, `${SECRET}x`).receive(body, headers.authorization))

  const silent = server.log.split('\n').filter((line) => line.includes('webhooks are not taken') && line.includes(dead.url))
  assert.equal(silent.length, 1, 'one line for the whole outage')
  assert.equal(server.log.includes('hidden'), false)
  await until(async () => (await metric(server, 'webhooks_delivered_total')) === 2 * one.taken.length, 'all answers to be counted')
  assert.equal(await metric(server, 'webhooks_waiting'), one.taken.length)
  assert.equal(await server.stop(), 0)
})

proves('P57 a receiver that was down, that fails, and that is slow gets everything in order, and other rooms do not wait', async (t) => {
  const gone = await listen(t)
  await gone.close()
  const server = await serve(t, { args: [...QUICK, '--data-dir', await folder(t), '--webhook-urls', gone.url] })
  await visit(server, 'early')
  await until(() => /webhooks are not taken/.test(server.log), 'the outage in the log')
  let held = true
  const back = await listen(t, {
    port: gone.port,
    answer: (event, nth) => {
      if (event.room.name === 'failing' && event.event === 'participant_connection_aborted' && nth < 2) return 500
      if (event.room.name === 'slow' && held) return new Promise(() => {})
      return 200
    },
  })
  await back.until('early', 'room_finished')
  await until(() => /webhooks are taken again/.test(server.log), 'the end of the outage in the log')
  await Promise.all([visit(server, 'slow'), visit(server, 'failing'), visit(server, 'fine')])
  await back.until('fine', 'room_finished') // nobody waits for the slow one
  await back.until('failing', 'room_finished')
  held = false
  await back.until('slow', 'room_finished', 30_000) // a try ends after 5 s, the next one comes soon
  for (const room of ['early', 'failing', 'fine']) assert.deepEqual(back.names(room), ABORTED, room)
  const failed = back.tries.filter((each) => each.event.room.name === 'failing' && each.event.event === 'participant_connection_aborted')
  assert.deepEqual(failed.map((each) => each.status), [500, 200])
  assert.equal(failed[0].body, failed[1].body)
  assert.ok(failed[1].at - failed[0].at > 450)
  await until(async () => (await metric(server, 'webhooks_waiting')) === 0, 'nothing to wait')
  assert.ok((await metric(server, 'webhooks_failed_total')) >= 3)
  assert.equal(await server.stop(), 0)
})

proves('P57 kill -9 loses nothing that was kept: the next start sends it, with the same ids', async (t) => {
  let works = false
  const receiver = await listen(t, { answer: () => (works ? 200 : 500) })
  const args = [...QUICK, '--data-dir', await folder(t), '--webhook-urls', receiver.url]
  const first = await serve(t, { args })
  const rooms = ['a', 'b', 'c', 'd']
  await Promise.all(rooms.map((room) => visit(first, room)))
  await until(async () => (await metric(first, 'webhooks_waiting')) === 12, 'all events to be kept')
  await until(() => new Set(receiver.tries.map((each) => each.event.room.name)).size === 4, 'a try for each room')
  const ids = new Set(receiver.tries.map((each) => each.event.id))
  first.child.kill('SIGKILL')
  await first.exited
  works = true
  const second = await serve(t, { args })
  await until(() => /webhooks are sent urls=1 key=\S+ waiting=12/.test(second.log), 'what waits to be found')
  for (const room of rooms) {
    await receiver.until(room, 'room_finished')
    assert.deepEqual(receiver.names(room), ABORTED, room)
  }
  for (const id of ids) assert.ok(receiver.taken.some((event) => event.id === id), `${id} comes again`)
  await until(async () => (await metric(second, 'webhooks_waiting')) === 0, 'nothing to wait')

  // killed while it sends: what was on its way comes again
  receiver.answer = () => new Promise((done) => setTimeout(done, 30, 200))
  await Promise.all(rooms.map((room) => visit(second, `${room}2`)))
  await until(async () => (await metric(second, 'webhooks_queued_total')) === 12, 'all events to be kept')
  second.child.kill('SIGKILL')
  await second.exited
  const third = await serve(t, { args })
  for (const room of rooms) {
    await receiver.until(`${room}2`, 'room_finished')
    const order = receiver.taken.filter((event) => event.room.name === `${room}2`)
    const once = order.filter((event, i) => order.findIndex((other) => other.id === event.id) === i)
    assert.deepEqual(once.map((event) => event.event), ABORTED, 'in order, each at least once')
  }
  assert.equal(await third.stop(), 0)
})

proves('P57 a stop tells the last words, a reload changes URLs and key, and a refusal is final', async (t) => {
  const path = await folder(t)
  const file = join(path, 'config.yaml')
  const [old, refusing, other] = [
    await listen(t),
    await listen(t, { answer: () => 404 }),
    await listen(t, { key: 'APIother', secret: SECRET.toLowerCase() }),
  ]
  const config = (urls, key) => writeFile(file, `keys:\n  APIother: ${SECRET.toLowerCase()}\nroom:\n  departure_timeout: 1\nwebhook:\n  api_key: ${key}\n  urls: [${urls.map((each) => each.url)}]\n`)
  await config([old, refusing], KEY)
  const server = await serve(t, { args: ['--config', file] })
  await until(() => /webhooks are kept in memory only/.test(server.log), 'the warning')
  await visit(server, 'before')
  await old.until('before', 'room_finished')
  await until(() => refusing.tries.length === 3, 'three refusals')
  assert.deepEqual(refusing.tries.map((each) => each.event.event), ABORTED)
  await until(async () => (await metric(server, 'webhooks_refused_total')) === 3, 'all refusals to be counted')
  assert.equal(server.log.match(/webhooks are refused/g)?.length, 1)
  await config([other], 'APIother')
  server.child.kill('SIGHUP')
  await until(() => /urls=1 key=APIother/.test(server.log), 'the new configuration')
  const last = await Participant.join(server, 'after', 'bob')
  await other.until('after', 'room_started')
  assert.deepEqual(other.refused, [])
  assert.deepEqual(old.names('after'), [])
  assert.equal(await server.stop(), 0)
  await last.closed
  assert.deepEqual(other.names('after'), ABORTED)
  assert.equal(other.taken.at(-1).roomEndReason, 3) // the server was stopped
})

proves('P57 rooms of the server API and recordings are told too', async (t) => {
  const [path, receiver] = [await folder(t), await listen(t)]
  const server = await serve(t, { args: ['--egress-directory', path, '--data-dir', path, '--webhook-urls', receiver.url] })
  const [rooms, egress] = [new RoomServiceClient(server.url, KEY, SECRET), new EgressClient(server.url, KEY, SECRET)]
  await rooms.createRoom({ name: 'made', metadata: 'm', emptyTimeout: 77 })
  const started = await receiver.until('made', 'room_started')
  assert.equal(started.room.metadata, 'm')
  assert.equal(started.room.emptyTimeout, 77)
  const output = new EncodedFileOutput({ fileType: EncodedFileType.OGG, filepath: 'made.ogg' })
  const { egressId } = await egress.startRoomCompositeEgress('made', output, { audioOnly: true })
  await receiver.until('made', 'egress_started')
  await egress.stopEgress(egressId)
  const done = await receiver.until('made', 'egress_ended')
  assert.equal(done.egressInfo.egressId, egressId)
  assert.match(done.egressInfo.fileResults[0].filename, /made\.ogg$/)
  assert.equal(done.room.sid, started.room.sid)
  await rooms.deleteRoom('made')
  assert.equal((await receiver.until('made', 'room_finished')).roomEndReason, 1) // by the API
  const order = receiver.names('made')
  assert.equal(order[0], 'room_started')
  assert.ok(order.indexOf('egress_started') < order.indexOf('egress_ended'), order.join())
  assert.equal(order.at(-1), 'room_finished')
  assert.deepEqual(receiver.refused, [])
  assert.equal(await server.stop(), 0)
})

proves('P57 URLs and keys that cannot do are refused at the start', async () => {
  const check = (...args) => run(['check-config', ...args])
  assert.equal((await check('--webhook-urls', 'https://a.example/hook?x=1,http://10.0.0.7:8080/')).code, 0)
  for (const url of ['ftp://a.example/', 'http://me:pass@a.example/', 'a.example/hook']) {
    const { code, stderr } = await check('--webhook-urls', url)
    assert.equal(code, 1, url)
    assert.match(stderr, /webhook\.urls: .* is not https:/)
  }
  assert.match((await check('--webhook-urls', Array.from({ length: 9 }, (_, i) => `https://a${i}.example/`).join())).stderr, /at most 8/)
  assert.match((await check('--webhook-urls', 'https://a.example', '--webhook-api-key', 'APInobody')).stderr, /none of the API keys/)
})
