// examples-html.test.mjs — examples/plain-html: one script tag on a page of another origin, and a call through its button.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { startServer } from './lib/server.mjs'
import { freePorts } from '../parts/ports.mjs'
import { folderOf } from './lib/example.mjs'
import { openChromium } from './lib/browser.mjs'
import { talk, visit } from './lib/visitor.mjs'

let browser
before(async () => (browser = await openChromium({ hz: 440 })))
after(() => browser?.close())

describe('plain-html', () => {
  test('S11 P02 one script tag on a page of another origin reaches the echo partner', async () => {
    const html = readFileSync(`${folderOf('plain-html')}index.html`, 'utf8')
    assert.equal([...html.matchAll(/<script/g)].length, 1)
    const [port] = await freePorts(1)
    const address = `http://127.0.0.1:${port}`
    const offhook = await startServer({ env: { OFFHOOK_ALLOWED_ORIGINS: address } })
    // The one thing its README says to change.
    const page = html.replace('http://localhost:7880', offhook.http)
    assert.notEqual(page, html)
    const pages = createServer((request, response) =>
      request.url === '/' ? response.writeHead(200, { 'content-type': 'text/html' }).end(page) : response.writeHead(204).end(),
    ).listen(port, '127.0.0.1')
    await once(pages, 'listening')
    try {
      await visit(browser, address, async (page, problems) => {
        await talk(page)
        assert.deepEqual(problems, [])
      })
    } finally {
      pages.closeAllConnections()
      pages.close()
      await offhook.stop()
    }
  })
})
