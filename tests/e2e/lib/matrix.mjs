// matrix.mjs — cells of the table in docs/LIVEKIT.md: a test named `CLIENT: BEHAVIOUR` whose result is noted for
// tools/livekit_table.mjs. Nothing else writes `done`.
import { test } from 'node:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NOTED = fileURLToPath(new URL('../../../.cache/matrix/', import.meta.url))
const file = basename(process.argv[1] ?? 'matrix', '.test.mjs')
const rows = new Map() // behaviour -> {client -> result}, in the order of first mention
process.on('exit', () => {
  if (rows.size === 0) return
  mkdirSync(NOTED, { recursive: true })
  writeFileSync(join(NOTED, `${file}.json`), JSON.stringify([...rows].map(([behaviour, cells]) => ({ behaviour, cells })), null, 1))
})

function note(client, behaviour, result) {
  if (!rows.has(behaviour)) rows.set(behaviour, {})
  rows.get(behaviour)[client] = result
}

// `run` proves it. Where `lacking()` says (as words) what the client has not got, the cell is `n.a.` with these words.
export function cell(client, behaviour, run, lacking = () => undefined) {
  note(client, behaviour, 'failed')
  test(`${client}: ${behaviour}`, { timeout: 90_000 }, async (t) => {
    const reason = await lacking()
    if (!reason) await run(t)
    note(client, behaviour, reason ? `n.a.: ${reason}` : 'done')
  })
}
