// agents.test.mjs — a stock @livekit/agents worker answers calls from our button: judged by the tone the visitor hears.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { AgentDispatchClient } from 'livekit-server-sdk'
import { openChromium } from './lib/browser.mjs'
import { freePorts, startServer } from './lib/server.mjs'
import { showsState, startCall, visitor } from './lib/visitor.mjs'
import { eventually, hears, hearsNothing } from './lib/wait.mjs'

const FOLDER = fileURLToPath(new URL('../agents', import.meta.url))
const LONG = { timeout: 40_000 } // a worker starts a process for each job

let server, browser, dispatches
const workers = []
before(async () => {
  server = await startServer({ workers: 2, env: { OFFHOOK_VOICE_AGENT: 'ada' } })
  dispatches = new AgentDispatchClient(server.http, server.key, server.secret)
  ;[browser] = await Promise.all([openChromium({ hz: 440 }), startWorker(660)])
})
after(async () => {
  await browser?.close()
  for (const worker of workers) kill(worker)
  await server?.stop()
})

// In a group of its own, so that a kill takes the processes of its jobs along, as when a machine fails.
async function startWorker(hz) {
  const [port] = await freePorts(1)
  const worker = spawn(process.execPath, ['worker.mjs', 'start'], {
    cwd: FOLDER, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, AGENT_NAME: 'ada', TONE_HZ: String(hz), HEALTH_PORT: String(port), LIVEKIT_URL: server.ws, LIVEKIT_API_KEY: server.key, LIVEKIT_API_SECRET: server.secret },
  })
  workers.push(worker)
  let log = ''
  for (const out of [worker.stdout, worker.stderr]) out.on('data', (data) => { log += data })
  await eventually(`the worker registers\n${log}`, () => log.includes('registered worker'), LONG)
  return worker
}

function kill(worker) {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  process.kill(-worker.pid, 'SIGKILL')
}

const roomOf = (page) => page.evaluate(() => window.offhookRoom)

test('P55 an agent answers a call from the button: it is heard, writes what it says, and calls procedures both ways', async () => {
  const { page, problems } = await visitor(browser, server.http)
  await startCall(page)
  await hears(page, 660, LONG)
  await showsState(page, 'connected')
  assert.deepEqual(problems, [])
  await page.getByRole('button', { name: 'End call' }).click()
  await page.close()
})
