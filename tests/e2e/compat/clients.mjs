// clients.mjs — the official clients of the matrix: what each is called, how one of its participants is made and moved.
// A participant answers to the commands of page/puppet.js, which compat/puppet.mjs has too.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openChromium, openFirefox } from '../lib/browser.mjs'

let made = 0

// A page in which any number of participants live; `drive` runs a function of the page.
function inPage(page, hz, options) {
  const drive = (name, ...args) => page.evaluate(([fn, rest]) => window[fn](...rest), [name, args])
  return {
    hz,
    open: async (more = {}) => {
      const id = ++made
      const lacks = await drive('make', id, { ...options, ...more })
      const send = (name, ...args) => drive('command', id, name, args)
      return { hz, lacks, send, close: () => drive('drop', id) }
    },
  }
}

const SILENT_MS = 60_000 // longer than the longest command; so long only something dead is silent

async function inProcess(packageName, hz) {
  const child = fork(fileURLToPath(new URL('puppet.mjs', import.meta.url)), [packageName], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const waiting = new Map()
  child.on('message', ({ number, answer, error }) => {
    const { done, failed } = waiting.get(number) ?? {}
    waiting.delete(number)
    if (error) failed?.(new Error(error))
    else done?.(answer)
  })
  let died // what became of it
  child.on('exit', (code, signal) => {
    died = new Error(`${packageName} ended: ${code ?? signal}`)
    for (const { failed } of waiting.values()) failed(died)
  })
  await once(child, 'message')
  const drive = (command, ...args) =>
    new Promise((done, failed) => {
      if (died) return failed(died)
      const number = ++made
      waiting.set(number, { done, failed })
      child.send({ number, command, args }, (error) => error && failed(error))
      setTimeout(() => waiting.has(number) && child.kill('SIGKILL'), SILENT_MS).unref()
    })
  return {
    hz,
    died: () => died,
    open: async (more = {}) => {
      const id = ++made
      const lacks = await drive('make', id, { hz, ...more })
      const send = (name, ...args) => drive('command', id, name, args)
      return { hz, lacks, send, close: () => drive('drop', id) }
    },
    kill: () => child.kill('SIGKILL'),
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      await Promise.race([drive('end').catch(() => {}), new Promise((done) => setTimeout(done, 5000))])
      child.kill('SIGKILL')
    },
  }
}

// The columns of the table. `core`: only the behaviours that are marked so run with it.
export const CLIENTS = [
  { name: 'livekit-client 2.23.0', note: 'Chromium, one peer connection', browser: 'chromium', page: 'puppet.html' },
  { name: 'livekit-client 2.23.0 dual', note: 'Chromium, two peer connections', browser: 'chromium', page: 'puppet.html', options: { single: false } },
  { name: 'livekit-client 2.0.0', note: 'Chromium; the oldest 2.x', browser: 'chromium', page: 'oldest/puppet.html' },
  { name: 'livekit-client 2.23.0 Firefox', note: 'Firefox ESR', browser: 'firefox', page: 'puppet.html', core: true },
  { name: 'rtc-node 1.1.0', note: '@livekit/rtc-node', native: '@livekit/rtc-node' },
  { name: 'rtc-node 0.13.20', note: '@livekit/rtc-node, late 2025', native: '@livekit/rtc-node-2025' },
]

// Starts everything once. `use(client)` gives what opens its participants; `partner` is livekit-client in a browser of its own.
export async function startClients(pages, names = CLIENTS) {
  const wanted = new Set(names.map((client) => client.browser))
  const [low, high, fox] = await Promise.all([
    wanted.has('chromium') && openChromium({ hz: 440 }),
    openChromium({ hz: 880 }),
    wanted.has('firefox') && openFirefox({ hz: 560 }),
  ])
  const open = async (browser, page, hz, options) => {
    const tab = await browser.newPage()
    await tab.goto(pages.url + page)
    return inPage(tab, hz, options)
  }
  const used = new Map()
  const start = async (client) =>
    used.set(
      client,
      client.native
        ? await inProcess(client.native, 660)
        : await open(client.browser === 'firefox' ? fox : low, client.page, client.browser === 'firefox' ? 560 : 440, client.options),
    )
  for (const client of names) await start(client)
  return {
    use: (client) => used.get(client),
    // A process that has died is replaced, so that what comes after has one.
    renew: async (client) => {
      if (used.get(client).died?.()) await start(client)
    },
    partner: await open(high, 'puppet.html', 880),
    another: (client) => inProcess(client.native, 660),
    stop: () => Promise.allSettled([low, high, fox, ...used.values()].map((one) => one?.close?.())),
  }
}
