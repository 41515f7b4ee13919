// receiver.mjs — a receiver of webhooks: checks each with livekit-server-sdk's WebhookReceiver, and answers as it is told to.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { WebhookReceiver } from 'livekit-server-sdk'
import { KEY, SECRET, until } from './server.mjs'

export class Receiver {
  // `answer(event, nth)` gives the status, or a promise of it; nth counts this event's tries from 1.
  static async listen({ port = 0, answer = () => 200, key = KEY, secret = SECRET } = {}) {
    const r = new Receiver()
    r.answer = answer
    r.tries = [] // { event, body, headers, at, status }
    r.refused = [] // what the WebhookReceiver did not take
    const verifier = new WebhookReceiver(key, secret)
    r.server = createServer(async (request, response) => {
      const parts = []
      for await (const part of request) parts.push(part)
      const body = Buffer.concat(parts).toString()
      const done = (status) => response.writeHead(status).end('noted')
      let event
      try {
        event = await verifier.receive(body, request.headers.authorization)
      } catch (error) {
        r.refused.push({ body, error })
        return done(401)
      }
      const seen = { event, body, headers: request.headers, path: request.url, at: performance.now() }
      r.tries.push(seen)
      seen.status = await r.answer(event, r.tries.filter((each) => each.event.id === event.id).length)
      done(seen.status)
    })
    r.server.listen(port, '127.0.0.1')
    await once(r.server, 'listening')
    r.port = r.server.address().port
    r.url = `http://127.0.0.1:${r.port}/hook`
    return r
  }
  close() {
    this.server.closeAllConnections()
    return new Promise((done) => this.server.close(() => done()))
  }
  // Events that were answered with 2xx, in order.
  get taken() {
    return this.tries.filter((each) => each.status >= 200 && each.status < 300).map((each) => each.event)
  }
  names(room) {
    return this.taken.filter((event) => event.room?.name === room).map((event) => event.event)
  }
  async until(room, name, ms) {
    await until(() => this.names(room).includes(name), `${name} of ${room}; so far: ${this.names(room)}`, ms)
    return this.taken.find((event) => event.room?.name === room && event.event === name)
  }
}
