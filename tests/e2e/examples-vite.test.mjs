// examples-vite.test.mjs — examples/vite-react, built as its README says and called through its button.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { startServer } from './lib/server.mjs'
import { freePorts } from '../parts/ports.mjs'
import { build, serve } from './lib/example.mjs'
import { openChromium } from './lib/browser.mjs'
import { talk, visit } from './lib/visitor.mjs'

let browser
before(async () => (browser = await openChromium({ hz: 440 })))
after(() => browser?.close())

describe('vite-react', () => {
  test('S11 the button of a Vite application reaches the echo partner', async () => {
    const offhook = await startServer()
    const [port] = await freePorts(1)
    const env = { OFFHOOK_URL: offhook.http }
    let site
    try {
      await build('vite-react', ['tsc', '--noEmit'])
      await build('vite-react', ['vite', 'build', '--logLevel', 'warn'], env)
      site = await serve('vite-react', ['vite', 'preview', '--host', '127.0.0.1', '--port', String(port), '--strictPort'], `http://127.0.0.1:${port}`, env)
      await visit(browser, site.url, async (page, problems) => {
        await talk(page)
        assert.deepEqual(problems, [])
      })
    } finally {
      await site?.stop()
      await offhook.stop()
    }
  })
})
