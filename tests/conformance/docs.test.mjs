// docs.test.mjs — what the documentation says of the program is what the program says of itself.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { BINARY } from './lib/server.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path) => readFileSync(join(root, path), 'utf8')

test('OPERATING.md has the configuration table of this binary', () => {
  const table = execFileSync(BINARY, ['help', 'config-table'], { encoding: 'utf8' }).trim()
  assert.ok(read('docs/OPERATING.md').includes(table), 'paste the output of `offhook help config-table`')
})

test('S61 every link between the documents leads somewhere', () => {
  const pages = ['README.md', ...readdirSync(join(root, 'docs'), { recursive: true }).filter((f) => f.endsWith('.md')).map((f) => `docs/${f}`)]
  for (const page of pages)
    for (const [, target] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g))
      assert.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`)
})

test('S82 the maintenance notes and the examples name the versions that are pinned', () => {
  const pinned = JSON.parse(read('web/packages/react/package.json')).peerDependencies ?? {}
  const locked = JSON.parse(read('web/package-lock.json')).packages
  const floor = /`livekit-client` (\d+\.\d+\.\d+) or newer/.exec(read('components/VOICE_CALL_INTEGRATION.md'))?.[1]
  assert.ok(floor, 'the maintenance section names no SDK version')
  assert.ok(pinned['livekit-client'].includes(floor), `${floor} is not the peer dependency ${pinned['livekit-client']}`)
  assert.match(locked['node_modules/livekit-client'].version, /^2\./)
  for (const name of ['next-clerk', 'vite-react'])
    for (const [dependency, version] of Object.entries(JSON.parse(read(`examples/${name}/package.json`)).dependencies))
      assert.match(version, /^(\d+\.\d+\.\d+|file:.*)$/, `${name}: ${dependency} is not pinned`)
})

test('LIVEKIT.md has a row for every signalling message', () => {
  const status = read('docs/LIVEKIT.md')
  const proto = read('proto/signal.proto')
  for (const message of ['SignalRequest', 'SignalResponse']) {
    const body = proto.split(`message ${message} {`)[1].split('\n}')[0]
    for (const [, name] of body.matchAll(/^\s+\w+ (\w+) = \d+;/gm))
      assert.ok(status.includes(`\`${name}\``), `${message}.${name} has no row`)
  }
})
