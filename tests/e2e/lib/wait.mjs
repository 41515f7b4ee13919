// wait.mjs — polls until something holds; the deadline is generous because it only bounds a failure.
export async function eventually(what, probe, { timeout = 40_000, every = 100 } = {}) {
  const end = Date.now() + timeout
  let last
  for (;;) {
    last = await probe()
    if (last === true || last?.ok) return last
    if (Date.now() > end) throw new Error(`never happened: ${what}; last seen: ${JSON.stringify(last)}`)
    await new Promise((done) => setTimeout(done, every))
  }
}

// Waits until the page hears `hz` (± 12 Hz, the analyser's bins are 3 Hz wide but Opus and clocks wobble).
export const hears = (page, hz, options) =>
  eventually(`${hz} Hz heard`, async () => {
    const heard = await page.evaluate(() => window.hear())
    return { ok: Math.abs(heard.hz - hz) < 12 && heard.rms > 0.02, ...heard }
  }, options)

export const hearsNothing = (page, options) =>
  eventually('silence', async () => {
    const heard = await page.evaluate(() => window.hear())
    return { ok: heard.rms < 0.003, ...heard }
  }, options)
