// visitor.mjs — somebody on a web page with the call button: finds it by role and name, listens to what the page plays.
import { EAR, microphoneReleased } from './ear.mjs'
import { eventually, hears } from './wait.mjs'

// Opens `url` as a visitor would. `problems` collects errors of the console, uncaught ones, and requests to
// anybody but `home` (one address or several).
export async function visitor(browser, url, { home = new URL(url).origin, context = {} } = {}) {
  const page = await browser.newPage(context)
  const problems = []
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('request', (request) => {
    if (!['blob:', 'data:'].concat(home).some((start) => request.url().startsWith(start)))
      problems.push(`third-party request ${request.url()}`)
  })
  await page.addInitScript(EAR)
  const failed = []
  page.on('requestfailed', (request) => failed.push(`${request.url()}: ${request.failure()?.errorText}`))
  page.tale = () => `the page complains: ${[...problems, ...failed].slice(-8).map((line) => line.slice(0, 300)).join('\n')}`
  await page.goto(url)
  return { page, problems }
}

// The page shows the call in this state (data-oh-state).
export const showsState = (page, state, options) =>
  eventually(`${state} is shown`, async () => (await page.locator(`[data-oh-state="${state}"]`).count()) > 0, options)

// Two clicks, as a visitor makes them. `start` differs where the button says something else first.
export async function startCall(page, { start = 'Start voice call' } = {}) {
  try {
    await page.getByRole('button', { name: /talk to us/i }).first().click()
    await page.getByRole('button', { name: start }).click()
  } catch (error) {
    error.message += `\n${page.tale?.() ?? ''}\nand is: ${(await page.content()).slice(-1500)}`
    throw error
  }
}

// A whole call: the own voice comes back, End call, the microphone is let go.
export async function talk(page, { hz = 440, ...names } = {}) {
  await startCall(page, names)
  await hears(page, hz)
  await page.getByRole('button', { name: 'End call' }).click()
  await microphoneReleased(page)
}

// The same for a whole visit, in a profile of its own that is gone afterwards. When `work` fails, what the person saw says
// more than what was waited for.
export async function visit(browser, url, work, options) {
  const context = await browser.newContext(options)
  try {
    const { page, problems } = await visitor(context, url, { home: 'http', context: undefined })
    page.on('response', (response) => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`))
    try {
      return await work(page, problems)
    } catch (error) {
      const seen = await page.getByRole('dialog').first().innerText({ timeout: 500 }).catch(() => 'no dialog')
      error.message += `\nthe page shows: ${seen}\n${page.tale()}`
      throw error
    }
  } finally {
    await context.close()
  }
}
