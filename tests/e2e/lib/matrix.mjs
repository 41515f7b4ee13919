// matrix.mjs — cells of the tables in docs/LIVEKIT.md: what a test proved is noted for tools/livekit_table.mjs. Nothing
// else writes `done`.
import { test } from 'node:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NOTED = fileURLToPath(new URL('../../../.cache/matrix/', import.meta.url))
const file = basename(process.argv[1] ?? 'matrix', '.test.mjs')
const rows = new Map() // behaviour -> {column -> result}, in the order of first mention
const results = new Map() // title of a test of a package -> whether it passed
const methods = [] // of the clients that are watched: {inColumn, behaviour, tests, answered}
process.on('exit', () => {
  const used = methods.map(({ inColumn, behaviour, tests, answered }) => {
    const passed = tests.size > 0 && [...tests].every((title) => results.get(title))
    return { behaviour, cells: { [inColumn]: !passed ? 'failed' : answered ? 'done' : 'refused: unimplemented' } }
  })
  if (rows.size === 0) return
  mkdirSync(NOTED, { recursive: true })
  writeFileSync(join(NOTED, `${file}.json`), JSON.stringify([...used, ...[...rows].map(([behaviour, cells]) => ({ behaviour, cells }))], null, 1))
})

function note(column, behaviour, result) {
  if (!rows.has(behaviour)) rows.set(behaviour, {})
  rows.get(behaviour)[column] = result
}

// The table of clients: a test named `CLIENT: BEHAVIOUR`. `run` proves it. Where `lacking()` says (as words) what the client
// has not got, the cell is `n.a.` with these words.
export function cell(client, behaviour, run, lacking = () => undefined) {
  note(client, behaviour, 'failed')
  test(`${client}: ${behaviour}`, { timeout: 90_000 }, async (t) => {
    const reason = await lacking()
    if (!reason) await run(t)
    note(client, behaviour, reason ? `n.a.: ${reason}` : 'done')
  })
}

// The table of packages. A column is `NAME VERSION`, the version that is pinned in the package.json at `pins`.
export function column(name, pins, from = name) {
  return `${name} ${JSON.parse(readFileSync(pins, 'utf8')).dependencies[from]}`
}

let current // the test that runs: those of one file run one after another
const rowOf = (title, about) => about + title.replace(/^([SP]\d+:? )+/, '')
// Like `test`; its title without the numbers of features is a row, after what it is `about`. `by` tells tests of one row apart.
export const provesWith = (inColumn, about = '', by = '') => (row, ...rest) => {
  const title = row + by
  const behaviour = rowOf(row, about)
  const [run, options] = [rest.pop(), rest.pop() ?? {}]
  note(inColumn, behaviour, 'failed')
  test(title, options, async (t) => {
    current = title
    results.set(title, false)
    await run(t)
    results.set(title, true)
    note(inColumn, behaviour, 'done')
  })
}

// In place of provesWith for a package that cannot be installed on this machine: no test, and the table keeps what it says.
export const leaveOut = (inColumn, about = '') => (row) => note(inColumn, rowOf(row, about), 'left out')

// A client of a package whose every method is a row: done where it was answered and all tests that used it passed.
export function watched(inColumn, client) {
  const name = client.constructor.name
  const made = Object.getPrototypeOf(client)
  for (const method of Object.getOwnPropertyNames(made)) {
    if (made[method].constructor.name !== 'AsyncFunction') continue
    const behaviour = `${name}.${method}`
    if (methods.some((one) => one.behaviour === behaviour)) continue
    methods.push({ inColumn, behaviour, tests: new Set(), answered: false })
  }
  return new Proxy(client, {
    get(target, method) {
      const row = methods.find((one) => one.behaviour === `${name}.${String(method)}`)
      if (!row) return target[method]
      return async (...args) => {
        if (current) row.tests.add(current)
        try {
          const answer = await target[method](...args)
          row.answered = true
          return answer
        } catch (error) {
          if (error.code !== 'unimplemented') row.answered = true // refused for what was asked, not for what it is
          throw error
        }
      }
    },
  })
}
