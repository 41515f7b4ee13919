// vitest-failures.mjs — says what failed in vitest's JSON report, each as `failed: file: suite › test`.
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

const [report, folder] = process.argv.slice(2)
const say = (file, what) => console.log(`failed: ${relative(folder, file)}: ${what.replaceAll(/\s+/g, ' ').slice(0, 300)}`)
if (!existsSync(report)) console.log('failed: vitest wrote no report')
else {
  const { success, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  let said = 0
  for (const { name, status, message, assertionResults } of testResults) {
    const failed = assertionResults.filter((test) => test.status !== 'passed')
    for (const { ancestorTitles, title } of failed) say(name, [...ancestorTitles, title].join(' › '))
    if (status === 'failed' && failed.length === 0) say(name, `the file itself: ${message}`)
    said += failed.length + (status === 'failed' ? 1 : 0)
  }
  if (!success && said === 0) console.log('failed: vitest, by an error outside of the tests (it is in the output above)')
}
