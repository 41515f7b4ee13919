// host-page.mjs — somebody else's website: a page of its own origin that has our button on it.
import { createServer } from 'node:http'
import { once } from 'node:events'

// `answer(path)` → {html, headers} or null. Give the server this origin with `--voice-allowed-origins`.
export async function startWebsite(answer) {
  const server = createServer((request, response) => {
    const found = answer(request.url)
    if (found === null) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...found.headers }).end(found.html)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() }
}

// The website's own icon, so that no browser asks for one. A policy without pictures blocks it.
export const ICON = 'data:,'
export const pageWith = (body, head = '') =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>a shop</title><link rel="icon" href="${ICON}">${head}</head><body><h1>A shop</h1>${body}</body></html>`

export const scriptTag = (home, attributes = '') => `<script async src="${home}/offhook.js" ${attributes}></script>`
