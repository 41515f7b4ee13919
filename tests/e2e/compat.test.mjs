// compat.test.mjs — the official clients, old and new, against the server: behaviours × clients. Each cell is a test whose
// result stands in the table of docs/LIVEKIT.md.
import { after, before, describe } from 'node:test'
import { networkInterfaces } from 'node:os'
import { RoomServiceClient } from 'livekit-server-sdk'
import { startServer } from './lib/server.mjs'
import { startPages } from './lib/pages.mjs'
import { cell } from './lib/matrix.mjs'
import { CLIENTS, startClients } from './compat/clients.mjs'
import { CALL } from './compat/call.mjs'
import { RECOVERY } from './compat/recovery.mjs'
import { ENDINGS } from './compat/endings.mjs'
import { RESTART, prepare } from './compat/restart.mjs'

const chosen = CLIENTS.filter((client) => !process.env.CLIENT || client.name.includes(process.env.CLIENT))
// Firefox reaches no media at 127.0.0.1: it gets another address of this machine.
const outside = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal)?.address
const env = outside ? { NODE_IP: outside } : {}
let server, pages, clients, api
before(async () => {
  server = await startServer({ env })
  api = new RoomServiceClient(server.http, server.key, server.secret)
  pages = await startPages()
  clients = await startClients(pages, chosen)
})
after(async () => {
  await clients?.stop()
  pages?.stop()
  await server?.stop()
})

const fits = (behaviour, client) => behaviour.title.includes(process.env.BEHAVIOUR ?? '') && (behaviour.core || !client.core) && (behaviour.only?.(client) ?? true)

describe('S03 S20 S25 S48 S49 a call with every client', { concurrency: 3 }, () => {
  for (const client of chosen)
    describe(client.name, { concurrency: 1 }, () => {
      const call = { server, room: `call of ${client.name}` }
      before(async () => {
        Object.assign(call, { server, open: clients.use(client).open, me: await clients.use(client).open(), ben: await clients.partner.open() })
      })
      after(() => Promise.allSettled([call.me?.close(), call.ben?.close()]))
      for (const behaviour of CALL.filter((one) => fits(one, client)))
        cell(client.name, behaviour.title, () => behaviour.run(call), () => behaviour.lacks?.(call.me))
    })
})

// Those that have a room of their own each, several at a time: most of their time is waiting.
function eachInItsRoom(behaviours, clientsOfThem) {
  for (const behaviour of behaviours)
    for (const client of clientsOfThem.filter((one) => fits(behaviour, one))) {
      const call = {}
      const begin = async () => {
        await clients.renew(client)
        const { open } = clients.use(client)
        Object.assign(call, { ...client, server, api, open, another: () => clients.another(client), me: await open(), ben: await clients.partner.open(), room: `${behaviour.title} ${client.name}` })
        return behaviour.lacks?.(call.me)
      }
      cell(client.name, behaviour.title, () => behaviour.run(call).finally(() => Promise.allSettled([call.me.close(), call.ben.close()])), begin)
    }
}

// Not the second connection mode and not Firefox: the way back is the same code. Not rtc-node 0.13.20: it reads nothing before a
// ReconnectResponse and so never hears that it must join anew; it gives up after 50 s.
const restarted = chosen.filter(({ name }) => ['livekit-client 2.23.0', 'livekit-client 2.0.0', 'rtc-node 1.1.0'].includes(name))
function throughOneRestart() {
  let house
  const calls = new Map()
  before(async () => {
    house = await startServer({ env })
    const opened = await Promise.all(
      restarted.map((client) => prepare({ client, server: house, open: clients.use(client).open, partner: clients.partner })),
    )
    opened.forEach((call, i) => calls.set(restarted[i], call))
    await Promise.all(opened.map(async (call) => (call.underWay = await call.start())))
    for (const { underWay } of opened) for (const promise of Object.values(underWay)) promise?.catch(() => {}) // judged later
    await house.stop('SIGKILL')
    house = await startServer({ env, keys: house, port: house.port, udpPort: house.udpPort })
  })
  after(async () => {
    await Promise.allSettled([...calls.values()].flatMap(({ all }) => all.map((one) => one.close())))
    await house?.stop()
  })
  for (const behaviour of RESTART)
    for (const client of restarted)
      if (fits(behaviour, client)) cell(client.name, behaviour.title, () => behaviour.run(calls.get(client)), () => behaviour.lacks?.(calls.get(client)))
}

describe('S17 S24 S46 recovery, refusals and ends with every client', { concurrency: 3 }, () => {
  describe('a restart in the middle', { concurrency: 1 }, throughOneRestart)
  eachInItsRoom(RECOVERY, chosen)
  eachInItsRoom(ENDINGS, chosen.filter(({ options }) => options?.single !== false)) // how many connections carry the media is all the same here
})
