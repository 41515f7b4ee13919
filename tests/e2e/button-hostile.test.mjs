// button-hostile.test.mjs — 500 strings that want to be script, in every field that the button shows: the words, the site's
// configuration, the server's answers, the other side's name. They are shown as text, and nothing of them runs.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { startPages } from './lib/pages.mjs'
import { pageWith, scriptTag, startWebsite } from './lib/host-page.mjs'
import { eventually } from './lib/wait.mjs'
import { showsState, startCall } from './lib/visitor.mjs'
import { PAYLOADS, batches } from './lib/payloads.mjs'

const english = readFileSync(new URL('../../web/packages/core/src/words/en.ts', import.meta.url), 'utf8')
// Every word of the dictionary that is plain text, by its key.
const WORDS = [...english.matchAll(/^ {2}(\w+): ['"`]/gm)].map((match) => match[1])
const STATES = ['idle', 'opening', 'requesting-mic', 'connecting', 'ringing', 'queued', 'connected', 'reconnecting', 'interrupted', 'ended', 'missed', 'failed']
let server, website, pages, browser
before(async () => {
  // No policy protects this website: what is left is that the button never makes markup out of text.
  website = await startWebsite((path) => (path.startsWith('/favicon') ? null : { html: pageWith(scriptTag(server.http, path === '/demo' ? 'data-demo="idle"' : '')) }))
  server = await startServer({ args: ['--voice-allowed-origins', website.url] })
  pages = await startPages()
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  pages?.stop()
  website?.stop()
  await server?.stop()
})

// `ran` collects whatever a string managed to do.
async function open(url) {
  const page = await browser.newPage()
  const ran = []
  await page.exposeFunction('pwned', () => ran.push('a string ran as script'))
  page.on('dialog', (dialog) => ran.push(`dialog ${dialog.message()}`) && dialog.dismiss())
  page.on('framenavigated', (frame) => (frame === page.mainFrame() && frame.url().startsWith(url) ? 0 : ran.push(`navigated to ${frame.url()}`)))
  page.on('request', (request) => new URL(request.url()).hostname === 'evil.invalid' && ran.push(`asked ${request.url()}`))
  return { page, ran }
}
// What no text may become, in the page and in all shadow trees.
const grown = (page) =>
  page.evaluate(() => {
    const found = []
    const look = (root) => {
      for (const element of root.querySelectorAll('*')) {
        if (['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'FORM'].includes(element.tagName)) found.push(element.outerHTML)
        if (element.tagName === 'SCRIPT' && !element.src) found.push(element.outerHTML)
        for (const { name, value } of element.attributes)
          if (element.tagName !== 'IMG' && (name.startsWith('on') || (/^(href|src|action|xlink:href)$/.test(name) && /^\s*javascript:/i.test(value)))) found.push(element.outerHTML)
        if (element.shadowRoot) look(element.shadowRoot)
      }
    }
    look(document)
    return found
  })
const shownText = (page) => page.evaluate(() => document.querySelector('offhook-call').shadowRoot.textContent)

test(`S09 P10 ${PAYLOADS.length} hostile strings as words and labels, in every state: shown as text, none runs`, async () => {
  assert.ok(PAYLOADS.length >= 500 && WORDS.length > 50)
  const { page, ran } = await open(website.url + '/demo')
  await page.goto(website.url + '/demo')
  await page.getByRole('button', { name: /talk to us/i }).click()
  await page.getByRole('dialog').waitFor()
  for (const [index, batch] of batches(42).entries()) {
    const state = STATES[index % STATES.length]
    await page.evaluate(
      ([state, text, words]) => {
        const element = document.querySelector('offhook-call')
        element.setAttribute('demo', state)
        for (const name of ['label', 'name', 'tel', 'logo', 'avatar', 'accent', 'radius', 'placement', 'site', 'lang', 'metadata', 'attributes']) element.setAttribute(name, text)
        element.labels = Object.fromEntries(words.map((key) => [key, text]))
      },
      [state, batch.join(' '), WORDS],
    )
    await eventually('the words are shown', async () => (await shownText(page)).includes(batch.at(-1)))
    assert.deepEqual(await grown(page), [])
  }
  assert.deepEqual(ran, [])
  await page.close()
})

test('S28 hostile strings from the site’s configuration and the token API: shown as text, none runs', async () => {
  const { page, ran } = await open(website.url)
  let text = ''
  await page.route('**/api/voice/config*', (route) =>
    route.fulfill({
      json: {
        site: text, name: text, auth: 'anonymous', paused: false, tel: text, greeting: text, label: text, languages: [text], placement: text, consent: { mode: 'required', version: text, text },
        presets: { en: { greeting: text, terms: text } }, theme: { accent: text, radius: text, logo: text }, privacy: { audio: text, stored: [text] }, ringTimeout: 60, maxDuration: 0, version: text,
      },
      headers: { 'access-control-allow-origin': '*' },
    }))
  await page.route('**/api/voice/token*', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: text, title: text, detail: text, code: 'CAPACITY', retryAfter: 60 }), headers: { 'access-control-allow-origin': '*' } }))
  for (const batch of batches(100)) {
    text = batch.join(' ')
    await page.goto(website.url)
    await page.evaluate(() => customElements.whenDefined('offhook-call'))
    await page.evaluate(() => document.querySelector('offhook-call').start())
    await page.getByRole('dialog').waitFor()
    await eventually('something of the site is shown', async () => (await shownText(page)).includes('pwned()'))
    assert.deepEqual(await grown(page), [])
  }
  assert.deepEqual(ran, [])
  await page.close()
})

test('S29 hostile strings as the name of the other side: shown as text, none runs', async () => {
  const { page, ran } = await open(server.http)
  const other = await browser.newPage()
  await other.goto(pages.url)
  await other.evaluate(([url, token]) => window.join(url, token), [server.ws, await server.token('names', 'other')])
  await page.route('**/api/voice/token', async (route) =>
    route.fulfill({ json: { token: await server.token('names', 'visitor'), roomName: PAYLOADS[0], participantName: PAYLOADS[1], livekitHost: server.ws, callId: PAYLOADS[2] } }))
  await page.goto(server.http)
  await startCall(page)
  await showsState(page, 'connected')
  // As many in one name as LiveKit's limit of 256 bytes takes.
  const names = PAYLOADS.map((text) => text.replaceAll('\u0000', '')).reduce((all, text) => {
    const joined = `${all.at(-1)} ${text}`
    return Buffer.byteLength(joined) <= 250 ? [...all.slice(0, -1), joined] : [...all, text]
  }, [''])
  for (const name of names) {
    await other.evaluate((name) => window.room.localParticipant.setName(name), name)
    await eventually('the name is shown', async () => (await page.getByRole('dialog').textContent()).includes(name.trim()), { every: 20 })
    assert.deepEqual(await grown(page), [])
  }
  assert.deepEqual(ran, [])
  await Promise.all([page.close(), other.close()])
})
