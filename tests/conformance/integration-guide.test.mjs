// integration-guide.test.mjs — components/VOICE_CALL_INTEGRATION.md says what the code says: states, codes, props, links.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path) => readFileSync(root + path, 'utf8')
const guide = read('components/VOICE_CALL_INTEGRATION.md')
const listOf = (source, name) => [...new RegExp(`${name} = \\[([^\\]]*)\\]`).exec(source)[1].matchAll(/'([\w-]+)'/g)].map(([, one]) => one)

test('S15 the state diagram has exactly the states of the call machine', () => {
  const diagram = /stateDiagram-v2\n([\s\S]*?)```/.exec(guide)[1]
  const drawn = new Set([...diagram.matchAll(/^ +(\S+) --> ([\w-]+)/gm)].flatMap(([, from, to]) => [from, to]))
  drawn.delete('[*]')
  assert.deepEqual([...drawn].sort(), listOf(read('web/packages/core/src/machine.ts'), 'CALL_STATES').sort())
})

test('S15 S86 every error code has a row with a remedy, and no row is of a code that is gone', () => {
  const rows = [...guide.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \|$/gm)]
  assert.deepEqual(rows.map(([, code]) => code), listOf(read('web/packages/core/src/errors.ts'), 'ERROR_CODES'))
  for (const [, code, means, remedy] of rows) assert.ok(means.trim() && remedy.trim(), code)
})

test('S15 every prop of the button and every event of the element is named', () => {
  const props = read('web/packages/react/src/props.ts')
  const named = (body) => [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name)
  const part = (name) => props.split(`export interface ${name}`)[1].split('\n}')[0]
  for (const prop of [...named(part('CallOptionsProps')), ...named(part('FloatingCallButtonProps'))])
    assert.ok(guide.includes(`\`${prop}\``), `the prop ${prop}`)
  for (const [, event] of read('web/packages/element/src/news.ts').matchAll(/'(oh-[a-z-]+)'/g))
    assert.match(guide, new RegExp(`\\b${event}\\b`), event)
})

test('S15 the flow has the six steps', () => {
  const flow = guide.split('## Connection flow')[1].split('```')[1]
  assert.deepEqual([...flow.matchAll(/^ {4}│ (\d)/gm)].map(([, step]) => step), ['1', '2', '3', '4', '5', '6'])
})

test('S83 the documentation links of the request are there', () => {
  for (const link of ['https://docs.livekit.io', 'https://docs.livekit.io/reference/components/react/', 'https://github.com/livekit/components-js'])
    assert.ok(guide.includes(`(${link})`), link)
})

test('S87 the changelog has v1.0.0, as the packages are numbered', () => {
  assert.match(read('CHANGELOG.md'), /^## v1\.0\.0$/m)
  for (const name of ['core', 'react', 'element']) assert.equal(JSON.parse(read(`web/packages/${name}/package.json`)).version, '1.0.0')
})

test('S88 the deployment checklist names only keys and commands that exist', () => {
  const checklist = read('components/USAGE_EXAMPLE.md').split('## Deployment checklist')[1]
  const operating = read('docs/OPERATING.md')
  const keys = [...checklist.matchAll(/`((?:voice|rtc|tls|limit)\.[\w.]+|trusted_proxies|public_url|drain_timeout)(?:: \w+)?`/g)].map(([, key]) => key)
  assert.ok(keys.length > 10)
  for (const key of keys) assert.ok(operating.includes(`\`${key}\``), key)
})

test('S82 the maintenance chapter is true: SDK, parts of the tests, commands', () => {
  const chapter = guide.split('## Maintenance')[1].split('\n## ')[0]
  const [, oldest] = /`livekit-client` ([\d.]+) or newer/.exec(chapter)
  assert.equal(JSON.parse(read('web/packages/react/package.json')).peerDependencies['livekit-client'], `^${oldest}`)
  for (const [, parts] of chapter.matchAll(/`\.\/test ([a-z0-9 ]+)`/g))
    for (const part of parts.split(' ')) assert.ok(existsSync(`${root}tests/parts/${part}`), part)
  for (const [, script] of chapter.matchAll(/`npm run (\w+)`/g)) assert.ok(JSON.parse(read('web/package.json')).scripts[script], script)
  assert.ok(existsSync(`${root}bench`))
  // Pinned, so that an update is a decision.
  for (const name of ['next-clerk', 'vite-react'])
    for (const [dependency, version] of Object.entries(JSON.parse(read(`examples/${name}/package.json`)).dependencies))
      assert.match(version, /^(\d+\.\d+\.\d+|file:.*)$/, dependency)
})
