// run.mjs — runs the e2e files (or those named) one after another and prints the closing line that ./test sums up. Two at a time
// are no faster, and LiveKit's native clients come to a stand-still on a machine that is that busy.
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { failureOf } from '../parts/failures.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const wanted = process.argv.slice(2)
const LATE = 'agents.test.mjs' // it waits for an installation that goes on meanwhile
const files = readdirSync(here)
  .filter((name) => name.endsWith('.test.mjs') && (wanted.length ? wanted.some((w) => name.startsWith(w)) : !/^(network|examples)/.test(name)))
  .sort((a, b) => (a === LATE) - (b === LATE))
  .map((name) => here + name)
const JUDGED = ['compat', 'agents'] // files whose results stand in tables of the documentation
if (!wanted.length) for (const file of JUDGED) rmSync(`${here}../../.cache/matrix/${file}.json`, { force: true }) // what an earlier run noted
let passed = 0
let failed = 0
const path = []
const failures = []
const stream = run({ files, concurrency: false, timeout: 600_000 })
stream.on('test:pass', ({ details }) => details.type !== 'suite' && passed++)
stream.on('test:fail', ({ details }) => details.type !== 'suite' && failed++)
for (const type of ['test:start', 'test:fail']) {
  stream.on(type, (data) => {
    const line = failureOf({ type, data }, path)
    if (line !== null) failures.push(line)
  })
}
const report = stream.compose(new spec())
report.pipe(process.stdout)
// The tables in the documentation say what this run says.
function judgeTable() {
  try {
    execFileSync('node', [`${here}../../tools/livekit_table.mjs`, '--judge', ...JUDGED], { encoding: 'utf8' })
    passed++
  } catch (error) {
    failures.push(`failed: ${error.stdout.split('\n')[0]}`)
    failed++
  }
}
report.on('end', () => {
  if (!wanted.length) judgeTable()
  console.log(['', ...failures].join('\n'))
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed || !passed ? 1 : 0
})
