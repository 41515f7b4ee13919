// button-trouble.test.mjs — everything before the line exists that can go wrong: microphones and token servers. What a person sees
// says what happened and offers a next step; none of it is a dead end.
import { after, afterEach, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { pageWith, scriptTag, startWebsite } from './lib/host-page.mjs'
import { eventually, hears } from './lib/wait.mjs'
import { EAR } from './lib/ear.mjs'
import { showsState, startCall, visitor } from './lib/visitor.mjs'

let server, website, browser, page
before(async () => {
  website = await startWebsite(() => ({ html: pageWith(scriptTag(server.http)) }))
  server = await startServer({ args: ['--voice-allowed-origins', website.url, '--voice-per-address-budget', '0'] })
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  website?.stop()
  await server?.stop()
})
afterEach(() => page?.close())

const enter = async (url) => {
  page = (await visitor(browser, url)).page
}
const says = (pattern) =>
  eventually(`the panel says ${pattern}`, async () => {
    const text = await page.getByRole('dialog').innerText()
    return { ok: pattern.test(text), text }
  })
// Both the React button on our own page and the element on somebody else's.
const BUTTONS = [['React', () => server.http], ['element', () => website.url]]

const MICROPHONES = [
  ['NotAllowedError', 'Permission denied', /microphone is blocked/i],
  ['NotAllowedError', 'Permission denied by system', /system blocks the microphone|privacy settings/i],
  ['NotAllowedError', 'Permission dismissed', /microphone/i],
  ['NotFoundError', 'Requested device not found', /no microphone/i],
  ['NotReadableError', 'Could not start audio source', /microphone is busy|another app/i],
]
for (const [kind, url] of BUTTONS)
  for (const [name, message, words] of MICROPHONES)
    test(`S28 S58 ${kind}: microphone ${name} “${message}” is explained, and trying again connects`, async () => {
      await enter(url())
      await page.evaluate(
        ([name, message]) => {
          const devices = navigator.mediaDevices
          window.ask = devices.getUserMedia.bind(devices)
          devices.getUserMedia = () => Promise.reject(new DOMException(message, name))
        },
        [name, message],
      )
      await startCall(page)
      await showsState(page, 'failed')
      await says(words)
      await page.evaluate(() => { navigator.mediaDevices.getUserMedia = window.ask })
      await page.getByRole('button', { name: /try again/i }).click()
      await showsState(page, 'connected')
      await hears(page, 440)
    })

const problem = (status, code, more = {}) => ({ status, contentType: 'application/problem+json', headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*', ...more }, body: JSON.stringify({ type: `urn:offhook:problem:${code}`, title: code, status, detail: code, code }) })
const LIES = [
  ['fails with 500', { status: 500, body: 'no' }],
  ['says the lines are busy', problem(503, 'CAPACITY', { 'retry-after': '60' })],
  ['wants a sign-in', problem(401, 'AUTH_REQUIRED')],
  ['answers with a page instead of JSON', { status: 200, contentType: 'text/html', body: '<h1>hello</h1>' }],
  ['answers without a token', { status: 200, json: { roomName: 'x' } }],
  ['gives a token that nobody signed', { status: 200, json: { token: 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA', livekitHost: 'HOST', roomName: 'x', participantName: 'y' } }],
  ['sends the call to a server that is not there', { status: 200, json: { token: 'x', livekitHost: 'ws://127.0.0.1:1', roomName: 'x', participantName: 'y' } }],
  ['sends the call to something that is no address', { status: 200, json: { token: 'x', livekitHost: 'javascript:alert(1)', roomName: 'x', participantName: 'y' } }],
]
for (const [kind, url] of BUTTONS)
  for (const [what, answer] of LIES)
    test(`S12 S58 ${kind}: a token API that ${what} is explained with a next step`, async () => {
      await enter(url())
      const given = answer.json ? { ...answer, json: JSON.parse(JSON.stringify(answer.json).replace('HOST', server.ws)) } : answer
      await page.route('**/api/voice/token*', (route) => route.fulfill({ ...given, headers: { 'access-control-allow-origin': '*', ...given.headers } }))
      await startCall(page)
      await showsState(page, 'failed', { timeout: 60_000 })
      const panel = page.getByRole('dialog')
      assert.ok((await panel.getByRole('button').count()) >= 2, 'there is nothing to press')
      assert.match(await panel.innerText(), /try again|sign in/i)
    })

for (const [kind, url] of BUTTONS)
  test(`S27 ${kind}: a slow token API shows that something happens, can be cancelled, and connects when it answers`, async () => {
    await enter(url())
    let answer, asked = 0
    const slow = new Promise((done) => { answer = done })
    await page.route('**/api/voice/token*', async (route) => {
      asked++
      await slow
      await route.continue().catch(() => undefined) // cancelled meanwhile
    })
    await startCall(page)
    await showsState(page, 'opening')
    await page.getByRole('button', { name: /end call|cancel/i }).click()
    await showsState(page, 'ended')
    await page.getByRole('button', { name: /start voice call|try again|call again/i }).click()
    await showsState(page, 'opening')
    await eventually('the token is asked for', () => asked > 0)
    answer()
    await showsState(page, 'connected')
  })

for (const [kind, url] of BUTTONS)
  test(`P43 ${kind}: the microphone is unplugged in a call; another takes over and is heard`, async () => {
    page = await browser.newPage()
    await page.addInitScript(() => {
      const devices = navigator.mediaDevices
      const ask = devices.getUserMedia.bind(devices)
      window.given = []
      devices.getUserMedia = async (constraints) => {
        const stream = await ask(constraints)
        window.given.push(...stream.getAudioTracks())
        return stream
      }
    })
    await page.addInitScript(EAR)
    await page.goto(url())
    await startCall(page)
    await hears(page, 440)
    const before = await page.evaluate(() => {
      // What a browser does when the plug is pulled.
      for (const track of window.given) {
        track.stop()
        track.dispatchEvent(new Event('ended'))
      }
      navigator.mediaDevices.dispatchEvent(new Event('devicechange'))
      return window.given.length
    })
    await eventually('another microphone is opened', () => page.evaluate((before) => window.given.length > before, before))
    await hears(page, 440)
    await showsState(page, 'connected')
  })
