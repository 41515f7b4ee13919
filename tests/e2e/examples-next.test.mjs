// examples-next.test.mjs — examples/next-clerk, built as its README says: the quick start of the request, with the real Next.js and
// the real @clerk/nextjs, sessions signed by an issuer of our own, and the echo partner heard at the end.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { TokenVerifier } from 'livekit-server-sdk'
import { startServer } from './lib/server.mjs'
import { freePorts } from '../parts/ports.mjs'
import { startClerk } from './lib/clerk.mjs'
import { build, folderOf, serve } from './lib/example.mjs'
import { openChromium } from './lib/browser.mjs'
import { microphoneReleased } from './lib/ear.mjs'
import { showsState, talk, visit } from './lib/visitor.mjs'
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

  test('S35 S84 step 1: the three variables of the environment', async () => {
    // The request's own line: with a LiveKit server of yours, offhook makes the tokens for that one.
    const host = 'wss://your-server.livekit.cloud'
    const keys = { key: 'your_key', secret: 'your_secret_of_at_least_thirty_two_letters' }
    const other = await startServer({ keys, env: { LIVEKIT_HOST: host } })
    try {
      const answer = await (await fetch(`${other.http}/api/voice/token`, { method: 'POST', body: '{}' })).json()
      assert.equal(answer.livekitHost, host)
      const { video } = await new TokenVerifier(keys.key, keys.secret).verify(answer.token)
      assert.equal(video.room, answer.roomName)
    } finally {
      await other.stop()
    }
    const sample = readFileSync(`${folderOf('next-clerk')}.env.example`, 'utf8')
    for (const name of ['LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET', 'LIVEKIT_HOST']) assert.match(sample, new RegExp(`^#?${name}=`, 'm'))
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
    // So that what the guide shows is what is built and driven here.
    const guide = readFileSync(`${folderOf('next-clerk')}../../components/USAGE_EXAMPLE.md`, 'utf8')
    for (const file of ['app/page.tsx', 'app/members/page.tsx'])
      assert.ok(guide.includes(`\`\`\`tsx ${file}\n${readFileSync(folderOf('next-clerk') + file, 'utf8')}\`\`\``), file)
  })

  test('S42 S84 step 3: sign in with Clerk, click the button, start the call, be heard', () =>
    visit(browser, site.url, async (page, problems) => {
      await page.getByRole('button', { name: /talk to us/i }).click()
      // Signed out: the button knows it from Clerk, and asks for no microphone.
      const panel = page.getByRole('dialog', { name: 'Voice call' })
      await panel.getByRole('button', { name: 'Sign in to call' }).click()
      await page.getByRole('button', { name: 'Continue as Anna' }).click()
      // Next's own server has checked the session by now: the layout is that of a person signed in.
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
      assert.deepEqual(await page.evaluate(() => window.microphones()), { asked: 0, live: 0 })
      const answered = page.waitForResponse((response) => response.url() === `${site.url}/api/voice/token`)
      await panel.getByRole('button', { name: 'Start voice call' }).click()
      const { token, roomName } = await (await answered).json()
      // offhook has verified the same session: the caller's identity in the token is the user of Clerk.
      const { sub, attributes } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
      assert.ok(JSON.stringify({ sub, attributes }).includes(clerk.userId), JSON.stringify({ sub, attributes }))
      await hears(page, 440)
      await showsState(page, 'connected')
      // A reload: Clerk comes later than the button, which waits for it, and the same call goes on.
      const again = page.waitForResponse((response) => response.url() === `${site.url}/api/voice/token`)
      await page.reload()
      assert.equal(JSON.parse((await again).request().postData()).resume?.length > 0, true)
      assert.equal((await again).status(), 200, await (await again).text())
      await hears(page, 440)
      assert.equal((await (await again).json()).roomName, roomName)
      await page.getByRole('button', { name: 'End call' }).click()
      await microphoneReleased(page)
      assert.deepEqual(problems, [])
    }))

  test('S16 S42 4 Only for signed-in users: the button is not there before', () =>
    visit(browser, `${site.url}/members`, async (page, problems) => {
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
      assert.equal(await page.getByRole('button', { name: /talk to us/i }).count(), 0)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('button', { name: 'Continue as Anna' }).click()
      await talk(page)
      assert.deepEqual(problems, [])
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
