import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { cookiesOf, startBetterAuth } from '../better-auth.ts'
import { script } from '../bundles.ts'
import { busy, feed, request, times } from '../load.ts'
import { accessTokens, freeHash, range } from '../people.ts'
import { comparison, type Section } from '../report.ts'
import { type Entrant, measureAfresh, median, ratio } from '../rounds.ts'
import { type Server, startFlask, startLatchkey, startWorker } from '../server.ts'
import { MANY, type Pace } from './pace.ts'

/** How long is a guarded route with nothing behind it, for the same token again and again? */
export async function verify(pace: Pace): Promise<Section[]> {
  const measured = await measureAfresh((servers) => contenders(servers, pace), pace.rounds)
  const [latchkey, bare, , plain, , cached, uncached, flask] = measured as Required<typeof measured>
  const speed = ratio(latchkey!.perSecond, bare!.perSecond).median
  const cpu = (other: typeof bare) => ratio(latchkey!.cpuMs, other!.cpuMs).median
  const best = median(cached!.cpuMs) < median(uncached!.cpuMs) ? cached : uncached
  return [
    {
      title: 'A guarded route, the same token',
      note:
        'Latchkey checks signature, claims and revocation, and sets its headers; `hono/jwt` checks signature and times; ' +
        'the bare ones check nothing. ' +
        (flask ? 'Flask runs two processes, so it may use both cores.' : 'Flask was left out: it did not start here.'),
      table: comparison(measured, latchkey!),
      targets: [
        { what: 'same token, requests/s of the bare Worker', value: speed, least: 0.8 },
        { what: 'same token, CPU of plain hono/jwt', value: cpu(plain), most: 0.62 },
        { what: "same token, CPU of better-auth's best", value: cpu(best), most: 0.25 },
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

/** The same with many tokens, as they come from many people. */
export async function tokens(pace: Pace): Promise<Section[]> {
  const all = await accessTokens(range(100_000))
  const few = await inTurn(all.slice(0, 1_000), pace, { rounds: pace.rounds })
  // Few rounds: so many tokens are shown within some seconds.
  const first = await inTurn(all, pace, { rounds: 3, when: ', each for the first time' })
  const again = await inTurn(all, pace, { rounds: Math.min(pace.rounds, 6), when: ', each shown before', shown: true })
  const value = ratio(again.measured[0]!.cpuMs, again.measured[1]!.cpuMs).median
  again.section.targets = [{ what: '100,000 tokens in turn, CPU of hono/jwt with a cached key', value, most: 1 }]
  return [few, first, again].map(({ section }) => section)
}

type Turns = { rounds: number; when?: string; shown?: boolean }

/** Tokens in turn; `shown`: after all of them were shown once. */
async function inTurn(tokens: string[], pace: Pace, { rounds, when = '', shown = false }: Turns) {
  const requests = tokens.map((token) => request('POST', '/action', { Authorization: `Bearer ${token}` }))
  const start = async (servers: Server[]): Promise<Entrant[]> => {
    servers.push(await startLatchkey('Latchkey', script('Latchkey')))
    for (const name of ['hono/jwt, cached key', 'bare Worker'] as const)
      servers.push(await startWorker(name, script(name)))
    for (const server of servers.slice(0, 2)) await checkGuard(server, { Authorization: `Bearer ${tokens[0]!}` }, true)
    const feeds = servers.map(() => feed(requests, pace.folder))
    if (shown) for (const [i, server] of servers.entries()) await times(server.port, feeds[i]!, tokens.length, MANY)
    return servers.map((server, i) => ({
      server,
      shoot: () => busy(server.port, feeds[i]!, pace.seconds, MANY),
    }))
  }
  const measured = await measureAfresh(start, rounds)
  const title = `A guarded route, ${tokens.length.toLocaleString('en')} tokens in turn${when}`
  const section: Section = { title, note: '', table: comparison(measured, measured[0]!), targets: [] }
  return { measured, section }
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
