import { script } from '../bundles.ts'
import { busy, feed, request, times } from '../load.ts'
import { accessTokens, freeHash, seed, seedRevocations, spread } from '../people.ts'
import { comparison, type Section, type Target } from '../report.ts'
import { type Entrant, measure, type Measured, ratio } from '../rounds.ts'
import { startLatchkey, type WorkerServer } from '../server.ts'
import { logins, refreshes } from './login.ts'
import { FEW, MANY, type Pace } from './pace.ts'

const AGREED = 1.15

/** The same work with ever more people in the database: a query that misses its index shows here. */
export async function growth(pace: Pace): Promise<Section[]> {
  const servers: WorkerServer[] = []
  try {
    for (const size of pace.sizes) {
      const name = `${size.toLocaleString('en')} people`
      const server = await startLatchkey(name, script('Latchkey, free hash'), { BCRYPT_COST: '10' })
      servers.push(server)
      await seed(server.db, size, freeHash)
    }
    const run = async (what: string, enter: (server: WorkerServer, size: number) => Promise<Entrant>) => {
      const entrants: Entrant[] = []
      for (const [i, server] of servers.entries()) entrants.push(await enter(server, pace.sizes[i]!))
      return section(`Growth: ${what}`, what, await measure(entrants, pace.rounds))
    }
    return [
      await run('login', async (server, size) => {
        const sent = await logins(server, spread(Math.min(size, 300), size), pace.folder)
        return { server, shoot: () => busy(server.port, sent, pace.seconds, FEW) }
      }),
      await run('refresh', async (server, size) => {
        const sent = await refreshes(spread(1_000, size), pace.folder)
        return { server, shoot: () => busy(server.port, sent, pace.seconds, FEW) }
      }),
      await run('verify', async (server, size) => {
        const tokens = await accessTokens(spread(1_000, size))
        const requests = tokens.map((token) => request('POST', '/action', { Authorization: `Bearer ${token}` }))
        const sent = feed(requests, pace.folder)
        return { server, shoot: () => busy(server.port, sent, pace.seconds, MANY) }
      }),
    ]
  } finally {
    for (const server of servers) await server.stop()
  }
}

/** The set of revoked sessions, as an isolate holds it. */
export async function revoked(pace: Pace): Promise<Section[]> {
  const [token = ''] = await accessTokens([1])
  const servers: WorkerServer[] = []
  try {
    const entrants: Entrant[] = []
    for (const count of pace.revocations) {
      const server = await startLatchkey(`${count.toLocaleString('en')} revoked`, script('Latchkey'))
      servers.push(server)
      await seedRevocations(server.db, count)
      const sent = feed([request('POST', '/action', { Authorization: `Bearer ${token}` })], pace.folder)
      await times(server.port, sent, 1, 1) // a cold isolate reads the whole set before it answers
      entrants.push({ server, shoot: () => busy(server.port, sent, pace.seconds, MANY) })
    }
    return [section('Revoked sessions', 'revoked sessions, verify', await measure(entrants, pace.rounds))]
  } finally {
    for (const server of servers) await server.stop()
  }
}

function section(title: string, what: string, measured: Measured[]): Section {
  const [small, large] = [measured[0]!, measured.at(-1)!]
  const target: Target = {
    what: `${what}: CPU with ${large.name} over ${small.name}`,
    value: ratio(large.cpuMs, small.cpuMs).median,
    most: AGREED,
  }
  return { title, note: '', table: comparison(measured, large), targets: [target] }
}
