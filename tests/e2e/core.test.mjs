// core.test.mjs — the call machine and its phone in a real browser against the real server, without any interface.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { eventually } from './lib/wait.mjs'

const web = fileURLToPath(new URL('../../web/', import.meta.url))

let server, site, browser

// The page and, on the same origin, the token API of the server.
async function startSite(target) {
  const { build } = createRequire(`${web}packages/site/build.mjs`)('esbuild')
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page/core.ts', import.meta.url))], bundle: true, write: false, format: 'iife', nodePaths: [`${web}node_modules`],
  })
  const script = Buffer.from(outputFiles[0].contents)
  const web_ = createServer((incoming, answer) => {
    if (incoming.url.startsWith('/api/')) {
      // As from a program: its own address is the server's.
      const { origin, referer, ...headers } = incoming.headers
      const onward = request(target + incoming.url, { method: incoming.method, headers: { ...headers, host: new URL(target).host } }, (reply) => {
        answer.writeHead(reply.statusCode, reply.headers)
        reply.pipe(answer)
      })
      onward.on('error', () => answer.writeHead(502).end())
      return incoming.pipe(onward)
    }
    if (incoming.url === '/core.js') return answer.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>core</title><link rel="icon" href="data:,"><script src="/core.js"></script>')
  }).listen(0, '127.0.0.1')
  await once(web_, 'listening')
  return { url: `http://127.0.0.1:${web_.address().port}`, stop: () => web_.close() }
}

before(async () => {
  server = await startServer()
  site = await startSite(server.http)
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  site?.stop()
  await server?.stop()
})

async function open(query = '', context) {
  const page = await (context ?? browser).newPage()
  await page.goto(`${site.url}/${query}`)
  return page
}
const call = (page) => page.evaluate(() => ({ ...window.call.get(), credentials: null, error: window.call.get().error?.message ?? null }))
const reaches = (page, state) => eventually(state, async () => {
  const now = await call(page)
  return { ok: now.state === state, state: now.state, error: now.error }
})
async function connect(page) {
  await page.evaluate(() => window.call.start())
  await reaches(page, 'connected')
}

describe('the core in a browser', () => {
  test('S03 S14 S40 a call is measured while it runs and lets the microphone go within 100 ms of the end', async () => {
    const page = await open()
    assert.equal(await page.evaluate(() => window.microphones()), 0, 'nobody is asked before a click')
    await connect(page)
    await eventually('both sides are heard', async () => {
      const { local, remote } = await page.evaluate(() => window.call.levels())
      return { ok: local > 0.3 && remote > 0.3, local, remote }
    })
    await eventually('the route is known', async () => (await call(page)).route === 'udp')
    const stats = await page.evaluate(() => window.call.stats())
    assert.equal(stats.codec, 'audio/opus')
    assert.ok(stats.packetsIn > 0 && stats.packetsOut > 0 && stats.route === 'udp', JSON.stringify(stats))
    const turns = await page.evaluate(() => window.hangUp())
    assert.ok(turns <= 10, `${turns} turns`)
    await reaches(page, 'ended')
    // The echo partner may be there at once or a moment later.
    const states = (await page.evaluate(() => window.states)).filter((state) => state !== 'ringing')
    assert.deepEqual(states, ['opening', 'requesting-mic', 'connecting', 'connected', 'ending', 'ended'])
    await page.close()
  })

  test('P41 the microphone can be changed in the call, and stays one', async () => {
    const page = await open()
    await connect(page)
    await eventually('devices are listed', async () => (await call(page)).devices.inputs.length > 1)
    const { devices } = await call(page)
    assert.ok(devices.inputs.every(({ id, label }) => id !== '' && id !== 'default' && label !== ''), JSON.stringify(devices))
    const other = devices.inputs.at(-1).id
    await page.evaluate((id) => window.call.setInput(id), other)
    await eventually('it is in use', async () => (await call(page)).devices.input === other)
    assert.equal(await page.evaluate(() => window.live()), 1)
    await eventually('it is heard', async () => (await page.evaluate(() => window.call.levels())).local > 0.3)
    assert.ok((await page.evaluate(() => window.hangUp())) <= 10)
    await page.close()
  })

  test('N06 talking behind the mute button is noticed, and the copy of the microphone goes with it', async () => {
    const page = await open()
    await connect(page)
    await page.evaluate(() => window.call.setMuted(true))
    await eventually('the hint', async () => (await call(page)).warnings.includes('muted-talking'))
    await page.evaluate(() => window.call.setMuted(false))
    await eventually('no hint', async () => !(await call(page)).warnings.includes('muted-talking'))
    assert.ok((await page.evaluate(() => window.hangUp())) <= 10)
    assert.equal(await page.evaluate(() => window.live()), 0)
    await page.close()
  })

  test('N30 low-data mode sends about half of what a call sends otherwise, and says so', async () => {
    const rate = async (query) => {
      const page = await open(query)
      await connect(page)
      const bytes = () => page.evaluate(async () => (await window.call.stats()).bytesOut)
      await eventually('sound flows', async () => (await bytes()) > 2000)
      const [before, start] = [await bytes(), Date.now()]
      await new Promise((done) => setTimeout(done, 3000))
      const kbits = ((await bytes()) - before) * 8 / (Date.now() - start)
      const { warnings, lowData } = await call(page)
      await page.close()
      return { kbits, warnings, lowData }
    }
    const [low, plain] = [await rate('?low-data'), await rate('')]
    assert.ok(low.lowData && low.warnings.includes('low-data'))
    assert.ok(!plain.warnings.includes('low-data'))
    assert.ok(low.kbits < 22 && low.kbits < plain.kbits * 0.6, JSON.stringify({ low, plain }))
  })

  test('P53 push to talk: open only while held', async () => {
    const page = await open('?push-to-talk')
    await connect(page)
    const level = async () => (await page.evaluate(() => window.call.levels())).local
    assert.equal(await level(), 0)
    await page.evaluate(() => window.call.holdToTalk(true))
    await eventually('heard', async () => (await level()) > 0.3)
    await page.evaluate(() => window.call.holdToTalk(false))
    await eventually('not heard', async () => (await level()) === 0)
    await page.close()
  })

  test('P50 N11 a reload goes on with the call: same room, same person', async () => {
    const page = await open()
    await connect(page)
    const who = () => page.evaluate(() => ({ room: window.call.get().credentials.roomName, name: window.call.get().credentials.participantName }))
    const before = await who()
    assert.equal(await page.evaluate(() => Object.keys(sessionStorage).join()), 'offhook.resume.test')
    await page.goto(`${site.url}/?resume`)
    await reaches(page, 'connected')
    assert.equal((await call(page)).resumed, true)
    assert.equal((await who()).room, before.room)
    await page.evaluate(() => window.hangUp())
    await reaches(page, 'ended')
    assert.equal(await page.evaluate(() => sessionStorage.length), 0)
    await page.close()
  })

  test('N12 one call per browser: the other tab says so and can take it over', async () => {
    const context = await browser.newContext()
    const [one, two] = [await open('', context), await open('', context)]
    await connect(one)
    await eventually('told', async () => (await call(two)).elsewhere)
    await two.evaluate(() => window.call.start())
    assert.equal((await call(two)).state, 'idle')
    const room = await one.evaluate(() => window.call.get().credentials.roomName)
    await two.evaluate(() => window.call.takeOver())
    await reaches(two, 'connected')
    await reaches(one, 'ended')
    assert.equal((await call(one)).endReason, 'moved')
    assert.equal(await two.evaluate(() => window.call.get().credentials.roomName), room)
    assert.equal(await one.evaluate(() => window.live()), 0)
    await context.close()
  })

  test('N05 the check before a call hears its own tone from the server, and asks nobody', async () => {
    const page = await open()
    const verdict = await page.evaluate(() => window.preflight())
    assert.equal(verdict.verdict, 'ready', JSON.stringify(verdict))
    assert.equal(verdict.route, 'udp')
    assert.ok(verdict.echoMs > 0)
    assert.equal(await page.evaluate(() => window.microphones()), 0)
    await page.close()
  })

  test('S51 fifty calls leave no microphone and no listener behind', async () => {
    const page = await open()
    const cycle = async () => {
      await page.evaluate(() => window.call.start())
      await eventually('in the room', async () => ['ringing', 'connected'].includes((await call(page)).state), { every: 10 })
      await page.evaluate(() => window.hangUp())
      await eventually('ended', async () => (await call(page)).state === 'ended', { every: 10 })
    }
    for (let i = 0; i < 3; i++) await cycle()
    // livekit-client lets go of a room's last listener when the room is collected.
    const devtools = await page.context().newCDPSession(page)
    const settled = async () => {
      await devtools.send('HeapProfiler.collectGarbage')
      return page.evaluate(() => window.listeners())
    }
    const before = await settled()
    for (let i = 0; i < 50; i++) await cycle()
    await eventually('no more listeners than before', async () => {
      const after = await settled()
      return { ok: Object.keys(after).every((name) => after[name] <= (before[name] ?? 0)), before, after }
    })
    assert.equal(await page.evaluate(() => window.live()), 0)
    await page.close()
  })
})
