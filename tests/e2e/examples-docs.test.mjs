// examples-docs.test.mjs — components/USAGE_EXAMPLE.md: each of its blocks is compiled under strict TypeScript, then run in
// Chromium against the real binary, as written.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer, request as ask } from 'node:http'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TokenVerifier } from 'livekit-server-sdk'
import { startServer } from './lib/server.mjs'
import { freePorts } from '../parts/ports.mjs'
import { openChromium } from './lib/browser.mjs'
import { microphoneReleased } from './lib/ear.mjs'
import { startCall, talk, visit } from './lib/visitor.mjs'
import { eventually, hears } from './lib/wait.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const app = join(root, 'examples/next-clerk')
const fromWeb = createRequire(join(root, 'web/package.json'))
const esbuild = createRequire(join(root, 'web/packages/site/package.json'))('esbuild')
const guide = readFileSync(join(root, 'components/USAGE_EXAMPLE.md'), 'utf8')

// {number, title, language, path, text} of every block that names a file.
const blocks = guide.split(/^## /m).flatMap((chapter) => {
  const [, number, title] = /^(\d+)\. (.*)$/m.exec(chapter) ?? []
  return [...chapter.matchAll(/^```(tsx|ts|html) (\S+)\n([\s\S]*?)^```$/gm)].map(([, language, path, text]) => ({
    number: Number(number), title, language, path, text,
  }))
})
const block = (number, language) => blocks.find((one) => one.number === number && (!language || one.language === language))
const fileOf = (one) => join(app, '.usage', one.path)

test('S16 there are sixteen examples, and each has a whole file', () => {
  const titles = [...guide.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number))
  assert.deepEqual(titles, Array.from({ length: 16 }, (_, i) => i + 1))
  for (const number of titles) assert.ok(block(number), `example ${number}`)
  // No block that looks like code escapes: what names no file is a command.
  assert.deepEqual([...guide.matchAll(/^```([a-z]+)$/gm)].map(([, language]) => language).filter((language) => language !== 'sh'), [])
})

test('S16 S60 every example compiles under strict TypeScript', () => {
  const ts = fromWeb('typescript')
  const texts = new Map(blocks.filter((one) => one.language !== 'html').map((one) => [fileOf(one), one.text]))
  texts.set(join(app, '.usage/css.d.ts'), "declare module '*.css'") // as Next and Vite have it
  const options = {
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
    jsx: ts.JsxEmit.ReactJSX, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    strict: true, noUncheckedIndexedAccess: true, noUnusedLocals: true, noUnusedParameters: true, skipLibCheck: true, noEmit: true,
    types: ['node'], typeRoots: [join(app, 'node_modules/@types')],
    paths: {
      '@/*': [join(app, '*')],
      'livekit-server-sdk': [join(root, 'tests/e2e/node_modules/livekit-server-sdk')],
      'playwright-core': [join(root, 'tests/e2e/node_modules/playwright-core')],
    },
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, directoryExists } = host
  host.fileExists = (name) => texts.has(name) || fileExists(name)
  host.directoryExists = (name) => name.startsWith(join(app, '.usage')) || directoryExists(name)
  host.getSourceFile = (name, ...rest) =>
    texts.has(name)
      ? ts.createSourceFile(name, texts.get(name), rest[0], true, name.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS)
      : getSourceFile(name, ...rest)
  const found = ts.getPreEmitDiagnostics(ts.createProgram([...texts.keys()], options, host))
  assert.deepEqual(found.map((one) => `${one.file?.fileName}: ${ts.flattenDiagnosticMessageText(one.messageText, ' ')}`), [])
})

// What each page of the examples is given, as JSX around its default export.
const MOUNTS = {
  1: '<Example />', 2: '<Example />', 5: '<><Example {...JSON.parse(decodeURIComponent(location.search.slice(1)))} /><p>the page is there</p></>',
  6: '<Example />', 7: '<Example />', 8: '<Example />', 9: '<Example />', 10: '<Example />',
  11: '<Example plan="gold" cart="2 lamps" />', 12: '<Example />', 13: '<Example />',
  16: '<Example refuse={() => Promise.reject(new Error("no line today"))} />',
}

// Bundles the React blocks as a site would; answers path → file.
async function bundle(define) {
  const pages = blocks.filter((one) => one.language === 'tsx' && one.number !== 4)
  const entry = ({ number, path }) => {
    const load = `import Example from ${JSON.stringify(`usage:${path}`)}\nimport { createRoot } from "react-dom/client"\n`
    if (number !== 3) return `${load}createRoot(document.getElementById("root")).render(${MOUNTS[number]})`
    // A layout is the whole document; the link below changes the page inside it, as a router does.
    return `${load}import { useState } from "react"
function Site() {
  const [page, setPage] = useState("Home")
  return <Example><h1>{page}</h1><button onClick={() => setPage("Prices")}>Go to prices</button></Example>
}
createRoot(document).render(<Site />)`
  }
  const plugin = {
    name: 'usage',
    setup(build) {
      build.onResolve({ filter: /^(page|usage):/ }, ({ path }) => ({ path, namespace: 'usage' }))
      build.onResolve({ filter: /^@\/components\// }, ({ path }) => ({ path: join(app, `${path.slice(2)}.tsx`) }))
      build.onLoad({ filter: /.*/, namespace: 'usage' }, ({ path }) => ({
        contents: path.startsWith('page:')
          ? entry(pages.find((one) => String(one.number) === path.slice(5)))
          : pages.find((one) => `usage:${one.path}` === path).text,
        loader: 'tsx',
        resolveDir: app,
      }))
    },
  }
  const { outputFiles } = await esbuild.build({
    entryPoints: Object.fromEntries(pages.map((one) => [`example-${one.number}`, `page:${one.number}`])),
    bundle: true, splitting: true, format: 'esm', outdir: '/', write: false, jsx: 'automatic', define,
    plugins: [plugin], logLevel: 'error', logOverride: { 'ignored-directive': 'silent' },
  })
  return new Map(outputFiles.map((file) => [file.path, Buffer.from(file.contents)]))
}

describe('S16 the examples in Chromium', () => {
  let offhook, browser, site, address
  before(async () => {
    const [port] = await freePorts(1)
    address = `http://127.0.0.1:${port}`
    ;[offhook, browser] = await Promise.all([
      startServer({ env: { OFFHOOK_ALLOWED_ORIGINS: address } }),
      openChromium({ hz: 440 }),
    ])
    const files = await bundle({
      'process.env.NODE_ENV': '"production"',
      'process.env.NEXT_PUBLIC_VOICE_API_URL': JSON.stringify(`${offhook.http}/api/voice/token`),
    })
    const html = (number) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/example-${number}.css"></head><body><div id="root"></div><script type="module" src="/example-${number}.js"></script></body></html>`
    site = createServer((request, response) => {
      const path = request.url.split('?')[0]
      if (path.startsWith('/api/voice/')) {
        // The site's own server hands these on, as a rewrite or a reverse proxy does.
        const on = ask(offhook.http + request.url, { method: request.method, headers: { ...request.headers, host: new URL(offhook.http).host } }, (answer) => {
          response.writeHead(answer.statusCode, answer.headers)
          answer.pipe(response)
        })
        on.on('error', () => response.writeHead(502).end())
        return request.pipe(on)
      }
      const [, page] = /^\/(\d+)$/.exec(path) ?? []
      if (page === '14') return response.writeHead(200, { 'content-type': 'text/html' }).end(block(14).text.replaceAll('http://localhost:7880', offhook.http))
      if (page) return response.writeHead(200, { 'content-type': 'text/html' }).end(html(page))
      const file = files.get(path)
      const type = path.endsWith('.css') ? 'text/css' : 'text/javascript'
      return file ? response.writeHead(200, { 'content-type': type }).end(file) : response.writeHead(404).end()
    }).listen(port, '127.0.0.1')
    await once(site, 'listening')
  })
  after(async () => {
    site?.closeAllConnections()
    site?.close()
    await browser?.close()
    await offhook?.stop()
  })
  const open = (number, work, query = '') => visit(browser, `${address}/${number}${query}`, work)
  const launcher = (page, name = 'Talk to us') => page.getByRole('button', { name })

  test('1 Basic page', () => open(1, (page) => talk(page)))

  test('2 Custom API URL', () =>
    open(2, async (page) => {
      const asked = page.waitForRequest((request) => request.url() === `${offhook.http}/api/voice/token` && request.method() === 'POST')
      await talk(page)
      await asked
    }))

  test('3 In the root layout: the call goes on when the page inside changes', () =>
    open(3, async (page) => {
      await startCall(page)
      await hears(page, 440)
      await page.getByRole('button', { name: 'Go to prices' }).click()
      await page.getByRole('heading', { name: 'Prices' }).waitFor()
      await hears(page, 440)
      assert.equal((await page.evaluate(() => window.microphones())).asked, 1, 'the same call')
    }))

  test('5 Conditional display', async () => {
    const shown = (props) =>
      open(5, async (page) => {
        await page.getByText('the page is there').waitFor()
        return launcher(page).isVisible()
      }, `?${encodeURIComponent(JSON.stringify(props))}`)
    assert.equal(await shown({ path: '/', enabled: true, hour: 10 }), true)
    assert.equal(await shown({ path: '/', enabled: true, hour: 20 }), false)
    assert.equal(await shown({ path: '/checkout/pay', enabled: true, hour: 10 }), false)
    assert.equal(await shown({ path: '/', enabled: false, hour: 10 }), false)
  })

  test('6 Custom styling, theme, dark', () =>
    open(6, async (page) => {
      await launcher(page).click()
      const panel = page.getByRole('dialog')
      await panel.waitFor()
      const look = await panel.evaluate((element) => {
        const style = getComputedStyle(element)
        return { background: style.backgroundColor, radius: style.borderTopLeftRadius, left: element.getBoundingClientRect().left }
      })
      assert.equal(look.radius, '6px')
      assert.ok(look.background.match(/\d+/g).slice(0, 3).every((part) => Number(part) < 70), look.background)
      assert.ok(look.left < 40, 'at the start of the line')
      assert.equal(await page.locator('.oh-root.acme-call').count(), 1)
    }))

  test('7 Custom labels, languages', () =>
    open(7, async (page) => {
      await page.getByRole('button', { name: 'Ruf uns an' }).click()
      await page.getByRole('button', { name: 'Jetzt anrufen' }).click()
      await hears(page, 440)
      await page.getByRole('dialog').getByText(/Verbunden/).first().waitFor()
    }))

  test('8 Event callbacks and analytics', () =>
    open(8, async (page) => {
      await talk(page)
      await eventually('the end is known', () => page.evaluate(() => window.dataLayer?.some((entry) => entry.event === 'call_ended') ?? false))
      const told = await page.evaluate(() => window.dataLayer)
      const names = told.map((entry) => entry.event)
      assert.ok(names.indexOf('call_connected') < names.indexOf('call_ended'), names.join())
      assert.ok(told.some((entry) => entry.event === 'call_state' && entry.state === 'connected'))
      assert.ok(!names.includes('call_error'))
    }))

  test('9 Own trigger, programmatic start', () =>
    open(9, async (page) => {
      await page.getByRole('button', { name: 'Ring the bell' }).click()
      await hears(page, 440)
      assert.equal(await page.getByRole('status').innerText(), 'connected')
      await page.getByRole('button', { name: 'Be quiet' }).click()
      await page.getByRole('button', { name: 'Be quiet', pressed: true }).waitFor()
      await page.getByRole('button', { name: 'Hang up' }).click()
      await microphoneReleased(page)
      await page.getByRole('button', { name: 'Ring the bell' }).waitFor()
    }))

  test('S01 10 VoiceCallInterface with a token of your own', () =>
    open(10, async (page) => {
      await page.getByRole('button', { name: 'Join the meeting' }).click()
      await hears(page, 440)
      await page.getByRole('button', { name: 'End call' }).click()
      await microphoneReleased(page)
      await page.getByRole('button', { name: 'Join the meeting' }).waitFor()
    }))

  test('11 Passing customer context', () =>
    open(11, async (page) => {
      const answered = page.waitForResponse((response) => response.url().endsWith('/api/voice/token'))
      await startCall(page)
      const { token } = await (await answered).json()
      const claims = await new TokenVerifier(offhook.key, offhook.secret).verify(token)
      assert.equal(claims.attributes['page.plan'], 'gold')
      assert.equal(claims.attributes['page.cart'], '2 lamps')
      await hears(page, 440)
    }))

  test('11 a signed identity is believed', async () => {
    const secret = 'the secret of the site, known to its server only'
    const signed = await startServer({ env: { OFFHOOK_VOICE_AUTH: 'signed', OFFHOOK_VOICE_SIGNED_SECRET: secret } })
    try {
      const { signIdentity } = await run(block(11, 'ts'))
      const call = (key) =>
        fetch(`${signed.http}/api/voice/token`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${signIdentity(key, { id: 'u-17', name: 'Anna' })}` },
          body: '{}',
        })
      const believed = await call(secret)
      assert.equal(believed.status, 200, await believed.clone().text())
      assert.match(JSON.stringify(await new TokenVerifier(signed.key, signed.secret).verify((await believed.json()).token)), /u-17/)
      assert.equal((await call('another secret, of nobody in particular')).status, 401)
    } finally {
      await signed.stop()
    }
  })

  test('12 Recording with consent', () =>
    open(12, async (page) => {
      await startCall(page)
      await page.getByText('I agree that this call is recorded for training.').waitFor()
      assert.equal((await page.evaluate(() => window.microphones())).asked, 0, 'nothing starts before the consent')
      await page.getByRole('button', { name: 'Agree and call' }).click()
      await hears(page, 440)
    }))

  test('13 Ringing, waiting, and nobody there', async () => {
    const quiet = await startServer({ env: { OFFHOOK_VOICE_ECHO: 'false', OFFHOOK_VOICE_RING_TIMEOUT: '2s', OFFHOOK_ALLOWED_ORIGINS: address } })
    try {
      await open(13, async (page) => {
        await page.route('**/api/voice/**', async (route) => {
          const answer = await route.fetch({ url: route.request().url().replace(address, quiet.http) })
          await route.fulfill({ response: answer })
        })
        await page.evaluate(() => {
          window.titles = new Set()
          new MutationObserver(() => window.titles.add(document.title)).observe(document.head, { subtree: true, childList: true, characterData: true })
        })
        await startCall(page)
        await eventually('the page follows', () => page.evaluate(() => window.titles.has('Ringing…')))
        await page.getByRole('link', { name: /\+49 30 1234567/ }).first().waitFor()
        assert.equal(await page.getByRole('link', { name: /1234567/ }).first().getAttribute('href'), 'tel:+49301234567')
        await page.getByRole('dialog').getByRole('button', { name: /try again/i }).waitFor()
        await microphoneReleased(page)
      })
    } finally {
      await quiet.stop()
    }
  })

  test('14 Plain HTML', () =>
    open(14, async (page) => {
      await page.getByRole('button', { name: 'Call Acme' }).waitFor()
      await page.getByRole('button', { name: 'Questions? Talk to a person' }).click()
      await page.getByRole('button', { name: 'Start voice call' }).click()
      await hears(page, 440)
      await eventually('the page was told', () => page.evaluate(() => document.title === 'On the line'))
    }))

  test('15 AI agent: joins the caller’s room by its name', async () => {
    const { agentToken } = await run(block(15))
    const { roomName } = await (await fetch(`${offhook.http}/api/voice/token`, { method: 'POST', body: '{}' })).json()
    const token = await agentToken(offhook.key, offhook.secret, roomName)
    const claims = await new TokenVerifier(offhook.key, offhook.secret).verify(token)
    assert.equal(claims.video.room, roomName)
    assert.equal(claims.kind, 'agent')
    const checked = await fetch(`${offhook.http}/rtc/validate?access_token=${token}`)
    assert.equal(checked.status, 200, await checked.text())
  })

  test('16 Testing: the test of the guide passes against the real server', async () => {
    const { callFrom } = await run(block(16, 'ts'))
    assert.match(await callFrom(`${address}/1`, process.env.CHROMIUM ?? '/usr/bin/chromium'), /call ended/i)
  })

  test('16 Testing: the button under test fails as it is told to, and says so', () =>
    open(16, async (page, problems) => {
      await startCall(page)
      await page.getByRole('button', { name: /try again/i }).waitFor()
      assert.ok(problems.some((line) => line.startsWith('Failed to start call:')), problems.join('\n'))
      assert.ok(!problems.some((line) => line.includes('/api/voice/')), 'no server was asked')
    }))
})

// A TypeScript block as a module of this process, with the packages of these tests.
async function run({ text }) {
  const { code } = await esbuild.transform(text, { loader: 'ts', format: 'esm', target: 'node20' })
  const resolved = code.replace(/from "(livekit-server-sdk|playwright-core)"/g, (_, name) => `from ${JSON.stringify(import.meta.resolve(name))}`)
  return import(`data:text/javascript,${encodeURIComponent(resolved)}`)
}
