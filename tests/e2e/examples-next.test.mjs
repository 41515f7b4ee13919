// examples-next.test.mjs — examples/next-clerk, built as its README says: the quick start of the request, with the real Next.js and
// the real @clerk/nextjs, sessions signed by an issuer of our own, and the echo partner heard at the end.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { freePorts, startServer } from './lib/server.mjs'
import { startClerk } from './lib/clerk.mjs'
import { build, folderOf, serve } from './lib/example.mjs'
import { openChromium } from './lib/browser.mjs'
import { microphoneReleased } from './lib/ear.mjs'
import { visit } from './lib/visitor.mjs'
import { hears } from './lib/wait.mjs'

let browser
before(async () => (browser = await openChromium({ hz: 440 })))
after(() => browser?.close())

describe('S84 next-clerk', () => {
  let offhook, clerk, site
  before(async () => {
    const [port] = await freePorts(1)
    const address = `http://localhost:${port}`
    clerk = await startClerk()
    // Step 1 of the quick start: the same variables for offhook and for Next.
    offhook = await startServer({ env: { ...clerk.env, OFFHOOK_ALLOWED_ORIGINS: address } })
    const env = {
      ...clerk.env,
      ...clerk.pageEnv,
      LIVEKIT_API_KEY: offhook.key,
      LIVEKIT_API_SECRET: offhook.secret,
      LIVEKIT_HOST: offhook.ws,
      OFFHOOK_URL: offhook.http,
    }
    await build('next-clerk', ['next', 'build'], env)
    site = await serve('next-clerk', ['next', 'start', '-p', String(port)], address, env)
  })
  after(async () => {
    await site?.stop()
    await offhook?.stop()
    await clerk?.stop()
  })

  test('S84 step 2: the page has the button as the request writes it', () => {
    const page = readFileSync(`${folderOf('next-clerk')}app/page.tsx`, 'utf8')
    assert.match(page, /^import \{ FloatingCallButton \} from "@\/components\/floating-call-button"$/m)
    assert.match(page, /^ +<FloatingCallButton \/>$/m)
    for (const file of ['floating-call-button.tsx', 'voice-call-interface.tsx'])
      assert.equal(
        readFileSync(`${folderOf('next-clerk')}components/${file}`, 'utf8'),
        readFileSync(`${folderOf('next-clerk')}../../components/${file}`, 'utf8'),
        `components/${file} is the one of this repository`,
      )
  })

  test('S42 S84 step 3: sign in with Clerk, click the button, start the call, be heard', () =>
    visit(browser, site.url, async (page, problems) => {
      await page.getByRole('button', { name: /talk to us/i }).click()
      // Signed out: no microphone is asked for before the sign-in.
      await page.getByRole('button', { name: 'Start voice call' }).or(page.getByRole('button', { name: 'Sign in to call' })).first().click()
      const signIn = page.getByRole('button', { name: /sign in to call|^sign in$/i }).last()
      await page.getByRole('dialog').getByText('Sign in to call').first().waitFor()
      assert.deepEqual(await page.evaluate(() => window.microphones()), { asked: 0, live: 0 })
      await signIn.click()
      await page.getByRole('button', { name: 'Continue as Anna' }).click()
      // Next's own server has checked the session by now: the layout is of a person signed in.
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
      const token = page.waitForResponse((response) => response.url().endsWith('/api/voice/token') && response.ok())
      const again = page.getByRole('button', { name: /start voice call|try again/i })
      if (await again.isVisible()) await again.click()
      const { participantName } = await (await token).json()
      assert.ok(participantName)
      await hears(page, 440)
      await page.getByRole('button', { name: 'End call' }).click()
      await microphoneReleased(page)
      // The one refusal was asked for: it is how the button learned that it must ask for a sign-in.
      assert.deepEqual(problems.filter((line) => !/401|AUTH_REQUIRED/.test(line)), [])
    }))

  test('S42 a session of another site is refused, one of this site is not', async () => {
    const ask = (azp) =>
      fetch(`${site.url}/api/voice/token`, {
        method: 'POST',
        headers: { origin: site.url, 'content-type': 'application/json', authorization: `Bearer ${clerk.session('sess_1', azp)}` },
        body: '{}',
      })
    assert.equal((await ask(site.url)).status, 200)
    const refused = await ask('https://elsewhere.example')
    assert.ok(refused.status === 401 || refused.status === 403, `${refused.status}`)
    const none = await fetch(`${site.url}/api/voice/token`, { method: 'POST', headers: { origin: site.url }, body: '{}' })
    assert.equal(none.status, 401)
    assert.equal((await none.json()).code, 'AUTH_REQUIRED')
  })
})
