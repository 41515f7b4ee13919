// agents.test.mjs — stock LiveKit Agents workers, of Node and of Python, answer calls from our button: judged by the tone the
// visitor hears.
import { after, before } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AgentDispatchClient } from 'livekit-server-sdk'
import { openChromium } from './lib/browser.mjs'
import { column, leaveOut, provesWith, watched } from './lib/matrix.mjs'
import { startServer } from './lib/server.mjs'
import { freePorts } from '../parts/ports.mjs'
import { showsState, visitor } from './lib/visitor.mjs'
import { eventually, hears, hearsNothing } from './lib/wait.mjs'

const FOLDER = fileURLToPath(new URL('../agents', import.meta.url))
const SDK = column('livekit-server-sdk', new URL('package.json', import.meta.url))
const provesBySdk = provesWith(SDK)
const requirements = readFileSync(new URL('../agents/requirements.txt', import.meta.url), 'utf8')
const NODE = { column: column('@livekit/agents', new URL('../agents/package.json', import.meta.url)), by: '', command: () => [process.execPath, 'worker.mjs'] }
const PYTHON = { column: `livekit-agents ${/^livekit-agents==(\S+)/m.exec(requirements)[1]} (Python)`, by: ' (Python)', ...openPython() }
const LONG = { timeout: 180_000 } // a worker starts a process for each job, and those of Python take long on a busy machine

let server, browser, dispatches
const workers = []
before(async () => {
  server = await startServer({ workers: 2, env: { OFFHOOK_VOICE_AGENT: 'ada' } })
  dispatches = watched(SDK, new AgentDispatchClient(server.http, server.key, server.secret))
  browser = await openChromium({ hz: 440 })
})
after(async () => {
  await browser?.close()
  killAll()
  await server?.stop()
})

// The part e2e has begun the installation (tests/agents/python.sh); whoever comes second waits for it here.
function openPython() {
  const { status, stdout, stderr } = spawnSync('bash', ['python.sh'], { cwd: FOLDER, encoding: 'utf8' })
  const last = stdout.trimEnd().split('\n').at(-1)
  if (status === 3) return { absent: last }
  const command = () => {
    assert.equal(status, 0, `livekit-agents for Python does not install:\n${stdout}${stderr}`)
    return [last, 'worker.py']
  }
  return { command }
}

// In a group of its own, so that a kill takes the processes of its jobs along, as when a machine fails.
async function startWorker({ command }, hz) {
  const [program, script] = command()
  const [port] = await freePorts(1)
  const worker = spawn(program, [script, 'start'], {
    cwd: FOLDER, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AGENT_NAME: 'ada', TONE_HZ: String(hz), HEALTH_PORT: String(port), LIVEKIT_URL: server.ws, LIVEKIT_API_KEY: server.key, LIVEKIT_API_SECRET: server.secret },
  })
  workers.push(worker)
  let log = ''
  for (const out of [worker.stdout, worker.stderr]) out.on('data', (data) => { log += data })
  await eventually('the worker registers', () => log.includes('registered worker'), LONG).catch((error) => {
    throw new Error(`${error.message}\n${log}`)
  })
  return worker
}

function kill(worker) {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  process.kill(-worker.pid, 'SIGKILL')
}
function killAll() {
  for (const worker of workers.splice(0)) kill(worker)
}

// In the page: what the agent writes, and a procedure that it may call.
function takePart() {
  window.written = []
  const timer = setInterval(() => {
    const room = document.querySelector('offhook-call')?.call?.phone()?.room
    if (!room) return
    clearInterval(timer)
    window.room = room
    room.registerTextStreamHandler('lk.transcription', async (reader) => { window.written.push(await reader.readAll()) })
    room.registerRpcMethod('name', async () => 'Grace')
  }, 10)
}

async function call() {
  const { page, problems } = await visitor(browser, `${server.http}/c/default`)
  await page.evaluate(takePart)
  await page.getByRole('button', { name: 'Start voice call' }).click()
  return { page, problems }
}
const room = (page) => page.evaluate(() => window.room?.name)
const agentOf = (page) => page.evaluate(() => {
  const [agent] = [...window.room.remoteParticipants.values()]
  return agent && { identity: agent.identity, isAgent: agent.isAgent, attributes: { ...agent.attributes } }
})

for (const worker of [NODE, PYTHON]) {
  const proves = (worker.absent ? leaveOut : provesWith)(worker.column, 'agents: ', worker.by)
  if (worker.absent) console.log(`LEFT OUT: ${worker.column}, it cannot be installed here (${worker.absent})`)

  proves('P55 an agent answers a call from the button: it is heard, what it says is written, procedures are called both ways', async () => {
    killAll()
    await startWorker(worker, 660)
    const { page, problems } = await call()
    await hears(page, 660, LONG)
    await showsState(page, 'connected')
    await page.locator('.peer').getByText('Assistant', { exact: true }).waitFor(LONG) // the visitor sees that it is no person
    await eventually('what it says arrives', () => page.evaluate(() => window.written.includes('good day')))
    await eventually('it was told the name', async () => (await agentOf(page)).attributes['test.answer'] === 'Grace')
    const { identity, isAgent, attributes } = await agentOf(page)
    assert.equal(isAgent, true)
    assert.equal(attributes['lk.agent_name'], 'ada')
    assert.equal(await page.evaluate((to) => window.room.localParticipant.performRpc({ destinationIdentity: to, method: 'add', payload: '20+22' }), identity), '42')
    const [dispatch, ...others] = await dispatches.listDispatch(await room(page))
    assert.equal(others.length, 0)
    assert.equal(dispatch.agentName, 'ada')
    assert.deepEqual(dispatch.state.jobs.map(({ state }) => [state.status, state.participantIdentity]), [[1, identity]]) // running
    assert.deepEqual(problems, [])

    await dispatches.deleteDispatch(dispatch.id, await room(page))
    await hearsNothing(page, LONG)
    await eventually('the agent has gone', async () => (await agentOf(page)) === undefined)
    await page.getByRole('button', { name: 'End call' }).click()
    await page.close()
  })

  proves('P55 a worker that fails in the middle of a call: another one takes its place, and the voice is back', async () => {
    const lost = workers[0] ?? (await startWorker(worker, 660)) // the one of the test before, unless this one runs alone
    const { page } = await call()
    await hears(page, 660, LONG)
    const first = (await agentOf(page)).identity
    await startWorker(worker, 880)
    kill(lost)
    await hears(page, 880, LONG)
    await eventually('only the new agent is there', async () => {
      const people = await page.evaluate(() => [...window.room.remoteParticipants.keys()])
      return people.length === 1 && people[0] !== first
    })
    const [{ state: { jobs } }] = await dispatches.listDispatch(await room(page))
    assert.equal(jobs.length, 2)
    await page.getByRole('button', { name: 'End call' }).click()
    await page.close()
  })
}

provesBySdk('P55 the dispatch API: what it makes, lists, deletes and refuses', async () => {
  const made = await dispatches.createDispatch('a room for ada', 'ada', { metadata: 'about the weather' })
  assert.match(made.id, /^AD_/)
  assert.equal(made.metadata, 'about the weather')
  assert.equal((await dispatches.getDispatch(made.id, 'a room for ada')).id, made.id)
  assert.equal((await dispatches.listDispatch('a room for ada')).length, 1)
  await dispatches.deleteDispatch(made.id, 'a room for ada')
  assert.equal((await dispatches.listDispatch('a room for ada')).length, 0)
  await assert.rejects(dispatches.deleteDispatch(made.id, 'a room for ada'), /does not exist/)
  await assert.rejects(dispatches.deleteDispatch(made.id, 'no such room'), /does not exist/)
  await assert.rejects(dispatches.createDispatch('a room for ada', 'x'.repeat(300)), /exceeds/)
})
