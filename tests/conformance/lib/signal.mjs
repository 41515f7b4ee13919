// signal.mjs — a participant at signalling level: LiveKit's messages over a WebSocket, and what came back.
import { once } from 'node:events'
import { SignalRequest, SignalResponse } from '@livekit/protocol'
import WebSocket from 'ws'
import { token, until } from './server.mjs'

export class Participant {
  static async join(server, room, identity, { jwt, grants, query = 'protocol=17&auto_subscribe=1', path = '/rtc', options = {} } = {}) {
    const p = new Participant()
    jwt ??= await token(room, identity, grants)
    p.socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}?${query}&access_token=${jwt}`, { perMessageDeflate: false, ...options })
    p.socket.binaryType = 'nodebuffer'
    p.got = []
    p.socket.on('message', (data, binary) => {
      const response = binary ? SignalResponse.fromBinary(data) : SignalResponse.fromJsonString(data.toString())
      p.got.push({ kind: response.message.case, value: response.message.value, binary })
    })
    p.socket.on('error', () => {})
    p.closed = once(p.socket, 'close').then(([code]) => (p.code = code))
    await p.next('join')
    return p
  }

  send(kind, value) {
    this.socket.send(new SignalRequest({ message: { case: kind, value } }).toBinary(), () => {})
  }
  sendText(kind, value) {
    this.socket.send(new SignalRequest({ message: { case: kind, value } }).toJsonString(), () => {})
  }
  raw(data, options = {}) {
    this.socket.send(data, options, () => {})
  }
  all(kind) {
    return this.got.filter((message) => message.kind === kind)
  }
  // The first message of a kind, or the `nth`.
  async next(kind, nth = 1) {
    await until(() => this.all(kind).length >= nth || this.socket.readyState === WebSocket.CLOSED, `${kind} number ${nth}`)
    const message = this.all(kind)[nth - 1]
    if (!message) throw new Error(`closed with ${this.code} before ${kind}`)
    return message
  }
  // Milliseconds until the server answered a ping.
  async ping() {
    const seen = this.all('pong').length
    const begun = performance.now()
    this.send('ping', BigInt(Date.now()))
    await this.next('pong', seen + 1)
    return performance.now() - begun
  }
  get open() {
    return this.socket.readyState === WebSocket.OPEN
  }
  async leave() {
    if (this.open) {
      this.send('leave', {})
      await this.closed
    }
  }
}
