import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  Visitor,
  eventsOf,
  freshDatabase,
  mailedToken,
  nobody,
  StandIn,
  subjectsTo,
  userAt,
  withProviders,
} from '../../support.ts'

freshDatabase()

let at: StandIn
let serial = 0
const newSub = () => String(++serial + 1_000)

beforeEach(() => void (at = new StandIn()))
afterEach(() => void vi.restoreAllMocks())

/** Each provider's way of saying that an address is proven. */
const VOUCHING = [
  ['google', { email_verified: true, hd: 'example.com' }],
  ['apple', { email_verified: 'true' }],
  ['microsoft', { xms_edov: '1' }],
  ['github', { email_verified: true }],
  ['kakao', { email_verified: true }],
  ['oidc', { email_verified: true }],
] as const

describe('a first sign-in', () => {
  it.each(VOUCHING)('at %s registers a proven address', async (provider, says) => {
    const browser = new Visitor(withProviders({ OIDC_TRUST_EMAIL: 'on' }))
    const person = { sub: newSub(), email: nobody(), ...says }
    const answer = await browser.signInWith(at, provider, person)
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/login'])
    expect(browser.token).toBeDefined()
    const user = await userAt(person.email)
    expect(user).toMatchObject({ email_verified: 1, hashed_password: null })
    expect(await eventsOf(user!.id)).toEqual(['registered', 'identity_added', 'login_succeeded'])
    const again = new Visitor(browser.own)
    await again.signInWith(at, provider, person)
    expect(again.token).toBeDefined()
    const { results } = await env.DB.prepare('SELECT provider, subject FROM identities WHERE user_id = ?')
      .bind(user!.id)
      .all()
    expect(results).toEqual([{ provider, subject: person.sub }])
  })

  it.each([
    ['google', { email_verified: true }],
    ['google', { hd: 'example.com', email_verified: 'true' }],
    ['apple', { email_verified: 'false' }],
    ['microsoft', { email_verified: true }],
    ['github', { email_verified: false }],
    ['kakao', { email_verified: false }],
    ['naver', {}],
    ['oidc', { email_verified: true }],
  ] as const)('at %s with %j registers an address that a link has to prove', async (provider, says) => {
    const browser = new Visitor(withProviders())
    const person = { sub: newSub(), email: nobody(), ...says }
    const answer = await browser.signInWith(at, provider, person)
    expect(answer.status).toBe(403)
    expect(browser.token).toBeUndefined()
    expect(await userAt(person.email)).toMatchObject({ email_verified: 0, hashed_password: null })
    expect(subjectsTo(person.email)).toEqual(['Confirm your email address'])
    // Again without the link: it is mailed again, and that is all.
    expect((await browser.signInWith(at, provider, person)).status).toBe(403)
    const token = mailedToken(person.email)
    const back = await browser.signInWith(at, provider, person, {}, `?token=${token}`)
    expect(back.status).toBe(303)
    expect(browser.token).toBeDefined()
    expect(await userAt(person.email)).toMatchObject({ email_verified: 1, hashed_password: null })
    const other = new Visitor(browser.own)
    expect((await other.signInWith(at, provider, person)).status).toBe(303)
    expect(other.token).toBeDefined()
  })
})
