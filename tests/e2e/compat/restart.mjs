// restart.mjs — the server is killed and started again while clients join, publish, talk, stream and call procedures. One restart
// for all: `prepare` brings everybody to that moment, the behaviours judge what became of them.
import assert from 'node:assert/strict'
import { eventually } from '../lib/wait.mjs'
import { hears, sees } from './call.mjs'

const LONG = { timeout: 40_000 }
const FILE_BYTES = 15_000_000
const settles = (promise) => Promise.race([promise, new Promise((_, failed) => setTimeout(() => failed(new Error('it hangs')), LONG.timeout).unref())])

// Two in a call with a stream and a procedure under way; one about to publish, with a listener; one about to join.
export async function prepare({ client, server, open, partner }) {
  const room = (what) => `${what} through a restart, ${client.name}`
  const token = (what, identity) => server.token(room(what), `${identity} of ${what}, ${client.name}`)
  const name = (what, identity) => `${identity} of ${what}, ${client.name}`
  const [me, ben, publisher, listener, joiner] = [await open(), await partner.open(), await open(), await partner.open(), await open()]
  await me.send('join', server.ws, await token('call', 'anna'))
  await ben.send('join', server.ws, await token('call', 'ben'))
  await publisher.send('join', server.ws, await token('publishing', 'anna'), { publish: false })
  await listener.send('join', server.ws, await token('publishing', 'ben'), { publish: false })
  await hears(ben, name('call', 'anna'), me.hz)
  await hears(me, name('call', 'ben'), ben.hz)
  const all = [me, ben, publisher, listener, joiner]
  const joinAgain = async () => joiner.send('join', server.ws, await token('joining', 'anna'))
  return {
    ...{ browser: client.browser, me, ben, publisher, listener, joiner, all, joinAgain, name },
    // What is under way when the server goes.
    start: async () => {
      const stream = me.lacks.streams ? null : me.send('sendFile', FILE_BYTES)
      const call = me.lacks.rpc ? null : me.send('rpc', name('call', 'ben'), 'slow', '', 15_000)
      return { stream, call, publishing: publisher.send('publish'), joining: joinAgain() }
    },
  }
}

export const RESTART = [
  {
    title: 'restart in a running call: both hear each other again',
    run: async ({ me, ben, name }) => {
      await hears(me, name('call', 'ben'), ben.hz, LONG)
      await hears(ben, name('call', 'anna'), me.hz, LONG)
    },
  },
  {
    title: 'restart while joining: it ends in the room, or in an error and a second try does',
    run: async ({ joinAgain, joiner, underWay }) => {
      const first = await settles(underWay.joining)
      if (first.error) assert.ok((await settles(joinAgain())).answer)
      await sees(joiner, 'in the room', (seen) => seen.state === 'connected', LONG)
    },
  },
  {
    title: 'restart while publishing: it is heard, or an error and a second try is',
    run: async ({ publisher, listener, underWay, name }) => {
      const first = await settles(underWay.publishing)
      if (first.error) await eventually('published', async () => (await publisher.send('publish')).answer === true, LONG)
      await hears(listener, name('publishing', 'anna'), publisher.hz, LONG)
    },
  },
  {
    title: 'restart in a stream of 15 MB: no half of it counts as whole, the next arrives',
    lacks: ({ me }) => me.lacks.streams && 'no streams in this release',
    run: async ({ me, ben, underWay, browser }) => {
      await settles(underWay.stream)
      const back = () => sees(me, 'connected again', (seen) => seen.state === 'connected' && seen.others.length === 1, LONG)
      await back()
      // livekit-client 2.23 keeps the refusal of what it was given to send while it had no connection, until the next one.
      if (browser) await me.send('simulate', 'full-reconnect').then(back)
      await eventually('the next arrives', async () => {
        const sent = await me.send('sendFile', 50_000)
        const whole = (await ben.send('received')).filter(({ topic, error }) => topic === 'file' && !error)
        return { ok: whole.some(({ bytes }) => bytes === 50_000) && whole.every(({ bytes }) => bytes === 50_000 || bytes === FILE_BYTES), sent, whole }
      }, LONG)
    },
  },
  {
    title: 'restart in a procedure call: it fails, the next is answered',
    lacks: ({ me }) => me.lacks.rpc && 'no RPC in this release',
    run: async ({ me, underWay, name }) => {
      assert.ok((await settles(underWay.call)).code)
      await eventually('answered', async () => (await me.send('rpc', name('call', 'ben'), 'double', '4', 2000)).answer?.startsWith('8'), LONG)
    },
  },
]
