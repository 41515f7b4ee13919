// pages.test.mjs — the pages with a site in their address, in Chromium: framed, linked, scanned, designed.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { pageWith, startWebsite } from './lib/host-page.mjs'
import { eventually, hears } from './lib/wait.mjs'
import { showsState, visitor } from './lib/visitor.mjs'

let server, website, stranger, browser
before(async () => {
  const framing = () => ({ html: pageWith(`<iframe src="${server.http}/embed/default" allow="microphone" width="420" height="640"></iframe>`, '<script>said = []; addEventListener("message", (event) => said.push(event.data))</script>') })
  website = await startWebsite(framing)
  stranger = await startWebsite(framing)
  server = await startServer({ args: ['--voice-allowed-origins', website.url] })
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  website?.stop()
  stranger?.stop()
  await server?.stop()
})

test('P04 the button in a frame of an allowed website calls, is heard, and tells the website', async () => {
  const { page } = await visitor(browser, website.url)
  const frame = page.frameLocator('iframe')
  await frame.getByRole('button', { name: 'Start voice call' }).click()
  const inner = page.frames().find((one) => one.url().includes('/embed/'))
  await hears(inner, 440)
  const states = () => page.evaluate(() => window.said.filter((one) => one.type === 'offhook').map((one) => `${one.event} ${one.state ?? ''}`.trim()))
  await eventually('the website hears of the call', async () => (await states()).includes('oh-connected'))
  await frame.getByRole('button', { name: 'End call' }).click()
  await eventually('the website hears of its end', async () => (await states()).some((state) => state.startsWith('oh-ended')))
  await page.close()
})

test('P04 P37 a website that is not allowed cannot frame it', async () => {
  const { page, problems } = await visitor(browser, stranger.url)
  await eventually('the browser refuses', () => problems.some((problem) => problem.includes('frame-ancestors') || problem.includes('refused')))
  await page.close()
})

test('P05 the call link calls and shows its own address as a QR code', async () => {
  const { page, problems } = await visitor(browser, `${server.http}/c/default`)
  await eventually('the code is drawn', () => page.evaluate(() => document.getElementById('qr').naturalWidth > 50))
  await page.getByRole('button', { name: 'Start voice call' }).click()
  await showsState(page, 'connected')
  await hears(page, 440)
  assert.deepEqual(problems, [])
  assert.equal((await fetch(`${server.http}/c/nobody`)).status, 404)
  await page.close()
})

test('N21 N22 the designer shows every state without a call, follows the choices, and gives the lines to paste', async () => {
  const { page, problems } = await visitor(browser, `${server.http}/designer`)
  const asked = []
  page.on('request', (request) => /token|rtc/.test(request.url()) && asked.push(request.url()))
  await eventually('every state is shown', async () => {
    const shown = await page.evaluate(() => [...document.querySelectorAll('figure')].map((figure) => [figure.querySelector('figcaption').textContent, figure.querySelector('offhook-call').state]))
    return { ok: shown.length >= 14 && shown.every(([wanted, state]) => wanted === state), shown }
  })
  await page.getByLabel('Label').fill('Call the shop')
  await page.getByLabel('Colour').fill('#ffe600')
  await page.getByLabel('Theme').selectOption('dark')
  await eventually('the snippet follows', async () => /data-label="Call the shop".*data-accent="#ffe600"|data-accent="#ffe600".*data-label="Call the shop"/.test(await page.locator('#snippet').innerText()))
  assert.match(await page.locator('#contrast').innerText(), /too faint/i)
  assert.match(await page.locator('#policy').innerText(), /Content-Security-Policy: script-src/)
  await page.getByLabel('Paste into').selectOption('wordpress')
  assert.match(await page.locator('#snippet').innerText(), /wp_footer/)
  await page.getByRole('button', { name: 'Call the shop' }).first().waitFor()
  assert.deepEqual(asked, [])
  assert.deepEqual(problems, [])
  await page.close()
})
