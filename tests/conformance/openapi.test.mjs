// openapi.test.mjs — /openapi.json describes what the binary really answers: each operation is asked and its answer
// checked against the schema given there.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { start } from './lib/server.mjs'

let server, api
before(async () => {
  server = await start()
  api = await (await server.get('/openapi.json')).json()
})
after(async () => assert.equal(await server.stop(), 0, server.log))

const resolve = (schema) => (schema.$ref ? api.components.schemas[schema.$ref.split('/').pop()] : schema)
const kindOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value)

// The part of JSON Schema that the description uses; anything else in it is an error, so that nothing goes unchecked.
function mismatch(value, given, at = '$') {
  const schema = resolve(given)
  for (const key of Object.keys(schema))
    if (!['type', 'required', 'properties', 'items', 'enum', 'const', 'description', 'format'].includes(key)) return `${at}: the checker does not know ${key}`
  const types = [schema.type ?? []].flat()
  if (types.length && !types.includes(kindOf(value)) && !(types.includes('number') && kindOf(value) === 'integer')) return `${at}: ${kindOf(value)} is not ${types}`
  if (schema.enum && !schema.enum.includes(value)) return `${at}: ${value} is none of ${schema.enum}`
  if ('const' in schema && schema.const !== value) return `${at}: ${value} is not ${schema.const}`
  if (schema.format === 'date-time' && Number.isNaN(Date.parse(value))) return `${at}: ${value} is no time`
  for (const name of schema.required ?? []) if (!(name in value)) return `${at}.${name} is missing`
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const wrong = value !== null && typeof value === 'object' && name in value ? mismatch(value[name], inner, `${at}.${name}`) : null
    if (wrong) return wrong
  }
  if (schema.items)
    for (const [index, item] of value.entries()) {
      const wrong = mismatch(item, schema.items, `${at}[${index}]`)
      if (wrong) return wrong
    }
  return null
}

async function check(operation, answer) {
  const described = operation.responses[answer.status] ?? operation.responses.default
  assert.ok(described, `${answer.status} is not described`)
  const type = answer.headers.get('content-type')
  assert.ok(described.content[type], `${type} is not described`)
  const value = type.includes('json') ? await answer.json() : await answer.text()
  assert.equal(mismatch(value, described.content[type].schema), null)
}

test('the checker finds what does not fit', () => {
  const schema = { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, b: { type: 'array', items: { enum: ['x'] } } } }
  assert.equal(mismatch({ a: 1, b: ['x'] }, schema), null)
  for (const bad of [{}, { a: '1' }, { a: 1.5 }, { a: 1, b: ['y'] }, { a: 1, b: 'x' }, null, []]) assert.ok(mismatch(bad, schema), JSON.stringify(bad))
  assert.match(mismatch(1, { minimum: 2 }), /does not know/)
})

test('it is OpenAPI 3.1 of this version, for pages of any origin', async () => {
  const answer = await server.get('/openapi.json')
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  assert.match(api.openapi, /^3\.1\./)
  assert.equal(api.info.version, (await (await server.get('/version')).json()).version)
  const ids = Object.values(api.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
  assert.equal(new Set(ids).size, ids.length)
})

test('every operation answers as described, well and badly asked', async () => {
  const bodies = { '/api/voice/events': JSON.stringify({ events: [{ name: 'open' }] }) }
  for (const [path, operations] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const at = path.replace('{site}', 'default')
      const good = method === 'post' ? await server.post(at, bodies[path] ?? '{}') : await server.get(at)
      assert.ok(good.ok, `${method} ${path}: ${good.status}`)
      await check(operation, good)
      if (!operation.responses.default) continue
      const bad =
        method === 'post' ? await server.post(at, '[') :
        path.includes('{site}') ? await server.get(path.replace('{site}', 'nobody')) : await server.get(`${at}?site=nobody`)
      await check(operation, bad)
      if (!path.includes('diagnostics')) assert.ok(!bad.ok, `${method} ${path} took nonsense`)
    }
})
