import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { config } from '../../../src/config.ts'
import { cleanUp } from '../../../src/core/cleanup.ts'
import { isRevoked, noteRevoked } from '../../../src/core/sessions/revocations.ts'
import worker from '../../../src/index.ts'
import { randomId } from '../../../src/lib/bytes.ts'
import {
  bearer,
  callIn,
  claimsOf,
  clock,
  ENV,
  expectProblem,
  freshDatabase,
  type Isolate,
  now,
  ORIGIN,
  signedIn,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

let token: string
beforeAll(async () => {
  token = (await signedIn()).token
})
afterEach(async () => {
  await env.DB.prepare('DELETE FROM revocations').run()
})

const action = (isolate: Isolate, shown = token) => callIn(isolate.env, 'POST', '/action', bearer(shown))
const statusOf = async (isolate: Isolate, shown = token) => (await action(isolate, shown)).status

/** What a guard asks, without the request around it. What is left for after the answer is done, too. */
async function asks(isolate: Isolate, session_id: string, maxAgeSeconds = 5): Promise<boolean> {
  const after: Promise<unknown>[] = []
  const waitUntil = (work: Promise<unknown>) => void after.push(work)
  const answer = await isRevoked({ db: isolate.env.DB, maxAgeSeconds, waitUntil }, session_id)
  await Promise.all(after)
  return answer
}

/** Ends a session behind the back of every isolate. */
async function revoke(session_id = randomId(), until = now() + 86_400): Promise<string> {
  await env.DB.prepare('INSERT INTO revocations (session_id, until) VALUES (?, ?)').bind(session_id, until).run()
  return session_id
}

const revokeMany = (count: number, prefix: string) =>
  env.DB.prepare(
    `INSERT INTO revocations (session_id, until)
     WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
     SELECT ? || n, ? FROM numbers`,
  )
    .bind(count, prefix, now() + 86_400)
    .run()

/** Every call that an isolate made is a load of the set; how many there were, and how many rows they read. */
function loads({ calls }: Isolate): number {
  for (const { texts } of calls) expect(texts).toEqual([expect.stringContaining('FROM revocations')])
  return calls.length
}

const broken = () => Promise.reject(new Error('D1_ERROR: Network connection lost.'))
const silent = () => new Promise<never>(() => {})

describe('what verified requests cost', () => {
  it('one read for the first of a thousand, and one per two seconds at most', async () => {
    clock.run()
    const isolate = watchedIsolate()
    const start = performance.now()
    for (let i = 0; i < 1_000; i++) expect(await statusOf(isolate)).toBe(200)
    expect(loads(isolate)).toBeLessThanOrEqual(1 + (performance.now() - start) / 2_000)
  })

  it('the same when they come thirty-two at a time, and the first thirty-two share one read', async () => {
    clock.run()
    const isolate = watchedIsolate()
    const start = performance.now()
    const wave = async () => {
      const statuses = await Promise.all(Array.from({ length: 32 }, () => statusOf(isolate)))
      expect(statuses).toEqual(statuses.map(() => 200))
    }
    await wave()
    expect(loads(isolate)).toBe(1)
    for (let sent = 32; sent < 1_000; sent += 32) await wave()
    expect(loads(isolate)).toBeLessThanOrEqual(1 + (performance.now() - start) / 2_000)
  })

  it('over twenty seconds of steady work, a read each two and a half', async () => {
    const isolate = watchedIsolate()
    for (let i = 0; i < 1_000; i++) {
      clock.set(i / 50)
      expect(await statusOf(isolate)).toBe(200)
    }
    expect(loads(isolate)).toBeGreaterThanOrEqual(20 / 5)
    expect(loads(isolate)).toBeLessThanOrEqual(20 / 2.5)
  })

  it('rows in proportion to what was revoked since the last read, not to what is there', async () => {
    await revokeMany(3_000, 'earlier')
    const isolate = watchedIsolate()
    await asks(isolate, 'x')
    expect(isolate.calls[0]!.rows_read).toBeGreaterThanOrEqual(3_000)
    clock.set(6)
    await asks(isolate, 'x')
    expect(isolate.calls[1]!.rows_read).toBeLessThanOrEqual(2)
    await revokeMany(100, 'later')
    clock.set(12)
    expect(await asks(isolate, 'later100')).toBe(true)
    expect(loads(isolate)).toBe(3)
    expect(isolate.calls[2]!.rows_read).toBeGreaterThanOrEqual(100)
    expect(isolate.calls[2]!.rows_read).toBeLessThanOrEqual(102)
  })

  it('no more after the cleaning job has been there', async () => {
    await revokeMany(100, 'expired')
    await env.DB.prepare('UPDATE revocations SET until = 1').run()
    const isolate = watchedIsolate()
    await asks(isolate, 'x')
    await cleanUp(env.DB, config(ENV), now())
    expect(await env.DB.prepare('SELECT count(*) AS n FROM revocations').first('n')).toBe(1)
    const id = await revoke()
    clock.set(6)
    expect(await asks(isolate, id)).toBe(true)
    expect(loads(isolate)).toBe(2)
    expect(isolate.calls[1]!.rows_read).toBeLessThanOrEqual(3)
  })
})

describe('how late a revocation may be learned', () => {
  it('is at most five seconds, or what the setting says', async () => {
    const id = randomId()
    const [isolate, strict, lax] = [watchedIsolate(), watchedIsolate(), watchedIsolate()]
    for (const [one, seconds] of [
      [isolate, 5],
      [strict, 1],
      [lax, 60],
    ] as const)
      await asks(one, id, seconds)
    await revoke(id)
    expect(await asks(isolate, id)).toBe(false)
    clock.set(1.001)
    expect(await asks(strict, id, 1)).toBe(true)
    clock.set(2.5)
    expect(await asks(isolate, id)).toBe(false)
    clock.set(5.001)
    expect(await asks(isolate, id)).toBe(true)
    clock.set(29)
    expect(await asks(lax, id, 60)).toBe(false)
    clock.set(60.001)
    expect(await asks(lax, id, 60)).toBe(true)
  })

  it('obeys REVOCATION_MAX_AGE_SECONDS for requests', async () => {
    const { token: shown } = await signedIn()
    const isolate = watchedIsolate({ REVOCATION_MAX_AGE_SECONDS: '2' })
    expect(await statusOf(isolate, shown)).toBe(200)
    await revoke(claimsOf(shown).sid as string)
    clock.set(2.001)
    await expectProblem(await action(isolate, shown), 401, 'invalid_token')
  })

  it('is not at all in the isolate that made it, and costs no read there', async () => {
    const isolate = watchedIsolate()
    const id = randomId()
    expect(await asks(isolate, id)).toBe(false)
    noteRevoked(isolate.env.DB, [{ id, tokens_until: now() + 60 }])
    expect(await asks(isolate, id)).toBe(true)
    expect(loads(isolate)).toBe(1)
  })

  it('is read even by an isolate that has only noted its own so far', async () => {
    const isolate = watchedIsolate()
    const [own, other] = [randomId(), await revoke()]
    noteRevoked(isolate.env.DB, [{ id: own, tokens_until: now() + 60 }])
    expect(await asks(isolate, other)).toBe(true)
    expect(await asks(isolate, own)).toBe(true)
  })

  it('reads more than one page of them', async () => {
    await revokeMany(25_000, 'page')
    const isolate = watchedIsolate()
    for (const n of [1, 9_999, 10_000, 10_001, 20_000, 20_001, 25_000]) {
      expect(await asks(isolate, `page${n}`)).toBe(true)
    }
    expect(await asks(isolate, 'page25001')).toBe(false)
    expect(loads(isolate)).toBeLessThanOrEqual(3)
    await revokeMany(25_000, 'more')
    clock.set(6)
    expect(await asks(isolate, 'more25000')).toBe(true)
    expect(await asks(isolate, 'more1')).toBe(true)
    expect(await asks(isolate, 'page1')).toBe(true)
  })

  it('forgets a session two days after its last token has expired, and not before', async () => {
    const isolate = watchedIsolate()
    const margin = 2 * 86_400
    const [short, long] = [await revoke(randomId(), now() + 500), await revoke(randomId(), now() + 5_000)]
    expect(await asks(isolate, short)).toBe(true)
    await env.DB.prepare('DELETE FROM revocations WHERE session_id IN (?, ?)').bind(short, long).run()
    await revoke()
    clock.set(margin + 499)
    expect(await asks(isolate, short)).toBe(true)
    clock.set(margin + 1_200)
    expect(await asks(isolate, short)).toBe(false)
    expect(await asks(isolate, long)).toBe(true)
  })
})

describe('half of that age', () => {
  it('is when one request reads anew, after its answer, while all are answered from what is known', async () => {
    const isolate = watchedIsolate()
    const id = randomId()
    await asks(isolate, id)
    await revoke(id)
    let release = () => {}
    isolate.before = () => new Promise<void>((resolve) => (release = resolve))
    clock.set(2.6)
    const contexts = Array.from({ length: 20 }, () => createExecutionContext())
    const answers = await Promise.all(contexts.map((ctx) => fire(isolate, ctx)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(loads(isolate)).toBe(2)
    release()
    await Promise.all(contexts.map((ctx) => waitOnExecutionContext(ctx)))
    expect(loads(isolate)).toBe(2)
    expect(await asks(isolate, id)).toBe(true)
    expect(loads(isolate)).toBe(2)
  })

  it('is half a second where the whole is one', async () => {
    const isolate = watchedIsolate()
    await asks(isolate, 'x', 1)
    clock.set(0.6)
    await asks(isolate, 'x', 1)
    expect(loads(isolate)).toBe(2)
    clock.set(1.1)
    await asks(isolate, 'x', 1)
    expect(loads(isolate)).toBe(2)
  })

  it('is harmless while D1 fails', async () => {
    const isolate = watchedIsolate()
    await asks(isolate, 'x')
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    isolate.before = broken
    clock.set(3)
    expect(await statusOf(isolate)).toBe(200)
    expect(log).toHaveBeenCalledTimes(1)
    log.mockRestore()
  })
})

/** A request whose work after the answer is not waited for. */
const fire = (isolate: Isolate, ctx = createExecutionContext()): Promise<Response> => {
  const request = new Request(`${ORIGIN}/action`, { method: 'POST', ...bearer(token) })
  return Promise.resolve(worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, isolate.env, ctx))
}

/** A request that goes away while it reads: neither D1's answer nor any timer of it ever comes back. */
async function abandon(isolate: Isolate, request: () => unknown = () => fire(isolate)): Promise<void> {
  const asked = isolate.calls.length
  isolate.before = silent
  clock.holdTimers()
  void request()
  while (isolate.calls.length === asked) await scheduler.wait(5)
  clock.freeTimers()
  isolate.before = () => {}
}

describe('a request that went away while it was reading', () => {
  it('keeps no other one waiting for long, and the next ones not at all', async () => {
    clock.run()
    const isolate = watchedIsolate()
    await abandon(isolate)
    const start = performance.now()
    const answers = await Promise.all(Array.from({ length: 32 }, () => statusOf(isolate)))
    expect(answers).toEqual(answers.map(() => 200))
    expect(performance.now() - start).toBeLessThan(3_900) // D1's silence lasts for 4 s: who waited for that one would be later
    expect(loads(isolate)).toBeLessThanOrEqual(3) // they do not all rush to D1
    const read = loads(isolate)
    clock.set(6)
    const again = performance.now()
    expect(await statusOf(isolate)).toBe(200)
    expect(performance.now() - again).toBeLessThan(3_900)
    expect(loads(isolate)).toBe(read + 1)
  })

  it('keeps no other one waiting for longer when there are many of them', async () => {
    clock.run()
    clock.holdTimers()
    const isolate = watchedIsolate()
    isolate.before = silent
    for (let i = 0; i < 4; i++) void fire(isolate)
    while (loads(isolate) < 4) await scheduler.wait(5) // each loses patience with the one before it
    isolate.before = () => {}
    const start = performance.now()
    expect((await fire(isolate)).status).toBe(200)
    expect(performance.now() - start).toBeLessThan(3_900)
    expect(loads(isolate)).toBe(5)
  })

  it('stops nobody for long from reading at half the age', async () => {
    const isolate = watchedIsolate()
    const scope = { db: isolate.env.DB, maxAgeSeconds: 10, waitUntil: () => {} }
    await asks(isolate, 'x', 10)
    const id = await revoke()
    clock.set(6)
    await abandon(isolate, () => isRevoked(scope, 'x'))
    expect(loads(isolate)).toBe(2)
    await asks(isolate, id, 10)
    expect(loads(isolate)).toBe(2) // somebody is reading, it seems
    clock.set(7.1)
    await asks(isolate, id, 10)
    expect(loads(isolate)).toBe(3)
    expect(await asks(isolate, id, 10)).toBe(true)
    expect(loads(isolate)).toBe(3)
  })
})

describe('while D1 fails', () => {
  it('what is known decides for a minute, and is logged; then nothing does; then the next good answer', async () => {
    const { token: ended } = await signedIn()
    await revoke(claimsOf(ended).sid as string)
    const isolate = watchedIsolate()
    expect(await statusOf(isolate)).toBe(200)
    isolate.before = broken
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const seconds of [6, 30, 59.9]) {
      clock.set(seconds)
      expect(await statusOf(isolate)).toBe(200)
      expect(await statusOf(isolate, ended)).toBe(401)
    }
    expect(loads(isolate)).toBe(1 + 3) // not one for each request
    expect(log.mock.calls.map(([line]) => JSON.parse(line as string) as unknown)).toEqual(
      [6_000, 30_000, 59_900].map((age_ms) => ({
        level: 'error',
        code: 'revocations_not_loaded',
        age_ms,
        reason: expect.any(String),
      })),
    )
    clock.set(61)
    const answer = await action(isolate)
    await expectProblem(answer, 503, 'unavailable')
    expect(answer.headers.get('Retry-After')).toBe('2')
    await expectProblem(await action(isolate, ended), 503, 'unavailable')
    expect(log.mock.calls.flat().join('\n')).not.toContain(token)
    log.mockRestore()
    isolate.before = () => {}
    clock.set(62.1)
    expect(await statusOf(isolate)).toBe(200)
    expect(await statusOf(isolate, ended)).toBe(401)
  })

  it('an isolate that knows nothing yet answers nobody, and recovers', async () => {
    const isolate = watchedIsolate()
    isolate.before = broken
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const answers = await Promise.all(Array.from({ length: 32 }, () => action(isolate)))
    for (const answer of answers) await expectProblem(answer, 503, 'unavailable')
    expect(loads(isolate)).toBe(1)
    expect(JSON.parse(log.mock.calls[0]![0] as string)).toMatchObject({ code: 'revocations_not_loaded', age_ms: null })
    log.mockRestore()
    isolate.before = () => {}
    clock.set(1.001)
    expect(await statusOf(isolate)).toBe(200)
  })

  it('a silent D1 is given up after a few seconds', async () => {
    const isolate = watchedIsolate()
    expect(await statusOf(isolate)).toBe(200)
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    isolate.before = silent
    clock.set(10)
    const start = performance.now()
    const answers = await Promise.all([statusOf(isolate), statusOf(isolate), statusOf(isolate)])
    expect(answers).toEqual([200, 200, 200])
    expect(performance.now() - start).toBeLessThan(20_000)
    log.mockRestore()
  })
})

describe('a database that was restored to an earlier time', () => {
  const highest = async () => (await env.DB.prepare('SELECT max(id) AS id FROM revocations').first<number>('id'))!
  const restoreTo = (id: number) =>
    env.DB.batch([
      env.DB.prepare('DELETE FROM revocations WHERE id > ?').bind(id),
      env.DB.prepare(`UPDATE sqlite_sequence SET seq = ? WHERE name = 'revocations'`).bind(id),
    ])

  it('is read anew: what is revoked from then on counts, and what was revoked before still does', async () => {
    const isolate = watchedIsolate()
    await revoke()
    const at = await highest()
    const lost = [await revoke(), await revoke(), await revoke()]
    expect(await asks(isolate, lost[2]!)).toBe(true)
    await restoreTo(at)
    const next = await revoke()
    expect(await highest()).toBe(at + 1)
    clock.set(6)
    expect(await asks(isolate, next)).toBe(true)
    expect(await asks(isolate, lost[0]!)).toBe(true)
  })

  it('also when it has grown past the place where this isolate stopped reading', async () => {
    const isolate = watchedIsolate()
    await revoke()
    const at = await highest()
    const last = [await revoke(), await revoke(), await revoke()]
    expect(await asks(isolate, last[2]!)).toBe(true)
    await restoreTo(at)
    const next = [await revoke(), await revoke(), await revoke(), await revoke()]
    expect(await highest()).toBe(at + 4)
    clock.set(6)
    for (const id of next) expect(await asks(isolate, id)).toBe(true)
  })

  it('also when nothing is left of it', async () => {
    const isolate = watchedIsolate()
    expect(await asks(isolate, await revoke())).toBe(true)
    await restoreTo(0)
    clock.set(6)
    expect(await asks(isolate, 'x')).toBe(false)
    const next = await revoke()
    expect(await highest()).toBe(1)
    clock.set(12)
    expect(await asks(isolate, next)).toBe(true)
  })
})

describe('a clock that is set back', () => {
  it('makes the set old, and not young for ever', async () => {
    const isolate = watchedIsolate()
    clock.set(3_600)
    await asks(isolate, 'x')
    const id = await revoke()
    clock.set(0)
    expect(await asks(isolate, id)).toBe(true)
    expect(loads(isolate)).toBe(2)
    const next = await revoke()
    clock.set(5.001)
    expect(await asks(isolate, next)).toBe(true)
    expect(loads(isolate)).toBe(3)
  })

  it('after a failure does not keep the set from being read', async () => {
    const isolate = watchedIsolate()
    await asks(isolate, 'x')
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    isolate.before = broken
    clock.set(3_600)
    await expect(asks(isolate, 'x')).rejects.toMatchObject({ code: 'unavailable' })
    log.mockRestore()
    isolate.before = () => {}
    const id = await revoke()
    clock.set(1_800)
    expect(await asks(isolate, id)).toBe(true)
  })

  it('during a read that never ended does not keep the set from being read', async () => {
    const isolate = watchedIsolate()
    await abandon(isolate)
    clock.set(-1_800)
    const id = await revoke()
    expect(await asks(isolate, id)).toBe(true)
  })
})
