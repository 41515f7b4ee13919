// recovery.mjs — every simulated trouble of the SDKs: the call comes back by itself, judged by the sound of both sides.
import assert from 'node:assert/strict'
import { eventually } from '../lib/wait.mjs'
import { ended, hears, other, sees } from './call.mjs'
import { startWire } from './cut.mjs'

// So many connections were opened, or the package says so. (livekit-client 2.0.0 is silent about a resume.)
async function troubled({ me, browser }, connections) {
  if (browser) return (await me.send('tokens')).length >= connections
  return (await me.send('happened')).some(({ name }) => ['reconnecting', 'connectionStateChanged'].includes(name))
}
const LONG = { timeout: 40_000 }

async function talk({ me, ben, server, room, via = server.ws }) {
  await me.send('join', via, await server.token(room, `anna of ${room}`))
  await ben.send('join', server.ws, await server.token(room, 'ben'))
  await hears(me, 'ben', ben.hz)
  await hears(ben, `anna of ${room}`, me.hz)
}

function scenario(name, { core, only, then, connections = 2 } = {}) {
  return {
    title: `recovers from ${name}`,
    core,
    only,
    lacks: ({ lacks }) => lacks.simulate && 'no simulateScenario in this release',
    run: async (call) => {
      const { me, ben, room } = call
      await talk(call)
      await me.send('simulate', name)
      await eventually('something happened to the connection', () => troubled(call, connections), LONG)
      await sees(me, 'connected again', (seen) => seen.state === 'connected', LONG)
      await hears(me, 'ben', ben.hz, LONG)
      await hears(ben, `anna of ${room}`, me.hz, LONG)
      await then?.(call)
    },
  }
}

const js = ({ browser }) => Boolean(browser)
const today = ({ name }) => !name.includes('2.0.0')
const tcp = ({ me }) =>
  eventually('the sound comes over TCP', async () => {
    const { pairs } = await me.send('stats')
    return { ok: pairs.length > 0 && pairs.every((pair) => pair.protocol === 'tcp'), pairs }
  })

export const RECOVERY = [
  {
    title: 'signalling is cut off: the same participant goes on',
    core: true,
    run: async (call) => {
      const { me, ben, server, room } = call
      const wire = await startWire(server.port)
      try {
        await talk({ ...call, via: wire.ws })
        const sidOf = async () => other(await ben.send('see'), `anna of ${room}`)?.sid
        const before = await sidOf()
        await wire.cut()
        await ben.send('update', 'metadata', 'said after the cut')
        await sees(me, 'it is told what happens now', (seen) => seen.state === 'connected' && other(seen, 'ben')?.metadata === 'said after the cut', LONG)
        await hears(me, 'ben', ben.hz, LONG)
        await hears(ben, `anna of ${room}`, me.hz, LONG)
        assert.equal(await sidOf(), before)
      } finally {
        wire.stop()
      }
    },
  },
  scenario('signal-reconnect', { core: true }),
  scenario('resume-reconnect', { only: js }),
  scenario('disconnect-signal-on-resume', { connections: 3 }),
  scenario('disconnect-signal-on-resume-no-messages', { only: js, connections: 3 }),
  scenario('full-reconnect', { only: js, core: true }),
  scenario('leave-full-reconnect', { only: today }),
  scenario('node-failure'),
  scenario('migration'),
  scenario('force-tcp', { only: (client) => js(client) && today(client), then: tcp }),
  {
    title: 'the refreshed token is the one it comes back with',
    only: js,
    run: async (call) => {
      const { me, ben, server, room } = call
      await me.send('join', server.ws, await server.token(room, `anna of ${room}`), { publish: false })
      await ben.send('join', server.ws, await server.token(room, 'ben'))
      await me.send('simulate', 'signal-reconnect')
      await eventually('a second connection', async () => {
        const tokens = await me.send('tokens')
        return tokens.length > 1 && tokens.at(-1) !== tokens[0]
      })
      await sees(me, 'connected again', (seen) => seen.state === 'connected')
      await hears(me, 'ben', ben.hz)
    },
  },
  {
    title: 'speaker scenario: seen speaking, then quiet',
    lacks: ({ lacks }) => lacks.simulate && 'no simulateScenario in this release',
    run: async ({ me, server, room }) => {
      await me.send('join', server.ws, await server.token(room, 'anna'), { publish: false })
      await me.send('simulate', 'speaker')
      await sees(me, 'speaking', (seen) => seen.speaking.length === 1)
      if (!me.lacks.quiet) await sees(me, 'quiet again', (seen) => seen.speaking.length === 0)
    },
  },
  {
    title: 'server-leave: the call ends with SERVER_SHUTDOWN',
    lacks: ({ lacks }) => lacks.simulate && 'no simulateScenario in this release',
    run: async ({ me, server, room }) => {
      await me.send('join', server.ws, await server.token(room, 'anna'), { publish: false })
      await me.send('simulate', 'server-leave')
      await ended(me, 3)
    },
  },
]
