#!/usr/bin/env node
// livekit_table.mjs — the table of clients and behaviours in docs/LIVEKIT.md, made of what the tests noted (tests/e2e/lib/matrix.mjs).
//   node tools/livekit_table.mjs          takes the latest run's results into docs/conformance.json, writes the table
//   node tools/livekit_table.mjs --check  says whether the table is that of docs/conformance.json (lint)
//   node tools/livekit_table.mjs --judge  says whether docs/conformance.json is what the latest run says (e2e)
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const NOTED = at('.cache/matrix/')
const RESULTS = at('docs/conformance.json')
const PAGE = at('docs/LIVEKIT.md')
const BEGIN = '<!-- clients: written by tools/livekit_table.mjs -->'
const END = '<!-- end of clients -->'

// Of the latest run: one line per behaviour, what each client made of it.
function latest() {
  const files = existsSync(NOTED) ? readdirSync(NOTED).filter((name) => name.endsWith('.json')).sort() : []
  const rows = files.flatMap((name) => JSON.parse(readFileSync(NOTED + name, 'utf8')))
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`
}

function tableOf(results) {
  const rows = JSON.parse(results)
  const clients = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))]
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [
    line(['', ...clients]),
    line(['', ...clients].map(() => '---')),
    ...rows.map(({ behaviour, cells }) => line([behaviour, ...clients.map((client) => cells[client] ?? '')])),
  ].join('\n')
}

function pageWith(results) {
  const page = readFileSync(PAGE, 'utf8')
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new Error(`docs/LIVEKIT.md has no place for the table: ${BEGIN} … ${END}`)
  return `${before}${BEGIN}\n${tableOf(results)}\n${END}${after}`
}

const how = process.argv[2]
const say = (fine, otherwise) => {
  if (!fine) console.log(otherwise)
  console.log(`${fine ? 1 : 0} passed, ${fine ? 0 : 1} failed`)
  process.exitCode = fine ? 0 : 1
}
if (how === '--check')
  say(readFileSync(PAGE, 'utf8') === pageWith(readFileSync(RESULTS, 'utf8')), 'docs/LIVEKIT.md is not what docs/conformance.json says: node tools/livekit_table.mjs')
else if (how === '--judge')
  say(readFileSync(RESULTS, 'utf8') === latest(), 'docs/conformance.json is not what this run says: node tools/livekit_table.mjs shows the difference')
else {
  writeFileSync(RESULTS, latest())
  writeFileSync(PAGE, pageWith(latest()))
}
