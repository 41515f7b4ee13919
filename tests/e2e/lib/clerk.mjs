// clerk.mjs — a Clerk of our own for one page: sessions signed as Clerk signs them, and the browser script that carries them.
import { createServer } from 'node:http'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { publishableKey, startIssuer } from '../../conformance/lib/issuer.mjs'

const SCRIPT = readFileSync(fileURLToPath(new URL('../page/clerk.js', import.meta.url)))
const FRONTEND = 'clerk.acme.test'

export async function startClerk() {
  const issuer = await startIssuer()
  const userId = `user_${randomBytes(12).toString('hex')}`
  const session = (sid, azp) => issuer.clerkSession({ sid, azp, sub: userId, iss: `https://${FRONTEND}` })
  const answers = {
    '/sign-in': ({ origin }) => {
      const id = `sess_${randomBytes(12).toString('hex')}`
      return { id, userId, since: Math.floor(Date.now() / 1000), token: session(id, origin) }
    },
    '/tokens': ({ id, origin }) => ({ token: session(id, origin) }),
  }
  const server = createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    if (request.url === '/clerk.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(SCRIPT)
    const answer = answers[request.url]
    if (!answer) return response.writeHead(404).end()
    let body = ''
    for await (const piece of request) body += piece
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(JSON.parse(body))))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const script = `http://127.0.0.1:${server.address().port}/clerk.js`
  return {
    userId,
    session,
    issuer,
    // One instance of Clerk as offhook and @clerk/nextjs are told of it; with its key, so that nobody asks the network.
    env: {
      NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: publishableKey(FRONTEND, 'live'),
      CLERK_SECRET_KEY: 'sk_live_of_nobody',
      CLERK_JWT_KEY: issuer.pem,
    },
    // Only for the page under test: where the browser script is.
    pageEnv: { NEXT_PUBLIC_CLERK_JS_URL: script, NEXT_PUBLIC_CLERK_UI_URL: script, NEXT_PUBLIC_CLERK_TELEMETRY_DISABLED: '1' },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await issuer.close()
    },
  }
}
