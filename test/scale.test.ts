import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import scale from '../docs/scale.md?raw'
import {
  bearer,
  callIn,
  callWith,
  freshAddress,
  freshDatabase,
  insertUser,
  type Isolate,
  loginFrom,
  mailedToken,
  member,
  type Member,
  now,
  ORIGIN,
  PASSWORD,
  SAME_ORIGIN,
  SESSION,
  signedInBrowser,
  stateFor,
  watchedDoorkeeper,
  watchedIsolate,
  withFailures,
  withinDoorkeeper,
} from './support.ts'

freshDatabase()

/** What one request of a kind costs, as the platform counts it. */
type Cost = { object_calls: number; d1_calls: number; rows_read: number; rows_written: number }

/** Enough users and sessions that a scan would show. */
beforeAll(async () => {
  const numbers = JSON.stringify(Array.from({ length: 500 }, (_, i) => i))
  await env.DB.prepare(`INSERT INTO users (email) SELECT 'many' || value || '@example.com' FROM json_each(?)`)
    .bind(numbers)
    .run()
  await env.DB.prepare(
    `INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until)
     SELECT 'many' || id, id, ?1, ?1, ?1, ?1 + 1000, ?1 + 1000 FROM users WHERE email LIKE 'many%'`,
  )
    .bind(now())
    .run()
})

async function costOf(email: string, request: (own: Env) => Promise<Response>, status: number): Promise<Cost> {
  const isolate: Isolate = watchedIsolate({ BCRYPT_COST: '10' })
  await withinDoorkeeper(email, { DB: isolate.env.DB })
  // The isolate has read the revoked set already: under load, one request in some thousands does.
  await callIn(isolate.env, 'POST', '/action', bearer((await member()).token))
  const { own, names } = watchedDoorkeeper(isolate.env)
  isolate.calls.length = 0
  const answer = await request(own)
  expect(answer.status).toBe(status)
  const calls = isolate.calls
  const sum = (column: 'rows_read' | 'rows_written') => calls.reduce((total, call) => total + call[column], 0)
  return {
    object_calls: names.length,
    d1_calls: calls.length,
    rows_read: sum('rows_read'),
    rows_written: sum('rows_written'),
  }
}

const requests: Record<string, () => Promise<Cost>> = {
  'verify a token': async () => {
    const user: Member = await member()
    return costOf(user.email, (own) => callIn(own, 'POST', '/action', bearer(user.token)), 200)
  },
  'a guarded account route': async () => {
    const user = await member()
    return costOf(user.email, (own) => callIn(own, 'GET', '/user/me', bearer(user.token)), 200)
  },
  login: async () => {
    const { email } = await insertUser()
    return costOf(email, (own) => loginFrom(freshAddress(), { email }, own), 200)
  },
  'login, wrong password': async () => {
    const { email } = await insertUser()
    return costOf(email, (own) => loginFrom(freshAddress(), { email, password: 'wrong' }, own), 401)
  },
  'login, past the budget': async () => {
    const { email } = await insertUser()
    await stateFor(email, withFailures(5, now() + 60))
    return costOf(email, (own) => loginFrom(freshAddress(), { email }, own), 429)
  },
  refresh: async () => {
    const { email, refresh_token } = await member()
    return costOf(email, (own) => callIn(own, 'POST', '/user/refresh', { json: { refresh_token } }), 200)
  },
  'renew in a browser': async () => {
    const { email, browser } = await signedInBrowser()
    browser.jar.delete(SESSION) // as once its access token has expired
    const ask = (own: Env) => Object.assign(browser, { own }).send('POST', '/action', { headers: SAME_ORIGIN })
    return costOf(email, ask, 200)
  },
  logout: async () => {
    const user = await member()
    return costOf(user.email, (own) => callIn(own, 'POST', '/user/logout', bearer(user.token)), 204)
  },
  'register and confirm': async () => {
    const email = `new-${crypto.randomUUID()}@example.com`
    const json = { email, password: 'not a common password' }
    return costOf(
      email,
      async (own) => {
        await callWith(own, `${ORIGIN}/user/register`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'CF-Connecting-IP': freshAddress() },
          body: JSON.stringify(json),
        })
        return callIn(own, 'POST', '/user/email/verify', {
          json: { token: mailedToken(email), password: json.password },
        })
      },
      204,
    )
  },
  'change the password': async () => {
    const user = await member()
    const json = { current_password: PASSWORD, new_password: 'not a common password' }
    return costOf(user.email, (own) => callIn(own, 'POST', '/user/password', { ...bearer(user.token), json }), 204)
  },
}

/** The table of docs/scale.md: request, then numbers. */
function documented(): Record<string, Cost> {
  const rows = scale.matchAll(/^\| ([a-z][^|]*?) +\| +(\d+) +\| +(\d+) +\| +(\d+) +\| +(\d+) +\|/gm)
  return Object.fromEntries(
    [...rows].map(([, name, ...numbers]) => {
      const [object_calls, d1_calls, rows_read, rows_written] = numbers.map(Number)
      return [name, { object_calls, d1_calls, rows_read, rows_written } as Cost]
    }),
  )
}

describe('docs/scale.md', () => {
  it('counts what a request asks of the platform as it is', async () => {
    const measured: Record<string, Cost> = {}
    for (const [name, measure] of Object.entries(requests)) measured[name] = await measure()
    expect(documented()).toEqual(measured)
  })
})
