import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { cookiesOf, startBetterAuth } from '../better-auth.ts'
import { script } from '../bundles.ts'
import { busy, type Feed, feed, request, times } from '../load.ts'
import { emailOf, freeHash, hashAt, PASSWORD, range, refreshTokens, seed } from '../people.ts'
import { comparison, type Section } from '../report.ts'
import { type Entrant, measure, measureAfresh, median, ratio } from '../rounds.ts'
import { type Server, startFlask, startLatchkey } from '../server.ts'
import { FEW, type Pace } from './pace.ts'

const PEOPLE = 300

/** As Cloudflare names the caller, and `wrangler dev` whoever is on the same machine. */
const THIS_MACHINE = { 'CF-Connecting-IP': '127.0.0.1' }

const loginsAt = (path: string, people = range(PEOPLE)): string[] =>
  people.map((person) => request('POST', path, THIS_MACHINE, { email: emailOf(person), password: PASSWORD }))

/** Requests for Latchkey's login, and one from each person beforehand: the first one of each makes a doorkeeper. */
export async function logins(server: Server, people: number[], folder: string): Promise<Feed> {
  const sent = feed(loginsAt('/user/login', people), folder)
  await times(server.port, sent, people.length, FEW)
  return sent
}

/** Everything about a login but the hash, which is replaced by a comparison of text in both. */
export async function login(pace: Pace): Promise<Section[]> {
  const people = { people: PEOPLE, hash: freeHash }
  const start = async (servers: Server[]): Promise<Entrant[]> => {
    const latchkey = await startLatchkey('Latchkey', script('Latchkey, free hash'), { BCRYPT_COST: '10' })
    servers.push(latchkey)
    await seed(latchkey.db, people.people, people.hash)
    const betterAuth = await startBetterAuth('better-auth', script('better-auth, free hash'), people, {})
    servers.push(betterAuth)
    const ours = await logins(latchkey, range(PEOPLE), pace.folder)
    const theirs = feed(loginsAt('/api/auth/sign-in/email'), pace.folder)
    return [
      { server: latchkey, shoot: () => busy(latchkey.port, ours, pace.seconds, FEW) },
      { server: betterAuth, shoot: () => busy(betterAuth.port, theirs, pace.seconds, FEW) },
    ]
  }
  const measured = await measureAfresh(start, pace.rounds)
  const value = ratio(measured[0]!.cpuMs, measured[1]!.cpuMs).median
  return [
    {
      title: 'Login without the hash',
      note:
        'Both are bundled with `bench/contenders/free-bcrypt.ts` in place of bcryptjs, so that the hash does not hide the rest. ' +
        `${PEOPLE} people sign in in turn, and the doorkeeper of each already exists. Neither includes rate limits: better-auth's are ` +
        'turned off, and the two that Latchkey has beside the doorkeeper, per network and per location, exempt this machine. ' +
        'Local workerd keeps such limits in an object with its own database, which is not how Cloudflare runs them.',
      table: comparison(measured, measured[0]!),
      targets: [{ what: 'login without the hash, CPU of better-auth', value, most: 0.7 }],
    },
  ]
}

/** A login as it is. Counted requests, all answered: there are too few in a second to cut it off. */
export async function hash(pace: Pace): Promise<Section[]> {
  const sections: Section[] = []
  const rest = await cpuWithoutHash(pace)
  for (const [cost, count] of [
    [10, 10],
    [12, 4],
  ] as const) {
    const vars = { BCRYPT_COST: String(cost) }
    const people = { people: PEOPLE, hash: await hashAt(cost) }
    const latchkey = await startLatchkey('Latchkey', script('Latchkey'), vars)
    await seed(latchkey.db, PEOPLE, people.hash)
    const betterAuth = await startBetterAuth('better-auth', script('better-auth'), people, vars)
    const flask = await startFlask(flaskDatabase(pace.folder, people.hash)).catch(() => undefined)
    const servers = [latchkey, betterAuth, ...(flask ? [flask] : [])]
    try {
      const entrants = servers.map((server): Entrant => {
        const path = server === betterAuth ? '/api/auth/sign-in/email' : '/user/login'
        const sent = feed(loginsAt(path), pace.folder)
        return { server, shoot: () => times(server.port, sent, count, 2) }
      })
      const measured = await measure(entrants, Math.min(pace.rounds, 5))
      const share = 1 - rest / median(measured[0]!.cpuMs)
      sections.push({
        title: `Login with the hash, bcrypt cost ${cost}`,
        note:
          `${(share * 100).toFixed(1)} % of Latchkey's CPU is the hash. Flask's bcrypt is native code; a Worker's is ` +
          'JavaScript (bcryptjs, the same in better-auth here).',
        table: comparison(measured, measured[0]!),
        targets: cost === 12 ? [{ what: 'share of the hash at cost 12', value: share, least: 0.97 }] : [],
      })
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return sections
}

/** Milliseconds of CPU that a login takes beside its hash. */
async function cpuWithoutHash({ folder }: Pace): Promise<number> {
  const latchkey = await startLatchkey('Latchkey', script('Latchkey, free hash'), { BCRYPT_COST: '10' })
  try {
    await seed(latchkey.db, PEOPLE, freeHash)
    const sent = await logins(latchkey, range(PEOPLE), folder)
    const shoot = () => times(latchkey.port, sent, PEOPLE, 2)
    return median((await measure([{ server: latchkey, shoot }], 3))[0]!.cpuMs)
  } finally {
    await latchkey.stop()
  }
}

/** Renewing a session: Latchkey rotates a refresh token; better-auth prolongs the session behind a cookie. */
export async function refresh(pace: Pace): Promise<Section[]> {
  const latchkey = await startLatchkey('Latchkey', script('Latchkey'))
  const ours = await refreshes(range(1_000), pace.folder)
  await seed(latchkey.db, 1_000, freeHash)
  const people = { people: 100, hash: freeHash }
  const vars = { UPDATE_AGE: '0' }
  const betterAuth = await startBetterAuth('better-auth', script('better-auth, free hash'), people, vars)
  try {
    const cookies: string[] = []
    for (const person of range(people.people)) cookies.push(await cookiesOf(betterAuth, person))
    const theirs = feed(
      cookies.map((Cookie) => request('GET', '/api/auth/get-session', { Cookie })),
      pace.folder,
    )
    const measured = await measure(
      [
        { server: latchkey, shoot: () => busy(latchkey.port, ours, pace.seconds, FEW) },
        { server: betterAuth, shoot: () => busy(betterAuth.port, theirs, pace.seconds, FEW) },
      ],
      pace.rounds,
    )
    return [
      {
        title: 'Refresh',
        note: 'Every refresh token is used once, so each answer rotates. better-auth has `updateAge: 0`, so each request writes.',
        table: comparison(measured, measured[0]!),
        targets: [],
      },
    ]
  } finally {
    await latchkey.stop()
    await betterAuth.stop()
  }
}

/** More requests to refresh than a run can send. */
export async function refreshes(people: number[], folder: string): Promise<Feed> {
  const tokens = await refreshTokens(people, 100_000)
  return feed(
    tokens.map((refresh_token) => request('POST', '/user/refresh', THIS_MACHINE, { refresh_token })),
    folder,
  )
}

function flaskDatabase(folder: string, hashed: string): string {
  const path = join(folder, `${crypto.randomUUID()}.db`)
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, hashed_password TEXT)')
  const insert = database.prepare('INSERT INTO users (email, hashed_password) VALUES (?, ?)')
  for (const person of range(PEOPLE)) insert.run(emailOf(person), hashed)
  database.close()
  return path
}
