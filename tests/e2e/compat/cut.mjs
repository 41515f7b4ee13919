// cut.mjs — a wire for signalling that can be cut: what comes in at its port goes to the server, until `cut()` severs all of it.
import { connect, createServer } from 'node:net'
import { once } from 'node:events'

export async function startWire(to) {
  const ends = new Set()
  const wire = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    for (const end of [near, far]) {
      ends.add(end)
      end.on('error', () => {})
      end.on('close', () => ends.delete(end))
    }
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(wire, 'listening')
  return {
    ws: `ws://127.0.0.1:${wire.address().port}`,
    // Resolves when somebody has come again.
    cut: async () => {
      const again = once(wire, 'connection')
      for (const end of ends) end.resetAndDestroy()
      await again
    },
    stop: () => {
      for (const end of ends) end.destroy()
      wire.close()
    },
  }
}
