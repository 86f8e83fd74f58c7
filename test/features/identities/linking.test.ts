import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  addPasskey,
  askCode,
  Visitor,
  callIn,
  clock,
  enrolApp,
  enterCode,
  eventsOf,
  forgot,
  freshAddress,
  freshDatabase,
  insertUser,
  limiter,
  mailedCode,
  mailedToken,
  MANY,
  member,
  nobody,
  now,
  Passkey,
  PASSWORD,
  type Person,
  press,
  register,
  reset,
  run,
  sessionFor,
  StandIn,
  subjectsTo,
  times,
  userAt,
  verify,
  withProviders,
} from '../../support.ts'

freshDatabase()

let at: StandIn
let serial = 0
/** Somebody with an address, for which the provider vouches or not. */
const person = (email = nobody(), email_verified = true): Person => ({
  sub: String(++serial + 50_000),
  email,
  email_verified,
})
const OPEN = { OIDC_TRUST_EMAIL: 'on' }

beforeEach(() => {
  at = new StandIn()
  clock.skipWaits()
})
afterEach(() => void vi.restoreAllMocks())

const identitiesAt = async (email: string) =>
  (
    await env.DB.prepare(
      'SELECT provider, subject FROM identities WHERE user_id = (SELECT id FROM users WHERE canonical_email = ?) ORDER BY provider',
    )
      .bind(email)
      .all<{ provider: string; subject: string }>()
  ).results

/** How a first sign-in at the provider ends. */
async function enter(who: Person, settings: Record<string, string> = OPEN) {
  const browser = new Visitor(withProviders(settings))
  const answer = await browser.signInWith(at, 'oidc', who)
  const text = await answer.text()
  return { browser, status: answer.status, text, isIn: browser.token !== undefined }
}

/** What an account with an address can be. */
const STATES: Record<string, (email: string) => Promise<unknown>> = {
  none: () => Promise.resolve(),
  unconfirmed: (email) => register(email),
  'confirmed here': async (email) => {
    await register(email)
    expect((await verify(mailedToken(email))).status).toBe(204)
  },
  'confirmed here, without a password': async (email) => {
    const own = withProviders({ CODE_REGISTERS: 'on' })
    const begun = await callIn(own, 'POST', '/user/login/code', { json: { email } })
    const { ticket } = await begun.json<{ ticket: string }>()
    const json = { ticket, code: mailedCode(email) }
    expect((await callIn(own, 'POST', '/user/login/code/verify', { json })).status).toBe(200)
  },
  imported: (email) => insertUser({ email }),
  'imported, and not confirmed': (email) => insertUser({ email, email_verified: 0 }),
  'confirmed here, then disabled': async (email) => {
    await STATES['confirmed here']!(email)
    await run('UPDATE users SET disabled_at = ? WHERE email = ?', now(), email)
  },
  'unconfirmed, then disabled': async (email) => {
    await register(email)
    await run('UPDATE users SET disabled_at = ? WHERE email = ?', now(), email)
  },
}

const [IN, CONFIRM, ELSEWHERE, DISABLED, CLOSED] = ['in', 'not confirmed', 'Under Security', 'disabled', 'created here']
const SAYS: Record<string, RegExp> = {
  [CONFIRM!]: /We have sent a mail/,
  [ELSEWHERE!]: /not connected yet/,
  [DISABLED!]: /is disabled/,
  [CLOSED!]: /cannot be created/,
}

describe('who has an account already', () => {
  it.each([
    // state, the provider vouches, registration is closed
    ['none', IN, CONFIRM, CLOSED, ELSEWHERE],
    ['unconfirmed', IN, CONFIRM, IN, ELSEWHERE],
    ['confirmed here', IN, CONFIRM, IN, ELSEWHERE],
    ['confirmed here, without a password', IN, CONFIRM, IN, ELSEWHERE],
    ['imported', ELSEWHERE, CONFIRM, ELSEWHERE, ELSEWHERE],
    ['imported, and not confirmed', IN, CONFIRM, IN, ELSEWHERE],
    ['confirmed here, then disabled', DISABLED, CONFIRM, DISABLED, ELSEWHERE],
    ['unconfirmed, then disabled', DISABLED, CONFIRM, DISABLED, ELSEWHERE],
  ])('%s', async (state, ...expected) => {
    const found: string[] = []
    for (const [vouched, REGISTRATION] of [
      [true, 'open'],
      [false, 'open'],
      [true, 'closed'],
      [false, 'closed'],
    ] as const) {
      const who = person(nobody(), vouched)
      await STATES[state]!(who.email!)
      const before = await userAt(who.email!)
      const { status, text, isIn } = await enter(who, { ...OPEN, REGISTRATION })
      expect(status === 303).toBe(isIn)
      found.push(isIn ? IN! : (Object.entries(SAYS).find(([, says]) => says.test(text))?.[0] ?? text))
      const isNew = before === null && !isIn && found.at(-1) === CONFIRM
      expect(await identitiesAt(who.email!)).toEqual(isIn || isNew ? [{ provider: 'oidc', subject: who.sub }] : [])
      if (isIn) expect(await userAt(who.email!)).toMatchObject({ email_verified: 1 })
      else
        expect(await userAt(who.email!)).toEqual(
          before ?? (isNew ? expect.objectContaining({ email_verified: 0 }) : null),
        )
    }
    expect(found).toEqual(expected)
  })

  it('cannot be told from who has none, where nobody vouches', async () => {
    const pages = new Set<string>()
    for (const state of Object.keys(STATES)) {
      const who = person(nobody(), false)
      await STATES[state]!(who.email!)
      pages.add((await enter(who)).text)
    }
    expect(pages.size).toBe(1)
  })

  it('gets no mail from a network that has caused too many, and that looks the same, too', async () => {
    const own = { ...withProviders(OPEN), PREFILTER: limiter(false) }
    for (const state of ['none', 'confirmed here']) {
      const who = person(nobody(), false)
      await STATES[state]!(who.email!)
      const mailed = subjectsTo(who.email!).length
      const browser = new Visitor(own)
      const back = at.authorize('oidc', await browser.leave('oidc'), who)
      const from = { 'CF-Connecting-IP': freshAddress() }
      const answer = await browser.go('GET', `/login/with/oidc/callback?${back.toString()}`, undefined, from)
      expect([answer.status, subjectsTo(who.email!).length]).toEqual([429, mailed])
      expect(await identitiesAt(who.email!)).toEqual([])
    }
  })

  it('keeps the password, and is told', async () => {
    const who = person()
    await STATES['confirmed here']!(who.email!)
    expect((await enter(who)).isIn).toBe(true)
    expect(subjectsTo(who.email!)).toContain('An account was connected')
    const { status } = await callIn(withProviders(), 'POST', '/user/login', {
      json: { email: who.email, password: PASSWORD },
    })
    expect(status).toBe(200)
    expect(await eventsOf((await userAt(who.email!))!.id)).toContain('identity_added')
  })

  it('undoes it with the link in the notice', async () => {
    const who = person()
    await STATES['confirmed here']!(who.email!)
    await enter(who)
    const token = mailedToken(who.email!)
    const { status } = await callIn(withProviders(), 'POST', '/user/undo', { json: { token } })
    expect(status).toBe(200)
    expect(await identitiesAt(who.email!)).toEqual([])
  })

  it('and imported it is taken in once the address was proven here', async () => {
    for (const prove of [
      async (email: string) => {
        await forgot(email)
        expect((await reset(mailedToken(email))).status).toBe(204)
      },
      async (email: string) => {
        const { ticket } = await (await askCode(email)).json<{ ticket: string }>()
        expect((await enterCode(ticket, mailedCode(email))).status).toBe(200)
      },
    ]) {
      const who = person()
      await insertUser({ email: who.email! })
      expect((await enter(who)).isIn).toBe(false)
      await prove(who.email!)
      expect((await enter(who)).isIn).toBe(true)
    }
  })

  it('and has another address since is not taken in by the one that was proven', async () => {
    const [who, moved] = [person(), nobody()]
    await STATES['confirmed here']!(who.email!)
    await run('UPDATE users SET email = ? WHERE email = ?', moved, who.email)
    expect((await enter(person(moved))).isIn).toBe(false)
    expect(await identitiesAt(moved)).toEqual([])
    // The address that is free now is somebody else's.
    expect((await enter(who)).isIn).toBe(true)
    expect((await userAt(who.email!))!.id).not.toBe((await userAt(moved))!.id)
  })

  it('asks for the second factor as after a password', async () => {
    const who = person()
    await STATES['confirmed here']!(who.email!)
    await enrolApp(await sessionFor((await userAt(who.email!))!.id))
    const { status, text, isIn, browser } = await enter(who)
    expect([status, isIn, [...browser.cookies.keys()]]).toEqual([200, false, ['__Host-latchkey-with']])
    expect(text).toContain('action="/login/totp"')
  })
})

describe('whoever registered an address before its owner came (EM-9)', () => {
  const OWNERS: Record<string, (email: string) => Promise<unknown>> = {
    'by a provider that vouches': (email) => enter(person(email)),
    'by a mailed code': async (email) => {
      const { ticket } = await (await askCode(email)).json<{ ticket: string }>()
      expect((await enterCode(ticket, mailedCode(email))).status).toBe(200)
    },
    'by a reset': async (email) => {
      await forgot(email)
      expect((await reset(mailedToken(email))).status).toBe(204)
    },
    'by the mailed link alone': (email) => press(mailedToken(email)),
  }

  it.each(Object.keys(OWNERS))('has nothing left: %s', async (how) => {
    const email = nobody()
    const attacker = person(email, false)
    expect((await enter(attacker)).isIn).toBe(false)
    await OWNERS[how]!(email)
    expect(await userAt(email)).toMatchObject({ email_verified: 1 })
    expect((await identitiesAt(email)).map(({ subject }) => subject)).not.toContain(attacker.sub)
    expect((await enter(attacker)).isIn).toBe(false)
  })

  it('loses the password, sessions, factors and links', async () => {
    const email = nobody()
    const { id, token } = await member({ email, email_verified: 1 })
    await addPasskey(token, await Passkey.make())
    await enrolApp(await sessionFor(id))
    await run('UPDATE users SET email_verified = 0 WHERE id = ?', id)
    await forgot(email)
    expect((await enter(person(email))).isIn).toBe(true)
    const left = await env.DB.prepare(
      `SELECT hashed_password, second_factor, (SELECT count(*) FROM totp WHERE user_id = users.id) AS totp,
        (SELECT count(*) FROM passkeys WHERE user_id = users.id) AS passkeys,
        (SELECT count(*) FROM one_time_tokens WHERE user_id = users.id) AS links,
        (SELECT count(*) FROM sessions WHERE user_id = users.id AND revoked_at IS NULL) AS sessions FROM users WHERE id = ?`,
    )
      .bind(id)
      .first()
    expect(left).toEqual({ hashed_password: null, second_factor: 0, totp: 0, passkeys: 0, links: 0, sessions: 1 })
  })

  it('gains nothing by a link that somebody else follows to their own account at the provider', async () => {
    const [attacker, victim] = [person(nobody(), false), person(undefined, false)]
    await enter(attacker)
    const browser = new Visitor(withProviders())
    const token = mailedToken(attacker.email!)
    const answer = await browser.signInWith(at, 'oidc', { ...victim, email: attacker.email }, {}, `?token=${token}`)
    expect([answer.status, browser.token]).toEqual([403, undefined])
    expect(await userAt(attacker.email!)).toMatchObject({ email_verified: 0 })
  })
})

describe('identities', () => {
  it('of two providers with one address belong to one account', async () => {
    const who = person()
    expect((await enter(who)).isIn).toBe(true)
    const browser = new Visitor(withProviders())
    await browser.signInWith(at, 'github', person(who.email))
    expect(browser.token).toBeDefined()
    expect((await identitiesAt(who.email!)).map(({ provider }) => provider)).toEqual(['github', 'oidc'])
  })

  it('of one provider with one address do not: it may have a new owner', async () => {
    const who = person()
    await enter(who)
    const { isIn, text } = await enter(person(who.email))
    expect([isIn, SAYS[ELSEWHERE!]!.test(text)]).toEqual([false, true])
    expect(await identitiesAt(who.email!)).toHaveLength(1)
  })

  it('keep their account when their address changes, and the account keeps its own', async () => {
    const who = person()
    await enter(who)
    const other = person()
    await enter(other)
    expect((await enter({ ...who, email: other.email })).isIn).toBe(true)
    expect(await identitiesAt(who.email!)).toMatchObject([{ subject: who.sub }])
    const row = await env.DB.prepare('SELECT email, last_used_at FROM identities WHERE subject = ?')
      .bind(who.sub)
      .first()
    expect(row).toEqual({ email: other.email, last_used_at: now() })
  })

  it('with the same subject at another issuer are others', async () => {
    const [one, two] = [person(), person()]
    await enter(one)
    const browser = new Visitor(withProviders())
    await browser.signInWith(at, 'github', { ...two, sub: one.sub })
    expect(await identitiesAt(two.email!)).toEqual([{ provider: 'github', subject: one.sub }])
    expect((await userAt(one.email!))!.id).not.toBe((await userAt(two.email!))!.id)
  })

  it.each([
    undefined,
    'no address',
    'ü@example.com',
    `${'a'.repeat(250)}@example.com`,
    'a@b@example.com',
    'a\u0000@example.com',
  ])('with the address %j register nothing', async (email) => {
    const count = () => env.DB.prepare('SELECT count(*) AS n FROM users').first<number>('n')
    const before = await count()
    const { status, text } = await enter({ ...person(), email })
    expect([status, /did not tell us/.test(text)]).toEqual([403, true])
    expect(await count()).toBe(before)
  })

  it('of a disabled account open nothing', async () => {
    const who = person()
    await enter(who)
    await run('UPDATE users SET disabled_at = ? WHERE email = ?', now(), who.email)
    const { isIn, text } = await enter(who)
    expect([isIn, SAYS[DISABLED!]!.test(text)]).toEqual([false, true])
    expect(await eventsOf((await userAt(who.email!))!.id)).toContain('login_failed: account_disabled')
  })

  it('get one account by fifty first sign-ins at once', MANY, async () => {
    const count = times(50, 20)
    const who = person()
    const other = person(who.email)
    const browsers = Array.from({ length: count }, () => new Visitor(withProviders(OPEN)))
    const backs: [Visitor, 'oidc' | 'github', URLSearchParams][] = []
    for (const [i, browser] of browsers.entries()) {
      const provider = i % 2 === 0 ? 'oidc' : 'github'
      backs.push([browser, provider, at.authorize(provider, await browser.leave(provider), i % 2 === 0 ? who : other)])
    }
    const answers = await Promise.all(backs.map(([browser, provider, back]) => browser.comeBack(provider, back)))
    expect(answers.map(({ status }) => status)).toEqual(backs.map(() => 303))
    const accounts = await env.DB.prepare('SELECT id FROM users WHERE canonical_email = ?').bind(who.email).all()
    expect(accounts.results).toHaveLength(1)
    expect(await identitiesAt(who.email!)).toHaveLength(2)
    expect((await eventsOf((await userAt(who.email!))!.id)).filter((event) => event === 'registered')).toHaveLength(1)
  })

  it('get one account by fifty first sign-ins at once, where nobody vouches', MANY, async () => {
    const who = person(nobody(), false)
    const backs: [Visitor, URLSearchParams][] = []
    for (let i = 0; i < times(50, 12); i++) {
      const browser = new Visitor(withProviders(OPEN))
      backs.push([browser, at.authorize('oidc', await browser.leave('oidc'), who)])
    }
    const answers = await Promise.all(backs.map(([browser, back]) => browser.comeBack('oidc', back)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]))
    expect(await identitiesAt(who.email!)).toHaveLength(1)
    expect(new Set(subjectsTo(who.email!))).toEqual(new Set(['Confirm your email address']))
  })
})
