// failures.mjs — a reporter for node's test runner that only says what failed, each as `failed: file: suite › test`.
import { basename } from 'node:path'

/** The line for this event, or null; remembers in `path` within which tests the run is. */
export function failureOf({ type, data }, path) {
  if (type === 'test:start') path.splice(data.nesting, Infinity, data.name)
  // What failed only because a test inside it did adds nothing.
  if (type !== 'test:fail' || data.details.error?.failureType === 'subtestsFailed') return null
  const names = [...path.slice(0, data.nesting), data.name].map((name) => name.replaceAll(/\s+/g, ' '))
  const where = data.file === undefined || data.file === data.name ? [] : [`${basename(data.file)}: `]
  return `failed: ${where.join('')}${names.join(' › ')}`
}

export default async function* failures(events) {
  const path = []
  for await (const event of events) {
    const line = failureOf(event, path)
    if (line !== null) yield `${line}\n`
  }
}
