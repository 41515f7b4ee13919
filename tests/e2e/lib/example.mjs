// example.mjs — builds and serves one of the example applications, the way its README says, on a port of the test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const folderOf = (name) => fileURLToPath(new URL(`../../../examples/${name}/`, import.meta.url))

// A command of the example's own node_modules.
function command(name, [bin, ...args], env) {
  const child = spawn(join(folderOf(name), 'node_modules/.bin', bin), args, {
    cwd: folderOf(name),
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // next and vite start children: the whole group is ended at once
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data))
  return { child, log: () => log }
}

export async function build(name, args, env = {}) {
  const { child, log } = command(name, args, env)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${name}: ${args.join(' ')} ended with ${code}:\n${log()}`)
  return log()
}

export async function serve(name, args, url, env = {}) {
  const { child, log } = command(name, args, env)
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    process.kill(-child.pid, 'SIGKILL')
    await once(child, 'exit')
  }
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${log()}`)
    if ((await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => null))?.ok) return { url, log, stop }
    await new Promise((done) => setTimeout(done, 100))
  }
  await stop()
  throw new Error(`${name} is not ready:\n${log()}`)
}
