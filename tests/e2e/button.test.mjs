// button.test.mjs — our own page, as a visitor uses it: by role and name, judged by what is heard.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EgressClient, EncodedFileOutput, RoomServiceClient } from 'livekit-server-sdk'
import { startServer } from './lib/server.mjs'
import { openChromium } from './lib/browser.mjs'
import { eventually, hears, hearsNothing } from './lib/wait.mjs'
import { showsState, startCall, visitor } from './lib/visitor.mjs'

let server, low, high, recordings
before(async () => {
  recordings = mkdtempSync(join(tmpdir(), 'offhook-recordings-'))
  server = await startServer({ args: ['--egress-directory', recordings] })
  ;[low, high] = await Promise.all([openChromium({ hz: 440 }), openChromium({ hz: 880 })])
})
after(async () => {
  await Promise.allSettled([low?.close(), high?.close()])
  await server?.stop()
  rmSync(recordings, { recursive: true, force: true })
})

describe('the page of the binary', () => {
  test('S01 S02 S04 S05 S06 S08 S11 S21 the echo partner returns the visitor’s own voice', async () => {
    const { page, problems } = await visitor(low, server.http)
    await startCall(page)
    await hears(page, 440)
    await showsState(page, 'connected')
    await page.getByRole('timer').waitFor()
    await eventually('the bars of both sides move', () =>
      page.evaluate(() => [...document.querySelectorAll('[style*="--oh-level"]')].filter((bars) => Number(bars.style.getPropertyValue('--oh-level')) > 0.2).length >= 2))
    const mute = page.getByRole('button', { name: /mute microphone/i })
    await mute.click()
    await eventually('muted is shown', async () => (await page.getByRole('button', { name: /microphone/i }).first().getAttribute('aria-pressed')) === 'true')
    await hearsNothing(page)
    await page.getByRole('button', { name: /microphone/i }).first().click()
    await hears(page, 440)
    await page.getByRole('button', { name: /speaker/i }).first().click()
    await eventually('S05 the speaker is off', async () => !(await page.evaluate(() => window.hear())).audible)
    await page.getByRole('button', { name: /speaker/i }).first().click()
    await page.getByRole('button', { name: 'End call' }).click()
    await eventually('ended', async () => (await page.locator('[data-oh-state="connected"]').count()) === 0)
    assert.deepEqual(problems, [])
    await page.close()
  })

  test('the second link opens the other side: both people hear each other', async () => {
    const first = await visitor(low, server.http)
    const [popup] = await Promise.all([
      first.page.context().waitForEvent('page'),
      first.page.getByRole('link', { name: /two-person call|other side/i }).first().click(),
    ])
    await popup.waitForURL(/invite=/)
    const other = await visitor(high, popup.url())
    await popup.close()
    await startCall(first.page)
    await startCall(other.page)
    await hears(first.page, 880)
    await hears(other.page, 440)
    await first.page.getByRole('button', { name: 'End call' }).click()
    assert.deepEqual([...first.problems, ...other.problems], [])
    await Promise.all([first.page.close(), other.page.close()])
  })

  test('N05 Hear yourself: three seconds to the server and back before a call, then a verdict, and the microphone is let go', async () => {
    for (const where of ['/', '/c/default']) {
      const { page, problems } = await visitor(low, `${server.http}${where}`)
      await page.evaluate(() => {
        window.opened = []
        const { mediaDevices } = navigator
        const ask = mediaDevices.getUserMedia.bind(mediaDevices)
        mediaDevices.getUserMedia = async (wish) => {
          const stream = await ask(wish)
          window.opened.push(...stream.getTracks())
          return stream
        }
      })
      if (where === '/') await page.getByRole('button', { name: /talk to us/i }).click()
      await page.getByRole('button', { name: 'Settings' }).click()
      await page.getByRole('button', { name: 'Hear yourself' }).click()
      await page.getByText('Say something. You hear it a moment later.').waitFor()
      await hears(page, 440)
      await page.getByText('All is well. You can call.').waitFor()
      await eventually('the microphone is let go', () => page.evaluate(() => window.opened.length > 0 && window.opened.every((track) => track.readyState === 'ended')))
      assert.deepEqual(problems, [], where)
      await page.close()
    }
  })

  test('S63 the visitor sees and is told that the call is recorded, from a back end, and when that is over', async () => {
    const { page, problems } = await visitor(low, server.http)
    await startCall(page)
    await hears(page, 440)
    const rooms = await new RoomServiceClient(server.http, server.key, server.secret).listRooms()
    const [{ name }] = rooms.sort((one, other) => Number(other.creationTimeMs - one.creationTimeMs)) // those of earlier tests linger
    const egress = new EgressClient(server.http, server.key, server.secret)
    const { egressId } = await egress.startRoomCompositeEgress(name, new EncodedFileOutput({ filepath: 'seen' }), { audioOnly: true })
    await page.getByText('Recorded', { exact: true }).waitFor()
    await page.getByText('Recording started').waitFor({ state: 'attached' })
    await eventually('half a second is in the file', () => statSync(join(recordings, 'seen.ogg'), { throwIfNoEntry: false })?.size > 2000)
    await egress.stopEgress(egressId)
    await page.getByText('Recorded', { exact: true }).waitFor({ state: 'hidden' })
    await hears(page, 440)
    await page.getByRole('button', { name: 'End call' }).click()
    assert.deepEqual(problems, [])
    await page.close()
  })

  test('S28 N03 a refused microphone is explained, with a way to try again', async () => {
    const browser = await openChromium({ permission: false, args: ['--deny-permission-prompts'] })
    const { page } = await visitor(browser, server.http)
    await startCall(page)
    // This browser has the <microphone> element, so the panel offers it before anybody is asked, and a plain button beside it.
    await showsState(page, 'priming')
    assert.equal(await page.locator('microphone').count(), 1)
    await page.getByRole('button', { name: 'Allow the microphone', exact: true }).last().click()
    await showsState(page, 'failed')
    await page.getByRole('button', { name: /try again/i }).waitFor()
    assert.match(await page.getByRole('dialog').innerText(), /microphone/i)
    await browser.close()
  })

  test('S26 the panel comes in with a movement, and without one for people who asked for that', async () => {
    // How far the panel is moved or scaled, picture by picture, while it opens.
    const moves = async (reducedMotion) => {
      const page = await low.newPage({ reducedMotion })
      await page.goto(server.http)
      const launcher = page.getByRole('button', { name: /talk to us/i })
      await launcher.hover() // loads the panel
      await launcher.click()
      await page.getByRole('dialog').waitFor()
      await page.getByRole('dialog').press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      const seen = page.evaluate(async () => {
        const transforms = new Set()
        const dialog = document.querySelector('[role=dialog]')
        for (let open = 0; open < 60; ) {
          await new Promise(requestAnimationFrame)
          if (dialog.checkVisibility()) open++
          transforms.add(getComputedStyle(dialog).transform)
        }
        return [...transforms].filter((transform) => transform !== 'none' && transform !== 'matrix(1, 0, 0, 1, 0, 0)')
      })
      await launcher.click()
      const found = await seen
      await page.close()
      return found
    }
    assert.ok((await moves('no-preference')).length > 1, 'nothing moves')
    // One picture from before it opens may be seen, but no way between two.
    assert.ok((await moves('reduce')).length <= 1, 'it moves')
  })
})
