// pages.mjs — serves the test page with an unmodified livekit-client from npm.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const FILES = {
  '/': [here('../page/client.html'), 'text/html'],
  '/ear.js': [here('../page/ear.js'), 'text/javascript'],
  '/client.js': [here('../page/client.js'), 'text/javascript'],
  '/livekit-client.js': [here('../node_modules/livekit-client/dist/livekit-client.umd.js'), 'text/javascript'],
  '/puppet.html': [here('../page/puppet.html'), 'text/html'],
  '/puppet.js': [here('../page/puppet.js'), 'text/javascript'],
  '/oldest/puppet.html': [here('../page/puppet.html'), 'text/html'],
  '/oldest/livekit-client.js': [here('../node_modules/livekit-client-oldest/dist/livekit-client.umd.js'), 'text/javascript'],
}

export async function startPages(host = '127.0.0.1') {
  const server = createServer(async (request, response) => {
    const file = FILES[request.url.split('?')[0]]
    if (!file) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': file[1] }).end(await readFile(file[0]))
  }).listen(0, host)
  await once(server, 'listening')
  return { url: `http://${host}:${server.address().port}/`, stop: () => server.close() }
}
