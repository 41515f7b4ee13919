// bench.test.mjs — `offhook bench` measures what it says: data messages arrive over both channels of real callers, and the
// server API answers. No figure is judged here: machines differ.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'

const BINARY = process.env.OFFHOOK_BINARY ?? fileURLToPath(new URL('../../build/offhook', import.meta.url))

test('data channels and the server API are measured', { timeout: 120_000 }, async () => {
  assert.ok(cpus().length >= 2, 'one processor for the server, one for the callers')
  const folder = mkdtempSync(join(tmpdir(), 'offhook-bench-'))
  const file = join(folder, 'figures.json')
  await promisify(execFile)(BINARY, ['bench', '--only', 'data,api', '--rounds', '1', '--seconds', '1', '--json', file])
  const figures = JSON.parse(readFileSync(file, 'utf8'))
  rmSync(folder, { recursive: true })
  for (const key of ['data_reliable_per_core_s', 'data_lossy_per_core_s', 'data_bare_per_core_s', 'data_reliable_of_limit',
    'data_reliable_latency_p50_us', 'http_per_s', 'api_create_per_s', 'api_list_per_s']) assert.ok(figures[key] > 0, `${key}: ${figures[key]}`)
})
