// http.test.mjs — health, CORS, the page, methods, hostile requests.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { request } from 'node:http'
import { HAS_PAGE, raw, start } from './lib/server.mjs'

let server
before(async () => (server = await start()))
after(async () => assert.equal(await server.stop(), 0, server.log))

test('GET / answers 200 OK to programs, HEAD too', async () => {
  const answer = await server.get('/')
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), 'OK')
  const head = await server.get('/', { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(await head.text(), '')
})

test('health, readiness and version', async () => {
  for (const path of ['/healthz', '/readyz']) assert.equal((await server.get(path)).status, 200, path)
  const version = await (await server.get('/version')).json()
  assert.equal(version.name, 'offhook')
  assert.match(version.version, /^\d+\.\d+\.\d+$/)
  assert.equal(version.protocol, 17)
})

test('CORS: the origin is echoed on LiveKit paths, on errors as well', async () => {
  const origin = 'https://any.example'
  for (const path of ['/', '/rtc', '/rtc/validate', '/rtc/v1/validate', '/nothing', '/rtc/validate?access_token=x']) {
    const answer = await server.get(path, { headers: { origin } })
    assert.equal(answer.headers.get('access-control-allow-origin'), origin, path)
    assert.match(answer.headers.get('vary'), /Origin/, path)
  }
  for (const path of ['/rtc/validate', '/rtc/v1/validate'])
    assert.equal((await server.get(path)).headers.get('access-control-allow-origin'), '*', path)
})

test('CORS: preflight', async () => {
  const answer = await server.get('/rtc/validate', {
    method: 'OPTIONS',
    headers: { origin: 'https://any.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization,x-any' },
  })
  assert.equal(answer.status, 204)
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://any.example')
  assert.equal(answer.headers.get('access-control-allow-headers'), 'authorization,x-any')
  assert.match(answer.headers.get('access-control-allow-methods'), /GET.*POST/)
  assert.equal(answer.headers.get('access-control-max-age'), '86400')
})

test('CORS on what the parser itself refuses', async () => {
  const answer = await raw(server.port, 'POST /rtc HTTP/1.1\r\nHost: x\r\nOrigin: https://any.example\r\nContent-Length: 99999999\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.match(answer, /Access-Control-Allow-Origin: https:\/\/any\.example\r\n/)
})

test('unknown paths and methods are problems', async () => {
  const missing = await server.get('/nothing/here')
  assert.equal(missing.status, 404)
  assert.equal(missing.headers.get('content-type'), 'application/problem+json')
  assert.equal((await missing.json()).code, 'NOT_FOUND')
  const method = await server.post('/healthz', '')
  assert.equal(method.status, 405)
  assert.match(method.headers.get('allow'), /GET/)
  assert.equal((await method.json()).code, 'METHOD_NOT_ALLOWED')
})

test('leading slashes are collapsed, as some SDKs write them', async () => {
  assert.match(await raw(server.port, 'GET //healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /)
})

function get(path, headers) {
  return new Promise((done, failed) => {
    request(server.url + path, { headers }, (answer) => {
      const chunks = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }))
    })
      .on('error', failed)
      .end()
  })
}

if (HAS_PAGE) {
  test('a browser gets the page, with its policies', async () => {
    const page = await get('/', { accept: 'text/html,*/*' })
    assert.equal(page.status, 200)
    assert.match(page.headers['content-type'], /^text\/html/)
    const policy = page.headers['content-security-policy']
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*/)
    assert.match(policy, new RegExp(`connect-src 'self' ws://127.0.0.1:${server.port} `))
    assert.match(page.headers['permissions-policy'], /microphone=\(self\)/)
    assert.equal(page.headers['x-content-type-options'], 'nosniff')
    assert.equal(page.headers['cache-control'], 'no-cache')
    assert.doesNotMatch(page.body.toString(), /<script(?![^>]*\bsrc=)|<[^>]+\s(?:on\w+|style)=|\s(?:src|href|action)=\"https?:/, 'inline script or style, or a third party')
  })

  test('its files are compressed, hashed, cached and revalidated', async () => {
    const page = await get('/', { accept: 'text/html' })
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.body.toString())[1]
    const plain = await get(script, {})
    assert.equal(plain.headers['content-encoding'], undefined)
    assert.match(plain.headers['cache-control'], /immutable/)
    const packed = await get(script, { 'accept-encoding': 'gzip' })
    assert.equal(packed.headers['content-encoding'], 'gzip')
    assert.deepEqual(gunzipSync(packed.body), plain.body)
    const brotli = await get(script, { 'accept-encoding': 'gzip, deflate, br' })
    assert.equal(brotli.headers['content-encoding'], 'br')
    assert.ok(brotli.body.length < packed.body.length)
    assert.equal(new Set([plain, packed, brotli].map((answer) => answer.headers.etag)).size, 3)
    const again = await get(script, { 'accept-encoding': 'gzip', 'if-none-match': `"x", ${packed.headers.etag}` })
    assert.equal(again.status, 304)
    assert.equal(again.body.length, 0)
    assert.equal((await get('/assets/../../../../etc/passwd', {})).status, 404)
  })
}

const hostile = {
  'two lengths': ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
  'both framings': ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na', 400],
  'a folded field': ['GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n', 400],
  'a blank before the colon': ['GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
  'no host': ['GET / HTTP/1.1\r\n\r\n', 400],
  'a bare line feed': ['GET / HTTP/1.1\nHost: x\n\n', 400],
  'NUL in a field': ['GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n', 400],
  'a wrong version': ['GET / HTTP/3.0\r\nHost: x\r\n\r\n', 505],
  'an endless line': [`GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
  'endless fields': [`GET / HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(200)}\r\n`, 431],
  'a chunked body': ['POST /api/voice/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 411],
  'CONNECT': ['CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 501],
}
for (const [name, [bytes, status]] of Object.entries(hostile))
  test(`refused: ${name}`, async () => {
    const answer = await raw(server.port, bytes)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), answer.slice(0, 200))
  })

test('a slow head is cut after 5 s', async () => {
  const begun = Date.now()
  const answer = await raw(server.port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
  assert.match(answer, /^HTTP\/1\.1 408 /)
  const ms = Date.now() - begun
  assert.ok(ms > 4900 && ms < 25_000, `cut after ${ms} ms`)
})

test('metrics are on the admin port, not on the public one', async () => {
  assert.equal((await server.get('/metrics')).status, 404)
  const answer = await fetch(`http://127.0.0.1:${server.adminPort}/metrics`)
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const text = await answer.text()
  assert.match(text, /^offhook_build_info\{version="[\d.]+"\} 1$/m)
  assert.ok(Number(/^offhook_http_drop_malformed_total (\d+)$/m.exec(text)[1]) >= 8)
  assert.ok(Number(/^offhook_process_resident_memory_bytes ([\d.e+]+)$/m.exec(text)[1]) > 1e6)
  assert.match(text, /^offhook_rooms\{worker="1"\} 0$/m)
})
