// button-csp.test.mjs — the button on a website of another origin under ten strict content security policies: it loads, calls and is
// heard, and the browser reports no violation.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { ICON, pageWith, scriptTag, startWebsite } from './lib/host-page.mjs'
import { hears } from './lib/wait.mjs'
import { showsState, startCall, visitor } from './lib/visitor.mjs'

const NONCE = 'bm9uY2UtZm9yLXRlc3Rz'
// H is the address of the call server, W the same for WebSockets. No policy allows 'unsafe-inline' or 'unsafe-eval'.
const POLICIES = [
  ["everything from the call server's address", "default-src 'none'; script-src H; style-src H; connect-src H W; img-src data: H; media-src blob: H"],
  ['a nonce for the script and its style', `default-src 'none'; script-src 'nonce-${NONCE}' H; style-src 'nonce-${NONCE}'; connect-src H W; img-src data:; media-src blob:`],
  ['strict-dynamic', `default-src 'none'; script-src 'nonce-${NONCE}' 'strict-dynamic'; style-src 'nonce-${NONCE}' H; connect-src H W; img-src data:; media-src blob:`],
  ['no style at all', "default-src 'none'; script-src H; style-src 'none'; connect-src H W; img-src data:; media-src blob:"],
  ['no pictures', "default-src 'none'; script-src H; style-src H; connect-src H W; img-src 'none'; media-src blob:"],
  ['no media from elsewhere', "default-src 'none'; script-src H; style-src H; connect-src H W; media-src 'none'; img-src data:"],
  ['trusted types required', "default-src 'none'; script-src H; style-src H; connect-src H W; img-src data:; media-src blob:; require-trusted-types-for 'script'"],
  ['trusted types required, no policy may be made', "default-src 'none'; script-src H; style-src H; connect-src H W; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'"],
  ['no workers, frames, fonts, forms, base', "default-src 'self'; script-src 'self' H; style-src 'self' H; connect-src 'self' H W; worker-src 'none'; child-src 'none'; font-src 'none'; form-action 'none'; base-uri 'none'; object-src 'none'; img-src data:"],
  ['sandboxed, with scripts and its own origin', "default-src 'none'; script-src H; style-src H; connect-src H W; img-src data:; sandbox allow-scripts allow-same-origin"],
]

let server, website, browser
before(async () => {
  website = await startWebsite((path) => {
    const policy = POLICIES[Number(path.slice(1))]?.[1]
    if (policy === undefined) return null
    const csp = policy.replaceAll('H', server.http).replaceAll('W', server.ws)
    return { html: pageWith(scriptTag(server.http, `nonce="${NONCE}"`)), headers: { 'content-security-policy': csp } }
  })
  server = await startServer({ args: ['--voice-allowed-origins', website.url] })
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  website?.stop()
  await server?.stop()
})

POLICIES.forEach(([name], index) =>
  test(`P62 the button calls under a strict policy: ${name}`, async () => {
    const { page, problems } = await visitor(browser, `${website.url}/${index}`, { home: [website.url, server.http, server.ws] })
    await startCall(page)
    await showsState(page, 'connected')
    await hears(page, 440)
    await page.getByRole('button', { name: 'End call' }).click()
    await showsState(page, 'ended')
    assert.deepEqual(problems.filter((problem) => !problem.includes(`'${ICON}'`)), [])
    assert.deepEqual(await page.context().cookies(), [], 'a cookie was set')
    await page.close()
  }),
)
