import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { cookiesOf, startBetterAuth } from '../better-auth.ts'
import { script } from '../bundles.ts'
import { busy, feed, request } from '../load.ts'
import { accessTokens, freeHash, range } from '../people.ts'
import { comparison, type Section } from '../report.ts'
import { type Entrant, measureAfresh, median, ratio } from '../rounds.ts'
import { PUBLISHED, type Server, startFlask, startLatchkey, startWorker } from '../server.ts'
import { MANY, type Pace } from './pace.ts'

/** How long is a guarded route with nothing behind it, for the same token again and again? */
export async function verify(pace: Pace): Promise<Section[]> {
  const measured = await measureAfresh((servers) => contenders(servers, pace), pace.rounds)
  const [latchkey, bare, , , cachedKey, cookieCache, noCache, flask] = measured as Required<typeof measured>
  const cpu = (other: typeof bare) => ratio(latchkey!.cpuMs, other!.cpuMs).median
  const beside = (other: typeof bare) => ratio(latchkey!.perSecond, other!.perSecond).median
  const best = median(cookieCache!.cpuMs) < median(noCache!.cpuMs) ? cookieCache : noCache
  return [
    {
      title: 'A guarded route, the same token',
      note:
        'Latchkey checks signature, claims and revocation, and sets its headers. `hono/jwt` checks signature and times. ' +
        'The bare ones check nothing. ' +
        (flask ? 'Flask runs two processes, so it can use both cores.' : 'Flask was left out: it did not start here.'),
      table: comparison(measured, latchkey!),
      targets: [
        { what: 'same token, requests/s of the bare Worker', value: beside(bare), least: 0.7 },
        { what: 'same token, CPU of hono/jwt with a cached key', value: cpu(cachedKey), most: 1.05 },
        { what: "same token, requests/s of better-auth's best", value: beside(best), least: 3 },
      ],
    },
  ]
}

async function contenders(servers: Server[], { folder, seconds }: Pace): Promise<Entrant[]> {
  const [token = ''] = await accessTokens([1])
  const header = { Authorization: `Bearer ${token}` }
  const started = <S extends Server>(server: S): S => {
    servers.push(server)
    return server
  }
  const enter = async (server: Server, headers: Record<string, string>, checks = true): Promise<Entrant> => {
    await checkGuard(server, headers, checks)
    const sent = feed([request('POST', '/action', headers)], folder)
    return { server, shoot: () => busy(server.port, sent, seconds, MANY) }
  }
  const worker = async (name: Parameters<typeof script>[0]) => started(await startWorker(name, script(name)))
  const betterAuth = async (name: string, cache: 'on' | 'off'): Promise<Entrant> => {
    const seed = { people: 1, hash: freeHash }
    const server = started(await startBetterAuth(name, script('better-auth, free hash'), seed, { COOKIE_CACHE: cache }))
    return enter(server, { Cookie: await cookiesOf(server, 1) })
  }
  const database = join(folder, 'flask.db')
  new DatabaseSync(database).close()
  const flask = await startFlask(database).then(started, () => undefined)
  return [
    await enter(started(await startLatchkey('Latchkey', script('Latchkey'))), header),
    await enter(await worker('bare Worker'), header, false),
    await enter(await worker('bare Hono'), header, false),
    await enter(await worker('hono/jwt'), header),
    await enter(await worker('hono/jwt, cached key'), header),
    await betterAuth('better-auth, cookie cache', 'on'),
    await betterAuth('better-auth', 'off'),
    ...(flask ? [await enter(flask, { Authorization: token })] : []),
  ]
}

type Tokens = { all: string[]; kind: string; peer: 'hono/jwt, cached key' | 'jose, cached key'; vars: object }

/** The same with many tokens, as they come from many people, beside the key of hono/jwt that is imported once. */
export async function tokens(pace: Pace): Promise<Section[]> {
  const hs256: Omit<Tokens, 'all'> = { kind: 'tokens', peer: 'hono/jwt, cached key', vars: {} }
  const all = await accessTokens(range(100_000))
  const seen = await inTurn({ ...hs256, all: all.slice(0, 1_000) }, 'each seen before', pace)
  const first = await inTurn({ ...hs256, all }, 'each at first sight', pace)
  seen.targets = [{ what: 'token seen before, CPU of hono/jwt with a cached key', value: seen.cpu, most: 1.05 }]
  first.targets = [{ what: 'token at first sight, CPU of hono/jwt with a cached key', value: first.cpu, most: 1.25 }]
  return [seen, first]
}

/** The same with tokens under a published key, beside jose with a key that is imported once. */
export async function published(pace: Pace): Promise<Section[]> {
  const es256: Omit<Tokens, 'all'> = { kind: 'ES256 tokens', peer: 'jose, cached key', vars: PUBLISHED }
  const all = await accessTokens(range(20_000), PUBLISHED) // it takes a fraction of HS256 in a second
  const seen = await inTurn({ ...es256, all: all.slice(0, 1_000) }, 'each seen before', pace)
  const first = await inTurn({ ...es256, all }, 'each at first sight', pace)
  seen.targets = [{ what: 'ES256 token seen before, CPU of jose with a cached key', value: seen.cpu, most: 0.6 }]
  first.targets = [{ what: 'ES256 token at first sight, CPU of jose with a cached key', value: first.cpu, most: 1.25 }]
  return [seen, first]
}

/** `measureAfresh` starts every process anew before it has shown all of so many tokens. */
async function inTurn({ all, kind, peer, vars }: Tokens, when: string, pace: Pace) {
  const requests = all.map((token) => request('POST', '/action', { Authorization: `Bearer ${token}` }))
  const start = async (servers: Server[]): Promise<Entrant[]> => {
    servers.push(await startLatchkey('Latchkey', script('Latchkey'), vars))
    for (const name of [peer, 'bare Worker'] as const) servers.push(await startWorker(name, script(name), vars))
    for (const server of servers.slice(0, 2)) await checkGuard(server, { Authorization: `Bearer ${all[0]!}` }, true)
    return servers.map((server) => {
      const sent = feed(requests, pace.folder)
      return { server, shoot: () => busy(server.port, sent, pace.seconds, MANY) }
    })
  }
  const measured = await measureAfresh(start, pace.rounds)
  const [latchkey, cached] = measured as Required<typeof measured>
  const cpu = ratio(latchkey!.cpuMs, cached!.cpuMs).median
  const title = `A guarded route, ${all.length.toLocaleString('en')} ${kind} in turn, ${when}`
  return { title, note: '', table: comparison(measured, latchkey!), targets: [] as Section['targets'], cpu }
}

/** From the process just started: a good token opens; none, and a tampered one, do not. */
async function checkGuard({ name, port }: Server, headers: Record<string, string>, checks: boolean): Promise<void> {
  const ask = async (sent: Record<string, string>) => {
    const answer = await fetch(`http://127.0.0.1:${port}/action`, { method: 'POST', headers: sent })
    await answer.arrayBuffer()
    return answer.status
  }
  const [header, value] = Object.entries(headers)[0]!
  const seen = [await ask(headers), await ask({}), await ask({ [header]: checks ? tampered(value) : '' })]
  if (seen.join() !== '200,401,401')
    throw new Error(`${name} answered ${seen.join()} to a good, no and a tampered token.`)
}

/** One character of the (first) signature is another. A cookie's is what follows the first dot. */
function tampered(value: string): string {
  const at = value.startsWith('better-auth')
    ? value.indexOf('.', 12 + value.indexOf('=')) + 3
    : value.lastIndexOf('.') + 3
  return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
}
