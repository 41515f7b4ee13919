// stranger.mjs — somebody in a room who speaks LiveKit's signalling and nothing else: no media, and goes in ways that no package offers.
import { once } from 'node:events'
import WebSocket from 'ws'

export async function enterAsStranger(server, room, identity) {
  const socket = new WebSocket(`${server.ws}/rtc?protocol=17&auto_subscribe=1&access_token=${await server.token(room, identity)}`)
  await once(socket, 'message') // the JoinResponse
  return {
    // Reasons are LiveKit's numbers.
    leave: (reason) => socket.send(JSON.stringify({ leave: { reason } })),
    vanish: () => socket.terminate(),
  }
}
