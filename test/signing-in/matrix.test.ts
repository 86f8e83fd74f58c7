/** Every way to a session, against every policy and every state of an account's factors. */
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { newRecoveryCodes } from '../../src/core/users/recovery-codes.ts'
import { batch } from '../../src/core/d1.ts'
import { sql } from '../../src/lib/sql.ts'
import {
  addPasskey,
  administrator,
  bearer,
  Browser,
  callIn,
  claimsOf,
  clock,
  codeAt,
  ENV,
  enrolApp,
  forge,
  freshDatabase,
  mailedCode,
  mailedToken,
  member,
  type Member,
  nobody,
  now,
  Passkey,
  PASSWORD,
  PROVIDERS,
  run,
  StandIn,
} from '../support.ts'

freshDatabase()
beforeEach(() => clock.skipWaits())
afterEach(() => vi.restoreAllMocks())

/** What a policy demands of whom. `off` demands nothing, and whoever has a factor is still asked for it. */
const POLICIES = [
  { policy: 'optional', role: 'user', demands: false },
  { policy: 'off', role: 'user', demands: false },
  { policy: 'admins', role: 'user', demands: false },
  { policy: 'admins', role: 'admin', demands: true },
  { policy: 'everyone', role: 'user', demands: true },
] as const

/** What an account has, and whether it asks for a second factor at each sign-in. */
const STATES = {
  'no factor': { asks: false, has: [] },
  'an app': { asks: true, has: ['totp', 'recovery'] },
  'a passkey': { asks: false, has: ['passkey'] },
  'a passkey, asked for': { asks: true, has: ['passkey', 'recovery'] },
  'an app and a passkey': { asks: true, has: ['totp', 'passkey', 'recovery'] },
  'recovery codes alone': { asks: true, has: ['recovery'] },
} as const
type State = keyof typeof STATES

type Owner = Member & { passkey?: Passkey; secret?: string; recovery: string[] }

/** A user in a state, who got there by the routes where there are any. */
async function owner(state: State, role: string): Promise<Owner> {
  const user: Owner = { ...(await (role === 'admin' ? administrator() : member())), recovery: [] }
  const { has, asks } = STATES[state]
  const wants = (what: string) => (has as readonly string[]).includes(what)
  if (wants('passkey')) {
    user.passkey = await Passkey.make()
    expect((await addPasskey(user.token, user.passkey)).status).toBe(201)
  }
  if (wants('totp')) {
    const { secret, recovery_codes } = await enrolApp(user)
    Object.assign(user, { secret, recovery: recovery_codes })
    clock.forward(30)
  } else if (wants('recovery')) {
    const { codes, statements } = await newRecoveryCodes({ now: now() })
    await batch(env.DB, statements(sql`id = ${user.id}`))
    user.recovery = codes
  }
  await run('UPDATE users SET second_factor = ? WHERE id = ?', Number(asks), user.id)
  return user
}

/** The first steps of a sign-in: what each shows, and how it is shown. */
type Shown = { knows: boolean; mail: boolean; has: boolean }
type First = { shows: Shown; needs?: 'passkey'; by: (user: Owner, own: Env) => Promise<Response> }
const ask = (own: Env, path: string, json: object) => callIn(own, 'POST', path, { json })

async function useKey({ passkey }: Owner, own: Env, uv: boolean, from?: string): Promise<Response> {
  const options = await ask(own, '/user/login/passkey/options', from === undefined ? {} : { ticket: from })
  const { ticket, publicKey } = await options.json<{ ticket: string; publicKey: { challenge: string } }>()
  return ask(own, '/user/login/passkey', { ticket, credential: await passkey!.use(publicKey, { uv }) })
}

async function useMail({ email }: Owner, own: Env, from?: string): Promise<Response> {
  const asked = await ask(own, '/user/login/code', from === undefined ? { email } : { ticket: from })
  const { ticket } = await asked.json<{ ticket: string }>()
  return ask(own, '/user/login/code/verify', { ticket, code: mailedCode(email) })
}

/** A sign-in in a browser. Its answer is a page, or a cookie; here it reads like that of a JSON route. */
async function useIdentity({ id }: Owner, own: Env): Promise<Response> {
  await run(
    `INSERT INTO identities (id, issuer, subject, user_id, provider, created_at) VALUES (?1, ?2, ?1, ?3, 'oidc', 0)
      ON CONFLICT DO NOTHING`,
    `owner ${id}`,
    PROVIDERS.OIDC_ISSUER,
    id,
  )
  const browser = new Browser({ ...own, ...PROVIDERS } as Env)
  const answer = await browser.signInWith(new StandIn(), 'oidc', { sub: `owner ${id}` })
  if (answer.status === 303) return Response.json({ access_token: browser.token })
  expect([answer.status, [...browser.cookies.keys()]]).toEqual([200, ['__Host-latchkey-with']])
  const html = await answer.text()
  const field = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1]
  const code = field('enrols') === 'yes' ? 'second_factor_enrolment_required' : 'second_factor_required'
  const refused = { code, ticket: field('ticket'), methods: field('methods')?.split(' '), expires_in: 600 }
  return Response.json(refused, { status: 403 })
}

const FIRST: Record<string, First> = {
  'a password': {
    shows: { knows: true, mail: false, has: false },
    by: ({ email }, own) => ask(own, '/user/login', { email, password: PASSWORD }),
  },
  'a mailed code': { shows: { knows: false, mail: true, has: false }, by: (user, own) => useMail(user, own) },
  // As a mailed code does, it begins a sign-in, and is no factor.
  'an identity at a provider': { shows: { knows: false, mail: true, has: false }, by: useIdentity },
  'a passkey that verified its user': {
    shows: { knows: true, mail: false, has: true },
    needs: 'passkey',
    by: (user, own) => useKey(user, own, true),
  },
  'a passkey that did not': {
    shows: { knows: false, mail: false, has: true },
    needs: 'passkey',
    by: (user, own) => useKey(user, own, false),
  },
}

/** The rule, in its own words: a factor alone that may be stolen opens nothing, and a mailbox is no factor. */
const mayEnter = ({ knows, mail, has }: Shown, { asks, demands }: { asks: boolean; demands: boolean }) =>
  demands ? knows && has : (knows || mail) && (has || !asks)

/** The next step, by one of the methods that the answer names. */
const NEXT: Record<string, (user: Owner, own: Env, ticket: string) => Promise<Response>> = {
  password: ({ email }, own, ticket) => ask(own, '/user/login', { email, password: PASSWORD, ticket }),
  code: (user, own, ticket) => useMail(user, own, ticket),
  passkey: (user, own, ticket) => useKey(user, own, true, ticket),
  totp: async ({ id, secret }, own, ticket) => {
    // A step later than any before: the clock begins anew in each test, and what was accepted does not.
    const last = await env.DB.prepare('SELECT last_step FROM totp WHERE user_id = ?')
      .bind(id)
      .first<number>('last_step')
    clock.forward(Math.max(30, (last! + 1) * 30 - now()))
    return ask(own, '/user/login/totp', { ticket, code: await codeAt(secret!) })
  },
  recovery: ({ recovery }, own, ticket) => ask(own, '/user/login/recovery', { ticket, code: recovery.pop() }),
}

type Refused = { code: string; ticket: string; methods: string[]; expires_in: number }

/** No token, no cookie, nothing but the ticket. */
async function refusedStep(answer: Response): Promise<Refused> {
  expect(answer.status).toBe(403)
  expect(answer.headers.get('Set-Cookie')).toBeNull()
  const text = await answer.text()
  expect(text).not.toMatch(/access_token|refresh_token|device_token|"ey|(?<![\w-])lk[rd]_/)
  return JSON.parse(text) as Refused
}

const sessionsOf = async (user_id: number) =>
  (await env.DB.prepare('SELECT id FROM sessions WHERE user_id = ?').bind(user_id).all()).results.length

const cells = POLICIES.flatMap((own) => (Object.keys(STATES) as State[]).map((state) => ({ ...own, state })))

describe.each(cells)('SECOND_FACTOR=$policy, a $role with $state', ({ policy, role, demands, state }) => {
  const own = { ...ENV, SECOND_FACTOR: policy } as Env
  const { asks, has } = STATES[state]
  const wants = (what: string) => (has as readonly string[]).includes(what)
  let user: Owner
  beforeAll(async () => {
    user = await owner(state, role)
  })

  const ways = Object.entries(FIRST).filter(([, { needs }]) => !needs || wants(needs))

  it.each(ways)('lets %s in if it is enough, and else asks for what is missing', async (_name, { shows, by }) => {
    const before = await sessionsOf(user.id)
    const answer = await by(user, own)
    if (mayEnter(shows, { asks, demands })) {
      expect(answer.status).toBe(200)
      const { access_token } = await answer.json<{ access_token: string }>()
      expect(claimsOf(access_token).acr).toBe(shows.knows && shows.has ? 'aal2' : 'aal1')
      return
    }
    const refused = await refusedStep(answer)
    expect(await sessionsOf(user.id)).toBe(before)
    const lacks = demands && has.length === 0
    // Whoever began with the mailbox shows the password, too, before a factor is enrolled.
    const enrols = lacks && shows.knows
    expect(refused.code).toBe(enrols ? 'second_factor_enrolment_required' : 'second_factor_required')
    expect(refused.expires_in).toBeLessThanOrEqual(600)
    // Each method that is named completes the sign-in, or leads to one that does; one that shows the same never does.
    for (const method of refused.methods) {
      const first = await refusedStep(await by(user, own))
      const shown = { ...shows }
      let [step, ticket, left]: [string, string, string[]] = [method, first.ticket, []]
      for (let steps = 0; ; steps++) {
        expect(steps).toBeLessThan(3)
        if (['totp', 'passkey'].includes(step) && !wants(step)) break // to be enrolled: the features test how
        const next = await NEXT[step]!(user, own, ticket)
        if (step === 'password' || step === 'passkey') shown.knows = true
        if (step === 'code') shown.mail = true
        if (['passkey', 'totp', 'recovery'].includes(step)) shown.has = true
        const enough = mayEnter(shown, { asks, demands })
        expect([step, next.status]).toEqual([step, enough ? 200 : 403])
        if (enough) break
        ;({ ticket, methods: left } = await refusedStep(next))
        expect(left.length).toBeGreaterThan(0)
        step = left[0]!
      }
    }
  })

  it('renews a session without making it more than it was', async () => {
    const answer = await ask(own, '/user/refresh', { refresh_token: user.refresh_token })
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(claimsOf(access_token)).toMatchObject({ sid: user.sid, acr: 'aal1' })
    const { status } = await callIn(own, 'GET', '/user/me', bearer(access_token))
    expect(status).toBe(demands ? 401 : 200)
  })
})

describe.each(Object.keys(STATES) as State[])('a reset, with %s', (state) => {
  it('signs nobody in, and takes no factor', async () => {
    const { asks, has } = STATES[state]
    const own = ENV
    const user = await owner(state, 'user')
    await ask(own, '/user/password/forgot', { email: user.email })
    const json = { token: mailedToken(user.email), password: 'nine quiet herons stand' }
    const answer = await ask(own, '/user/password/reset', json)
    expect([answer.status, await answer.text(), answer.headers.get('Set-Cookie')]).toEqual([204, '', null])
    const left = env.DB.prepare(
      `SELECT second_factor, (SELECT count(*) FROM totp WHERE user_id = users.id) AS totp,
        (SELECT count(*) FROM passkeys WHERE user_id = users.id) AS passkey,
        (SELECT count(*) > 0 FROM recovery_codes WHERE user_id = users.id) AS recovery FROM users WHERE id = ?`,
    )
    const counted = (name: string) => Number((has as readonly string[]).includes(name))
    expect(await left.bind(user.id).first()).toEqual({
      second_factor: Number(asks),
      totp: counted('totp'),
      passkey: counted('passkey'),
      recovery: counted('recovery'),
    })
    const login = await ask(own, '/user/login', { email: user.email, password: json.password })
    expect(login.status).toBe(asks ? 403 : 200)
  })
})

describe.each(POLICIES)('SECOND_FACTOR=$policy, a $role who is new', ({ policy, role, demands }) => {
  const own = { ...ENV, SECOND_FACTOR: policy, CODE_REGISTERS: 'on' } as unknown as Env

  it('gets no token from a registration, or from the link that confirms it', async () => {
    const email = nobody()
    const registered = await ask(own, '/user/register', { email, password: PASSWORD })
    expect([registered.status, await registered.json()]).toEqual([202, { status: 'accepted' }])
    const verified = await ask(own, '/user/email/verify', { token: mailedToken(email), password: PASSWORD })
    expect([verified.status, await verified.text(), verified.headers.get('Set-Cookie')]).toEqual([204, '', null])
    const answer = await ask(own, '/user/login', { email, password: PASSWORD })
    expect(answer.status).toBe(policy === 'everyone' ? 403 : 200) // nobody registers as an admin
  })

  it('gets a session from a code that registers only where one factor is enough', async () => {
    const email = nobody()
    const answer = await useMail({ email } as Owner, own)
    if (policy !== 'everyone') return expect(answer.status).toBe(200)
    const { code, methods } = await refusedStep(answer)
    expect([code, methods]).toEqual(['second_factor_enrolment_required', ['passkey']])
  })

  it('gets no token by being created', async () => {
    const [admin, email] = [await administrator(), nobody()]
    const roles = role === 'admin' ? ['admin'] : []
    const made = await callIn(ENV, 'POST', '/admin/users', {
      json: { email, password: PASSWORD, roles, email_verified: true },
      ...bearer(admin.token),
    })
    expect(made.status).toBe(201)
    expect(await made.text()).not.toMatch(/token|"ey/)
    expect((await ask(own, '/user/login', { email, password: PASSWORD })).status).toBe(demands ? 403 : 200)
  })
})

describe('a token of the old application', () => {
  const own = { ...ENV, LEGACY_TOKENS_UNTIL: '2038-01-01' } as unknown as Env
  const legacy = (user_id: number) => forge({ payload: { user_id, exp: now() + 600 } })
  const act = async (id: number, more: object = {}) =>
    (await callIn({ ...own, ...more } as Env, 'POST', '/action', bearer(await legacy(id)))).status

  it.each(Object.keys(STATES) as State[])('opens what one factor opens, until there is one more: %s', async (state) => {
    const user = await owner(state, 'user')
    await run('UPDATE users SET password_set_at = NULL WHERE id = ?', user.id)
    const hasMore = STATES[state].has.length > 0
    if (!hasMore) await run('UPDATE users SET epoch = 0 WHERE id = ?', user.id)
    expect(await act(user.id)).toBe(hasMore ? 401 : 200)
    for (const path of ['/user/me', '/user/factors', '/user/sessions']) {
      expect((await callIn(own, 'GET', path, bearer(await legacy(user.id)))).status).toBe(401)
    }
  })
})
