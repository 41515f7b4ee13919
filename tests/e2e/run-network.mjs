// run-network.mjs — builds a network of namespaces, runs the network-*.test.mjs files (or those named) inside its client, removes the network. Needs root.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { network } from './lib/network.mjs'

const id = String(process.pid)
const net = network(id)
try {
  await net.build()
  const here = fileURLToPath(new URL('.', import.meta.url))
  const child = spawnSync('ip', ['netns', 'exec', net.client, process.execPath, here + 'run.mjs', ...(process.argv.length > 2 ? process.argv.slice(2) : ['network'])], {
    stdio: 'inherit',
    env: { ...process.env, OFFHOOK_NETWORK: id },
  })
  process.exitCode = child.status ?? 1
} finally {
  net.remove()
}
