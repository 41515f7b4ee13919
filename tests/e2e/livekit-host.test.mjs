// livekit-host.test.mjs — the button of one server, the call on another (LIVEKIT_HOST): heard, reloaded, ended, and ended
// for being too long, with what the other server tells by webhooks.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RoomServiceClient } from 'livekit-server-sdk'
import { openChromium } from './lib/browser.mjs'
import { microphoneReleased } from './lib/ear.mjs'
import { BINARY, startServer } from './lib/server.mjs'
import { freePorts } from '../parts/ports.mjs'
import { showsState, startCall, visitor } from './lib/visitor.mjs'
import { eventually, hears } from './lib/wait.mjs'

const keys = { key: 'APIshared', secret: 'a secret that both servers have, forty bytes' }
const folder = mkdtempSync(join(tmpdir(), 'offhook-host-'))
let far, near, browser, admin
before(async () => {
  const [port, adminPort] = await freePorts(2)
  const told = join(folder, 'far.yaml')
  const sites = join(folder, 'near.yaml')
  writeFileSync(told, `webhook: {api_key: ${keys.key}, urls: ["http://127.0.0.1:${port}/api/voice/livekit-webhook"]}\nroom: {departure_timeout: 5}\n`)
  writeFileSync(sites, 'voice:\n  per_address_budget: 0\n  sites:\n    short: {per_address_budget: 0, max_duration: 3s}\n')
  far = await startServer({ keys, args: ['--config', told] })
  near = await startServer({ keys, port, args: ['--config', sites, '--admin-port', String(adminPort), '--livekit-host', far.ws] })
  admin = `http://127.0.0.1:${adminPort}/metrics`
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  await Promise.allSettled([near?.stop(), far?.stop()])
  rmSync(folder, { recursive: true })
})
const counter = async (name) => {
  const text = await (await fetch(admin)).text()
  return [...text.matchAll(new RegExp(`^offhook_${name}_total(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0)
}

describe('the button in front of another LiveKit', () => {
  test('S45 the tone comes back from there, also after the page was reloaded, and the call ends', async () => {
    // Only who hears of the other server's rooms can say whether one to go back to is still there.
    await new RoomServiceClient(far.http, keys.key, keys.secret).createRoom({ name: 'anything' })
    await eventually('the other server tells of its rooms', async () => (await counter('far_webhooks')) > 0)
    const told = await counter('far_webhooks')
    const { page, problems } = await visitor(browser, near.http, { home: [near.http, far.http] })
    const sockets = []
    page.on('websocket', (socket) => sockets.push(new URL(socket.url()).port))
    await startCall(page)
    await hears(page, 440)
    await eventually('the other server says who came', async () => (await counter('far_webhooks')) > told)
    await showsState(page, 'connected')
    assert.deepEqual([...new Set(sockets)], [String(far.port)])
    await page.reload()
    await hears(page, 440) // it goes on by itself
    await page.getByRole('button', { name: 'End call' }).click()
    await microphoneReleased(page)
    assert.deepEqual(problems, [])
    await page.close()
  })

  test('P36 a call that is too long is ended there, whoever is in it', async () => {
    const answer = await fetch(`${near.http}/api/voice/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"site":"short"}' })
    const { token, roomName, serverUrl, maxDuration } = await answer.json()
    assert.equal(maxDuration, 3)
    // A client that reckons no time itself.
    const caller = spawn(BINARY, ['call', roomName, '--url', serverUrl, '--token', token, '--seconds', '60'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [caller.stdout, caller.stderr]) stream.on('data', (data) => (said += data))
    await once(caller, 'exit')
    assert.match(said, /deleted/i)
    assert.equal(await counter('calls_ended_duration'), 1)
  })
})
