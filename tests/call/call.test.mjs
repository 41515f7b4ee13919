// call.test.mjs — `offhook call` against the real server: what one plays is what the other records, over every
// way of connecting; files survive a kill; ends are polite; errors say what is wrong.
import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, execFileSync } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, existsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../parts/ports.mjs'
import { sine, tone } from './tone.mjs'

const BINARY = process.env.OFFHOOK_BINARY ?? fileURLToPath(new URL('../../build/offhook', import.meta.url))
const KEYS = { LIVEKIT_API_KEY: 'APIcall', LIVEKIT_API_SECRET: randomBytes(32).toString('hex') }
let folder, server, url, played

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-call-'))
  played = join(folder, '440.ogg')
  const wav = join(folder, '440.wav')
  writeFileSync(wav, sine(440, 4))
  execFileSync('opusenc', ['--quiet', '--bitrate', '32', wav, played])
  const [port] = await freePorts(1)
  url = `ws://127.0.0.1:${port}`
  server = spawn(BINARY, ['serve', '--port', String(port)], {
    env: { ...process.env, ...KEYS, NODE_IP: '127.0.0.1', UDP_PORT: '0', OFFHOOK_RTC_TCP_PORT: '0', OFFHOOK_ADMIN_PORT: '0', OFFHOOK_WORKERS: '2' },
    stdio: ['ignore', 'ignore', process.env.CALL_LOG ? 'inherit' : 'ignore'],
  })
  for (let i = 0; i < 1200; i++) {
    const answer = await fetch(url.replace('ws', 'http')).catch(() => null)
    if (answer?.status === 200) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error('the server is not ready')
})
after(() => {
  server?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

// Starts a call; `saw(text)` waits for a line, `ended` is {code, output}.
function call(...args) {
  const child = spawn(BINARY, ['call', ...args.map(String)], { env: { ...process.env, ...KEYS, LIVEKIT_URL: url } })
  let output = ''
  const waiting = []
  const take = (data) => {
    output += data
    for (const w of waiting) if (output.includes(w.text)) w.done()
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output }))
  const saw = (text) =>
    Promise.race([
      new Promise((done) => (output.includes(text) ? done() : waiting.push({ text, done }))),
      ended.then(({ output }) => assert.ok(output.includes(text), `never said "${text}":\n${output}`)),
    ])
  return { child, saw, ended }
}

function samplesOf(ogg) {
  const raw = execFileSync('opusdec', ['--quiet', '--rate', '48000', '--force-stereo', ogg, '-'], { maxBuffer: 1 << 28 })
  const stereo = new Int16Array(raw.buffer, raw.byteOffset + 44, (raw.length - 44) >> 1) // after the WAV header
  return Float64Array.from({ length: stereo.length >> 1 }, (_, i) => stereo[2 * i] / 32768)
}

for (const [name, ...flags] of [['one peer connection'], ['two peer connections', '--two-peer-connections'], ['TCP', '--tcp']]) {
  test(`${name}: what Anna plays is what Bob records`, async () => {
    const room = `room-${flags.join('')}`
    const record = join(folder, `${room}.ogg`)
    const bob = call(room, '--identity', 'bob', '--record', record, '--seconds', 60, ...flags)
    await bob.saw('connected in')
    const anna = call(room, '--identity', 'anna', '--name', 'Anna', '--play', played, ...flags)
    await bob.saw('hears Anna')
    const a = await anna.ended
    assert.equal(a.code, 0, a.output)
    assert.match(a.output, flags.includes('--tcp') ? /over TCP/ : /over UDP/)
    assert.match(a.output, /has played all of it/)
    bob.child.kill('SIGINT')
    const b = await bob.ended
    assert.equal(b.code, 0, b.output)
    assert.match(b.output, /left as we wished/)
    const sound = samplesOf(record)
    const seconds = sound.length / 48000
    // the server ends a voice with a moment of silence after Anna has gone
    assert.ok(seconds > 3.2 && seconds < 4.8, `${seconds} s were recorded of 4`)
    const { share, hertz } = tone(sound.subarray(24000, sound.length - 24000))
    assert.ok(Math.abs(hertz - 440) < 5, `${hertz} Hz`)
    assert.ok(share > 0.8, `only ${share} of the energy is at the pitch`)
  })
}

test('the echo partner returns the voice', async () => {
  const record = join(folder, 'echo.ogg')
  const { code, output } = await call('echo-room', '--identity', 'carl', '--echo', '--play', played, '--record', record, '--seconds', 5).ended
  assert.equal(code, 0, output)
  const sound = samplesOf(record)
  const { hertz } = tone(sound.subarray(sound.length - 2 * 48000, sound.length - 48000))
  assert.ok(Math.abs(hertz - 440) < 5, `${hertz} Hz came back`)
})

test('one file per participant', async () => {
  const into = join(folder, 'all')
  const listener = call('many', '--identity', 'ear', '--record-dir', into, '--seconds', 60)
  await listener.saw('connected in')
  const talkers = ['x/../y', 'Zoë'].map((name, i) => call('many', '--identity', `t${i}`, '--name', name, '--play', played))
  await Promise.all(talkers.map((t) => t.ended))
  listener.child.kill('SIGINT')
  assert.equal((await listener.ended).code, 0)
  const files = readdirSync(into)
  assert.equal(files.length, 2)
  for (const file of files) {
    assert.match(file, /^[\w-]+\.ogg$/)
    assert.ok(Math.abs(tone(samplesOf(join(into, file)).subarray(24000, 96000)).hertz - 440) < 5)
  }
})

test('a killed recorder leaves a playable file', async () => {
  const record = join(folder, 'killed.ogg')
  const bob = call('kill', '--identity', 'bob', '--record', record)
  await bob.saw('connected in')
  const anna = call('kill', '--identity', 'anna', '--play', played)
  await anna.saw('has played all of it')
  bob.child.kill('SIGKILL')
  await Promise.all([bob.ended, anna.ended])
  const sound = samplesOf(record)
  assert.ok(sound.length >= 2 * 48000, `${sound.length / 48000} s of 4 survived`)
  assert.ok(Math.abs(tone(sound.subarray(24000, 72000)).hertz - 440) < 5)
})

test('a token of one\'s own, and one that is forged', async () => {
  const part = (o) => Buffer.from(typeof o === 'string' ? o : JSON.stringify(o)).toString('base64url')
  const make = (secret) => {
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: KEYS.LIVEKIT_API_KEY, sub: 'dora', exp: Math.floor(Date.now() / 1000) + 600, video: { roomJoin: true, room: 'own' } })}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }
  const good = await call('own', '--token', make(KEYS.LIVEKIT_API_SECRET), '--seconds', 0.5).ended
  assert.equal(good.code, 0, good.output)
  const forged = await call('own', '--token', make('another secret of decent length'), '--seconds', 0.5).ended
  assert.equal(forged.code, 1)
  assert.match(forged.output, /the server answered 401/)
  assert.match(forged.output, /no connection/)
})

test('errors say what is wrong', async () => {
  const nobody = await call('room', '--identity', 'a', '--url', `ws://127.0.0.1:${(await freePorts(1))[0]}`).ended
  assert.equal(nobody.code, 1, nobody.output)
  assert.match(nobody.output, /no connection/)
  for (const [args, said] of [
    [[], /which room/],
    [['room', '--nonsense'], /no flag --nonsense/],
    [['room', '--play'], /--play needs a value/],
    [['room', '--identity', 'a', '--play', '/does/not/exist.ogg'], /No such file/],
    [['room', '--identity', 'a', '--play', BINARY], /not an Ogg Opus file/],
    [['room', '--identity', 'a', '--record', '/does/not/exist.ogg'], /No such file/],
    [['room', '--identity', 'a', '--url', 'gopher://x'], /not an address/],
    [['room', '--identity', 'a', '--seconds', 'many'], /--seconds is a number/],
  ]) {
    const { code, output } = await call(...args).ended
    assert.equal(code, 2, output)
    assert.match(output, said)
  }
  assert.ok(!existsSync('/does/not'))
})
