// turn.test.mjs — the embedded TURN server as its clients meet it: behind a proxy that ends TLS, behind 1:1 NAT, over IPv6, with a
// new certificate; what it relays reaches this server's media and nobody else.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { freePorts } from '../parts/ports.mjs'
import { BINARY, KEY, SECRET, environment, start, until } from './lib/server.mjs'
import { counter } from './lib/probe.mjs'
import { Participant } from './lib/signal.mjs'
import { check, openTurn, overStream, overUdp, read } from './lib/turn.mjs'

const run = promisify(execFile)
const HAS_V6 = Object.values(networkInterfaces()).flat().some(({ address }) => address === '::1')
const PUBLIC = '203.0.113.5' // what clients are told; no machine has it
let folder
before(async () => { folder = await mkdtemp(join(tmpdir(), 'offhook-turn-')) })
after(() => rm(folder, { recursive: true }))

async function startWith(name, config) {
  const file = join(folder, `${name}.yaml`)
  await writeFile(file, config)
  return start({ workers: 1, args: ['--config', file] })
}

// Somebody in a room: credentials for TURN, and where and how the server's media may be asked.
async function visit(server) {
  const p = await Participant.join(server, 'den', 'me')
  const { sdp } = (await p.next('offer')).value
  const of = (what) => new RegExp(`a=${what}:(\\S+)`).exec(sdp)[1]
  const media = [...sdp.matchAll(/a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/gi)].map(([, ip, port]) => ({ ip, port: Number(port) }))
  return { p, iceServers: p.got[0].value.iceServers, ufrag: of('ice-ufrag'), pwd: of('ice-pwd'), media }
}

// The server's own media answer an ICE check through the relay, and as the address that was asked.
async function reaches(turn, me, peer) {
  assert.equal(await turn.permit(peer), 0)
  const asked = check(me)
  let sent = 0
  const answer = () => turn.got.find((one) => one.data && read(one.data).transaction.equals(asked.subarray(8, 20)))
  await until(() => {
    if (!answer() && Date.now() - sent > 1000) turn.say(peer, asked), (sent = Date.now())
    return answer()
  }, 'the check to be answered', 20_000)
  assert.equal(read(answer().data).type, 0x101)
  assert.equal(answer().peer.port, peer.port)
  return answer().peer
}

test('behind 1:1 NAT and a proxy that ends TLS: the advertised address is reached, and no other', async () => {
  const [udp, tls, other] = await freePorts(3)
  const server = await startWith('nat', `
turn: {enabled: true, domain: turn.example, udp_port: ${udp}, tls_port: ${tls}, external_tls: true}
rtc: {node_ip: ["${PUBLIC}"], bind_addresses: ["127.0.0.1"]}
`)
  const stranger = createServer().listen(other, '127.0.0.1')
  try {
    const me = await visit(server)
    assert.deepEqual(me.media.map(({ ip }) => ip), [PUBLIC])
    assert.deepEqual(me.iceServers[0].urls, ['turns:turn.example:443?transport=tcp', `turn:${PUBLIC}:${udp}?transport=udp`])
    const socket = connect(tls, '127.0.0.1')
    for (const way of [overUdp({ ip: '127.0.0.1', port: udp }), overStream(socket)]) {
      const turn = openTurn(way, me.iceServers[0])
      const allocated = await turn.allocate()
      assert.equal(allocated.code, 0)
      assert.equal(allocated.relayed.ip, PUBLIC)
      assert.equal((await reaches(turn, me, me.media[0])).ip, PUBLIC)
      // The bound address, which is that of everything else on this machine, is nobody's peer.
      for (const port of [me.media[0].port, server.port, server.adminPort, other]) {
        assert.equal(await turn.permit({ ip: '127.0.0.1', port }), 403)
        assert.equal(await turn.bind(0x4000, { ip: '127.0.0.1', port }), 403)
        assert.equal(await turn.bind(0x4000, { ip: PUBLIC, port }), port === me.media[0].port ? 0 : 403)
      }
      const before = await counter(server, 'turn_relayed_in')
      turn.say({ ip: PUBLIC, port: server.port }, Buffer.from('to the HTTP door'))
      turn.say({ ip: '127.0.0.1', port: me.media[0].port }, Buffer.from('by the bound address'))
      assert.equal(await turn.permit(me.media[0]), 0) // answered after those: they have been read
      assert.equal(await counter(server, 'turn_relayed_in'), before)
      turn.close()
    }
    const wrong = openTurn(overUdp({ ip: '127.0.0.1', port: udp }), { ...me.iceServers[0], credential: 'guessed' })
    assert.equal((await wrong.allocate()).code, 401)
    wrong.close()
    await me.p.leave()
  } finally {
    stranger.close()
    assert.equal(await server.stop(), 0, server.log)
  }
})

test('over IPv6 and TLS, with a certificate that SIGHUP replaces; doctor sees what is wrong with it', async () => {
  const [udp, tls] = await freePorts(2)
  const host = HAS_V6 ? '::1' : '127.0.0.1'
  const cert = join(folder, 'cert.pem'), key = join(folder, 'key.pem')
  const certify = (name) =>
    run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '20', '-subj', `/CN=${name}`,
      '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert])
  await certify('localhost')
  const server = await startWith('v6', `
turn: {enabled: true, domain: localhost, udp_port: ${udp}, tls_port: ${tls}, cert_file: "${cert}", key_file: "${key}"}
rtc: {bind_addresses: ["${host}", "127.0.0.1"], node_ip: ["${host}"]}
`)
  const handshake = async () => {
    const socket = connectTls({ host, port: tls, rejectUnauthorized: false, servername: 'localhost' })
    await once(socket, 'secureConnect')
    return socket
  }
  const name = async () => {
    const socket = await handshake()
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return CN
  }
  const doctor = async () => {
    const args = ['doctor', '--json', server.url, '--config', join(folder, 'v6.yaml'), '--ca', cert, '--port', '0', '--udp-port', '0', '--tcp-port', '0', '--admin-port', '0']
    const { stdout } = await run(BINARY, args, { env: environment({ LIVEKIT_API_KEY: KEY, LIVEKIT_API_SECRET: SECRET }) }).catch((error) => error)
    const { checks } = JSON.parse(stdout)
    return Object.fromEntries(checks.map(({ id, verdict, seen }) => [id, `${verdict}: ${seen}`]))
  }
  try {
    const me = await visit(server)
    const media = me.media.find(({ ip }) => ip === host)
    for (const way of [overUdp({ ip: host, port: udp }), overStream(await handshake())]) {
      const turn = openTurn(way, me.iceServers[0])
      const allocated = await turn.allocate(HAS_V6 ? 2 : 1)
      assert.equal(allocated.code, 0)
      if (HAS_V6) assert.match(allocated.relayed.ip, /^(0{4}:){7}0001$/)
      await reaches(turn, me, media)
      assert.equal(await turn.permit({ ip: HAS_V6 ? 'fe80::1' : '10.0.0.1', port: media.port }), 403)
      turn.close()
    }
    const well = await doctor()
    assert.match(well['turn-certificate'], /^ok: .*localhost/)
    assert.match(well['turn-reachable'], /^(ok|warn): .*\d+ days/)
    assert.match(well['turn-udp'], /^ok/)

    assert.equal(await name(), 'localhost')
    const kept = await handshake() // connections live through it
    await certify('another.example')
    server.child.kill('SIGHUP')
    await until(async () => (await name()) === 'another.example', 'the new certificate', 20_000)
    const turn = openTurn(overStream(kept), me.iceServers[0])
    assert.equal((await turn.allocate(HAS_V6 ? 2 : 1)).code, 0)
    turn.close()
    const bad = await doctor()
    assert.match(bad['turn-certificate'], /^fail: .*not for localhost but for another\.example/)
    assert.match(bad['turn-reachable'], /^fail: .*not good/)
    await me.p.leave()
  } finally {
    assert.equal(await server.stop(), 0, server.log)
  }
})
