// issuer.mjs — an identity provider on loopback for tests: keys (JWKS, PEM), OpenID discovery, tokens shaped like Clerk's
// and like OIDC's, and every way in which such a server can misbehave. Needs nothing but node.
//
//   const issuer = await startIssuer()
//   issuer.url, issuer.jwksUrl, issuer.pem          for the configuration of who verifies
//   issuer.clerkSession({ azp: 'https://shop.example' }), issuer.idToken({ aud: 'client' })
//   issuer.rotate()                                  a new key and kid, the old one is no longer published
//   issuer.behave('hang'), .requests, .release()     what the next requests meet; how many came; answer those that hang
import { createHmac, createSign, generateKeyPairSync, randomUUID, sign as signRaw } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'

export const base64url = (data) => Buffer.from(data).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)

// A key pair with its kid; kinds: RS256, RS384, RS512, ES256, EdDSA.
export function makeKey(alg = 'RS256', { bits = 2048, kid = `ins_${randomUUID().slice(0, 8)}` } = {}) {
  const { publicKey, privateKey } =
    alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : alg === 'EdDSA' ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('rsa', { modulusLength: bits })
  const jwk = { use: 'sig', alg, kid, ...publicKey.export({ format: 'jwk' }) }
  return { alg, kid, publicKey, privateKey, jwk, pem: publicKey.export({ type: 'spki', format: 'pem' }) }
}

// A compact JWS. `header` is laid over {alg, kid, typ}; a member set to undefined is left out.
export function signJwt(key, claims, header = {}) {
  const head = { alg: key.alg, kid: key.kid, typ: 'JWT', ...header }
  const text = `${base64url(JSON.stringify(head))}.${base64url(JSON.stringify(claims))}`
  const hash = `SHA${key.alg.slice(-3)}`
  const signature =
    key.alg === 'EdDSA' ? signRaw(null, Buffer.from(text), key.privateKey)
    : key.alg === 'ES256' ? signRaw('SHA256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
    : createSign(hash).update(text).sign(key.privateKey)
  return `${text}.${base64url(signature)}`
}

// HS256, as a site's own back end signs an identity.
export function signHmac(secret, claims, header = {}) {
  const text = `${base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT', ...header }))}.${base64url(JSON.stringify(claims))}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

// Clerk's publishable key names the host of its front-end API.
export const publishableKey = (host, kind = 'test') => `pk_${kind}_${Buffer.from(`${host}$`).toString('base64')}`

export async function startIssuer({ port = 0, alg = 'RS256', tls, host = '127.0.0.1' } = {}) {
  const issuer = { key: makeKey(alg), published: [], requests: [], behaviour: 'good', held: [] }
  issuer.published = [issuer.key]
  const server = tls ? createTlsServer(tls, answer) : createServer(answer)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  issuer.port = server.address().port
  issuer.url = `${tls ? 'https' : 'http'}://${host}:${issuer.port}`
  issuer.jwksUrl = `${issuer.url}/.well-known/jwks.json`

  function documentFor(path) {
    if (path === '/.well-known/jwks.json') return { keys: issuer.published.map((key) => key.jwk) }
    if (path === '/.well-known/openid-configuration')
      return { issuer: issuer.url, jwks_uri: issuer.jwksUrl, response_types_supported: ['code'], ...issuer.discovery }
    return undefined
  }

  function send(path, response) {
    const body = documentFor(path)
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}))
  }

  function answer(request, response) {
    issuer.requests.push({ method: request.method, path: request.url, headers: request.headers, at: Date.now() })
    const behaviours = {
      good: () => send(request.url, response),
      hang: () => issuer.held.push(() => send(request.url, response)),
      error: () => response.writeHead(500).end('no'),
      redirect: () => response.writeHead(302, { location: '/elsewhere' }).end(),
      garbage: () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[{"kty":'),
      empty: () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[]}'),
      cut: () => request.socket.destroy(),
      huge: () => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{"keys":[')
        const more = () => {
          while (!response.destroyed && response.write('null,'.repeat(20_000)));
        }
        response.on('drain', more).on('error', () => {})
        more()
      },
    }
    behaviours[issuer.behaviour]()
  }

  issuer.behave = (behaviour) => (issuer.behaviour = behaviour)
  issuer.release = () => issuer.held.splice(0).forEach((reply) => reply())
  issuer.rotate = (newAlg = alg, options) => {
    issuer.key = makeKey(newAlg, options)
    issuer.published = [issuer.key]
    return issuer.key
  }
  Object.defineProperty(issuer, 'pem', { get: () => issuer.key.pem })
  issuer.sign = (claims, header) => signJwt(issuer.key, claims, header)
  // A Clerk session token, version 2: one minute long. A claim set to undefined is left out.
  issuer.clerkClaims = (over = {}) => ({
    azp: 'http://localhost:3000', exp: now() + 60, fva: [0, -1], iat: now(), iss: issuer.url, nbf: now() - 10,
    sid: 'sess_2abcDEF', sts: 'active', sub: 'user_2xYz', v: 2, ...over,
  })
  issuer.clerkSession = (over, header) => issuer.sign(issuer.clerkClaims(over), { cat: 'cl_B7d4PD111AAA', ...header })
  issuer.idClaims = (over = {}) => ({ iss: issuer.url, sub: '248289761001', aud: 'voice', exp: now() + 300, iat: now(), ...over })
  issuer.idToken = (over, header) => issuer.sign(issuer.idClaims(over), header)
  issuer.close = () => {
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  }
  return issuer
}
