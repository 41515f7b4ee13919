// turn.mjs — a small TURN client (RFC 8656) over UDP, TCP or TLS, to see what the embedded server does with it.
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { until } from './server.mjs'

const COOKIE = 0x2112a442
const MAPPED = 0x20, USERNAME = 0x06, INTEGRITY = 0x08, ERROR = 0x09, DATA = 0x13, PEER = 0x12, RELAYED = 0x16
export const ALLOCATE = 3, PERMIT = 8, BIND = 9
const SEND = 0x16, BINDING = 1

const attribute = (type, value) => {
  const out = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  out.writeUInt16BE(type, 0)
  out.writeUInt16BE(value.length, 2)
  value.copy(out, 4)
  return out
}

// Of a type with its attributes, signed when there is a key.
export function message(type, attributes, { key, transaction = randomBytes(12) } = {}) {
  let body = Buffer.concat(attributes)
  const head = (length) => {
    const out = Buffer.alloc(20)
    out.writeUInt16BE(type, 0)
    out.writeUInt16BE(length, 2)
    out.writeUInt32BE(COOKIE, 4)
    transaction.copy(out, 8)
    return out
  }
  if (key) body = Buffer.concat([body, attribute(INTEGRITY, createHmac('sha1', key).update(Buffer.concat([head(body.length + 24), body])).digest())])
  return Buffer.concat([head(body.length), body])
}

function bytesOf(ip) {
  if (!isIPv6(ip)) return Buffer.from(ip.split('.').map(Number))
  const [front, back = ''] = ip.split('::').map((side) => side.split(':').filter(Boolean))
  const words = [...front, ...Array(8 - front.length - back.length).fill('0'), ...back]
  return Buffer.from(words.map((word) => word.padStart(4, '0')).join(''), 'hex')
}
const mask = (transaction) => Buffer.concat([Buffer.from('2112a442', 'hex'), transaction])
const mixed = (bytes, transaction) => bytes.map((byte, i) => byte ^ mask(transaction)[i])

export function address(type, { ip, port }, transaction) {
  const bytes = bytesOf(ip)
  return attribute(type, Buffer.concat([Buffer.from([0, bytes.length === 4 ? 1 : 2, (port >> 8) ^ 0x21, (port & 255) ^ 0x12]), mixed(bytes, transaction)]))
}
function readAddress(value, transaction) {
  const bytes = Buffer.from(mixed(value.subarray(4), transaction))
  const ip = bytes.length === 4 ? [...bytes].join('.') : bytes.toString('hex').replace(/(....)(?=.)/g, '$1:')
  return { ip, port: value.readUInt16BE(2) ^ 0x2112 }
}

export function read(data) {
  const out = { type: data.readUInt16BE(0), transaction: data.subarray(8, 20), at: new Map() }
  for (let i = 20; i + 4 <= data.length; ) {
    const length = data.readUInt16BE(i + 2)
    if (!out.at.has(data.readUInt16BE(i))) out.at.set(data.readUInt16BE(i), data.subarray(i + 4, i + 4 + length))
    i += 4 + Math.ceil(length / 4) * 4
  }
  const error = out.at.get(ERROR)
  out.code = error ? error[2] * 100 + error[3] : 0
  for (const [name, type] of [['mapped', MAPPED], ['relayed', RELAYED], ['peer', PEER]])
    if (out.at.has(type)) out[name] = readAddress(out.at.get(type), out.transaction)
  out.data = out.at.get(DATA)
  return out
}

// An ICE check as a client would send it to the server's `ufrag` and `pwd`.
export const check = ({ ufrag, pwd }) =>
  message(BINDING, [attribute(USERNAME, Buffer.from(`${ufrag}:them`)), attribute(0x24, Buffer.from([0x6e, 0, 1, 255])), attribute(0x802a, randomBytes(8))], { key: Buffer.from(pwd) })

// Over a datagram socket: what is sent goes to `to`.
export function overUdp(to) {
  const socket = createSocket(isIPv6(to.ip) ? 'udp6' : 'udp4')
  return { on: (take) => socket.on('message', take), send: (data) => socket.send(data, to.port, to.ip), close: () => socket.close() }
}
// Over a stream that is connected: messages follow each other by their lengths.
export function overStream(stream) {
  let waiting = Buffer.alloc(0)
  const on = (take) =>
    stream.on('data', (data) => {
      waiting = Buffer.concat([waiting, data])
      while (waiting.length >= 20 && waiting.length >= 20 + waiting.readUInt16BE(2)) {
        const length = 20 + waiting.readUInt16BE(2)
        take(waiting.subarray(0, length))
        waiting = waiting.subarray(length)
      }
    })
  return { on, send: (data) => stream.write(data), close: () => stream.destroy() }
}

// `server`: an entry of iceServers. Methods answer the error's code, 0 for success.
export function openTurn(way, server) {
  const got = []
  way.on((data) => got.push(read(data)))
  const turn = { got, realm: Buffer.alloc(0), nonce: Buffer.alloc(0) }
  const key = () => createHash('md5').update(`${server.username}:${turn.realm}:${server.credential}`).digest()
  turn.ask = async (method, more = () => []) => {
    const transaction = randomBytes(12)
    const signed = turn.nonce.length ? [attribute(USERNAME, Buffer.from(server.username)), attribute(0x14, turn.realm), attribute(0x15, turn.nonce)] : []
    const bytes = message(method, [...more(transaction), ...signed], { transaction, key: signed.length ? key() : undefined })
    let sent = 0
    const answer = () => got.find((one) => one.transaction.equals(transaction))
    await until(() => {
      if (!answer() && Date.now() - sent > 1000) way.send(bytes), (sent = Date.now())
      return answer()
    }, `an answer to ${method}`, 20_000)
    for (const [type, name] of [[0x14, 'realm'], [0x15, 'nonce']]) if (answer().at.has(type)) turn[name] = answer().at.get(type)
    return answer()
  }
  turn.allocate = async (family) => {
    const wish = () => [attribute(0x19, Buffer.from([17, 0, 0, 0])), ...(family ? [attribute(0x17, Buffer.from([family, 0, 0, 0]))] : [])]
    const first = await turn.ask(ALLOCATE, wish)
    return first.code === 401 ? turn.ask(ALLOCATE, wish) : first
  }
  turn.permit = async (peer) => (await turn.ask(PERMIT, (transaction) => [address(PEER, peer, transaction)])).code
  turn.bind = async (number, peer) =>
    (await turn.ask(BIND, (transaction) => [attribute(0x0c, Buffer.from([number >> 8, number & 255, 0, 0])), address(PEER, peer, transaction)])).code
  turn.say = (peer, data) => {
    const transaction = randomBytes(12)
    way.send(message(SEND, [address(PEER, peer, transaction), attribute(DATA, data)], { transaction }))
  }
  turn.close = () => way.close()
  return turn
}
