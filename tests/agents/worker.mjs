// worker.mjs — a stock @livekit/agents worker: it answers a call with a tone, transcribes, asks the visitor for the time and
// adds numbers for them. Nothing of it knows that the server is ours.
import { fileURLToPath } from 'node:url'
import { ServerOptions, cli, defineAgent } from '@livekit/agents'
import { AudioFrame, AudioSource, LocalAudioTrack, TrackPublishOptions, TrackSource } from '@livekit/rtc-node'

const RATE = 48000
const HZ = Number(process.env.TONE_HZ ?? 660)

function openTone() {
  const source = new AudioSource(RATE, 1)
  let at = 0
  const timer = setInterval(() => {
    const frame = AudioFrame.create(RATE, 1, RATE / 50)
    for (let i = 0; i < frame.data.length; i++) frame.data[i] = 12000 * Math.sin((2 * Math.PI * HZ * at++) / RATE)
    void source.captureFrame(frame).catch(() => clearInterval(timer))
  }, 20)
  return source
}

export default defineAgent({
  entry: async (job) => {
    await job.connect()
    const me = job.room.localParticipant
    me.registerRpcMethod('add', async ({ payload }) => String(payload.split('+').map(Number).reduce((a, b) => a + b)))
    const track = LocalAudioTrack.createAudioTrack('voice', openTone())
    await me.publishTrack(track, new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE }))
    const visitor = await job.waitForParticipant()
    await me.sendText('good day', { topic: 'lk.transcription' })
    const answer = await me.performRpc({ destinationIdentity: visitor.identity, method: 'name', payload: job.job.metadata }).catch((error) => `failed: ${error.message}`)
    await me.setAttributes({ 'lk.agent.state': 'listening', 'test.answer': answer, 'test.pid': String(process.ppid) })
  },
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  cli.runApp(new ServerOptions({
    agent: fileURLToPath(import.meta.url), agentName: process.env.AGENT_NAME ?? '', numIdleProcesses: 1,
    // A test machine is always busy; the default would then take no job.
    loadFunc: async () => 0,
    port: Number(process.env.HEALTH_PORT ?? 0), host: '127.0.0.1',
  }))
}
