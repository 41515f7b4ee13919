#!/usr/bin/env node
// livekit_table.mjs — the tables of clients and of server packages in docs/LIVEKIT.md, made of what the tests noted
// (tests/e2e/lib/matrix.mjs).
//   node tools/livekit_table.mjs               takes what was noted into docs/conformance.json, writes the tables
//   node tools/livekit_table.mjs --check       says whether the tables are those of docs/conformance.json (lint)
//   node tools/livekit_table.mjs --judge FILE… says whether docs/conformance.json is what the latest run of these test files says
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const NOTED = at('.cache/matrix/')
const RESULTS = at('docs/conformance.json')
const PAGE = at('docs/LIVEKIT.md')
const TABLES = { clients: ['compat'], packages: ['server-sdk', 'egress', 'webhooks', 'agents'] } // by test file
const FILES = Object.values(TABLES).flat()

const kept = JSON.parse(readFileSync(RESULTS, 'utf8'))
const fileOf = (row) => row.from ?? 'compat'
const keptOf = (file) => kept.filter((row) => fileOf(row) === file)
// Of the latest run of one test file: a row for each behaviour, and what each column made of it. What the machine could not
// install (`left out`) stays as it was.
function notedOf(file) {
  const path = `${NOTED}${file}.json`
  if (!existsSync(path)) return undefined
  const wasOf = (behaviour, column) => keptOf(file).find((row) => row.behaviour === behaviour)?.cells[column]
  const cellsOf = ({ behaviour, cells }) =>
    Object.fromEntries(Object.entries(cells).map(([column, result]) => [column, result === 'left out' ? wasOf(behaviour, column) : result]))
  return JSON.parse(readFileSync(path, 'utf8')).map((row) => ({ behaviour: row.behaviour, cells: cellsOf(row), ...(file !== 'compat' && { from: file }) }))
}

// One row for what several files have noted.
function merged(rows) {
  const all = new Map()
  for (const { behaviour, cells } of rows) all.set(behaviour, { ...all.get(behaviour), ...cells })
  return [...all]
}
function tableOf(rows) {
  const columns = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))]
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [
    line(['', ...columns]),
    line(['', ...columns].map(() => '---')),
    ...merged(rows).map(([behaviour, cells]) => line([behaviour, ...columns.map((column) => cells[column] ?? '')])),
  ].join('\n')
}

function pageWith(rows) {
  let page = readFileSync(PAGE, 'utf8')
  for (const [name, files] of Object.entries(TABLES)) {
    const [begin, end] = [`<!-- ${name}: written by tools/livekit_table.mjs -->`, `<!-- end of ${name} -->`]
    const [before, rest] = page.split(begin)
    const after = rest?.split(end)[1]
    if (after === undefined) throw new Error(`docs/LIVEKIT.md has no place for the table: ${begin} … ${end}`)
    page = `${before}${begin}\n${tableOf(rows.filter((row) => files.includes(fileOf(row))))}\n${end}${after}`
  }
  return page
}

const [how, ...judged] = process.argv.slice(2)
const say = (otherwise) => {
  if (otherwise) console.log(otherwise)
  console.log(`${otherwise ? 0 : 1} passed, ${otherwise ? 1 : 0} failed`)
  process.exitCode = otherwise ? 1 : 0
}
if (how === '--check')
  say(readFileSync(PAGE, 'utf8') === pageWith(kept) ? '' : 'docs/LIVEKIT.md is not what docs/conformance.json says: node tools/livekit_table.mjs')
else if (how === '--judge') {
  const same = (file) => JSON.stringify(keptOf(file)) === JSON.stringify(notedOf(file)) && !JSON.stringify(keptOf(file)).includes('"failed"')
  const wrong = judged.filter((file) => !same(file))
  say(wrong.length ? `docs/conformance.json is not what this run of ${wrong.join(', ')} says: node tools/livekit_table.mjs shows the difference` : '')
} else {
  const rows = FILES.flatMap((file) => notedOf(file) ?? keptOf(file))
  writeFileSync(RESULTS, `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`)
  writeFileSync(PAGE, pageWith(rows))
}
