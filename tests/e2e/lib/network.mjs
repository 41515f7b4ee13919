// network.mjs — a small network of our own in namespaces: client ── router (NAT) ── server. Needs root. Everything made here
// is named with this process's pid and removed again.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

export const SERVER_IP = '10.77.0.1'

// The handle on a network that runs already; `id` is what names its namespaces.
export function network(id) {
  const [client, router, server] = ['c', 'r', 's'].map((letter) => `oh-${letter}-${id}`)
  const within = (namespace, ...command) => run('ip', 'netns', 'exec', namespace, ...command)
  const nft = (rules) => {
    const child = spawn('ip', ['netns', 'exec', router, 'nft', '-f', '-'], { stdio: ['pipe', 'inherit', 'inherit'] })
    child.stdin.end(rules)
    return new Promise((done, failed) =>
      child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`nft: ${code}`)))),
    )
  }
  // The NAT hides the client behind 10.77.0.2 and takes its ports from `range`.
  const nat = (range) =>
    nft(`table ip nat
delete table ip nat
table ip nat {
  chain post {
    type nat hook postrouting priority 100;
    oifname "wan0" ip protocol { tcp, udp } masquerade to :${range}
  }
}
`)
  return {
    client,
    server,
    // Everything the filter table does: `rules` are lines of an nft forward chain.
    filter: (rules) =>
      nft(`table ip fault
delete table ip fault
table ip fault {
  chain forward {
    type filter hook forward priority 0;
    ${rules.join('\n    ')}
  }
}
`),
    nat,
    // The router forgets all connections and hands out other ports from now on, as a rebooted home router does.
    rebind: async (range) => {
      await nat(range)
      within(router, 'conntrack', '-D', '-p', 'udp')
    },
    // The way to the server takes `ms` longer until the returned function is called.
    delay: async (ms) => {
      const script = fileURLToPath(new URL('delay.py', import.meta.url))
      const child = spawn('ip', ['netns', 'exec', router, 'python3', script, String(ms)], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit')
      const said = await Promise.race([once(child.stdout, 'data'), ended])
      if (String(said[0]).trim() !== 'ready') throw new Error(`delay.py ended with ${said[0]}`)
      const undo = async () => {
        await nft('table ip line\ndelete table ip line\n')
        child.kill() // its device and the route go with it
        await ended
        if (within(router, 'ip', 'rule').includes('lookup 100')) within(router, 'ip', 'rule', 'del', 'iif', 'lan0', 'lookup', '100')
      }
      try {
        // A packet passes the router twice; only the second time may decide on its translation.
        await nft(`table ip line {
  chain first {
    type filter hook prerouting priority raw;
    iifname "lan0" notrack
  }
}
`)
        within(router, 'ip', 'route', 'add', 'default', 'dev', 'delay0', 'table', '100')
        within(router, 'ip', 'rule', 'add', 'iif', 'lan0', 'lookup', '100')
        return undo
      } catch (error) {
        await undo()
        throw error
      }
    },
    within,
    build: () => {
      for (const namespace of [client, router, server]) {
        run('ip', 'netns', 'add', namespace)
        within(namespace, 'ip', 'link', 'set', 'lo', 'up')
      }
      const link = (left, leftIp, right, rightName, rightIp) => {
        run('ip', 'link', 'add', 'up0', 'netns', left, 'type', 'veth', 'peer', 'name', rightName, 'netns', right)
        within(left, 'ip', 'addr', 'add', leftIp, 'dev', 'up0')
        within(right, 'ip', 'addr', 'add', rightIp, 'dev', rightName)
        within(left, 'ip', 'link', 'set', 'up0', 'up')
        within(right, 'ip', 'link', 'set', rightName, 'up')
      }
      link(server, `${SERVER_IP}/24`, router, 'wan0', '10.77.0.2/24')
      link(client, '10.77.1.1/24', router, 'lan0', '10.77.1.2/24')
      within(client, 'ip', 'route', 'add', 'default', 'via', '10.77.1.2')
      within(router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
      return nat('10000-20000')
    },
    // Also of what is half built, so that the first error is the one that is seen.
    remove: () => {
      const there = run('ip', 'netns', 'list').split(/\s/)
      for (const namespace of [client, router, server]) if (there.includes(namespace)) run('ip', 'netns', 'del', namespace)
    },
  }
}
