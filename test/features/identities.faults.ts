import { afterAll, beforeAll } from 'vitest'
import { subkeys } from '../../src/core/keys/subkeys.ts'
import { seal } from '../../src/lib/seal.ts'
import { sql } from '../../src/lib/sql.ts'
import {
  ALL_REVOKED,
  alike,
  type Alike,
  AT,
  byOwner,
  disabled,
  EPOCH_RAISED,
  HERE,
  LINK,
  mailed,
  NEWCOMER,
  OWNER,
  type Scenario,
  settings,
  SIGNED_IN,
  THEN,
  unconfirmed,
  withoutPassword,
} from '../faults/world.ts'
import { BASE, PROVIDERS, StandIn } from '../world/providers.ts'

const own = { ...PROVIDERS, OIDC_TRUST_EMAIL: 'on' } as Partial<Env>
const [key] = await subkeys(settings, 'sign in with')

let at: StandIn | undefined
/** What each code stands for, until the network is replaced. */
const codes: ((at: StandIn) => void)[] = []
beforeAll(() => {
  at = new StandIn()
  for (const issue of codes) issue(at)
})
afterAll(() => at?.close())

let serial = 0

/** A request that comes back from the provider: somebody with an address, for which the provider vouches or not. */
async function back(email: string, { vouched = true, session, token }: Back = {}): Promise<Scenario['ask']> {
  const code = `code${++serial}`
  const begun = { state: `state${serial}`, nonce: 'nonce', verifier: 'v'.repeat(64), provider: 'oidc', until: AT + 60 }
  const cookie = await seal(JSON.stringify({ ...begun, session, token }), key, 'latchkey-with')
  codes.push((at) => at.issue(code, 'oidc', { sub: 'owners', email, email_verified: vouched }, begun))
  return {
    ...(session !== undefined && { as: 'cookie' }),
    path: `/login/with/oidc/callback?${new URLSearchParams({ code, state: begun.state }).toString()}`,
    cookie: `__Host-latchkey-with=${cookie}`,
    settings: own,
  }
}
type Back = { vouched?: boolean; session?: string; token?: string }

const route = 'GET /login/with/:provider/callback'
const linked = sql`INSERT INTO identities (id, issuer, subject, user_id, provider, created_at)
  VALUES ('one', ${`${BASE}/oidc`}, 'owners', 1, 'oidc', ${THEN})`
const proven = sql`UPDATE users SET proven_email = canonical_email WHERE id = 1`
const ADDED = [
  '+ identities of owner',
  '+ mail to owner@example.com: An account was connected',
  '+ undo: factor_added of owner to owner@example.com, new',
]
const REMOVED = [
  ...EPOCH_RAISED,
  '- identities of owner',
  '+ audit: identity_removed of owner in here',
  '+ mail to owner@example.com: An account was disconnected',
  '+ undo: factor_removed of owner to owner@example.com, new',
]
const USED = ['- identities of owner', '+ identities of owner']
const TAKEN = ['+ user owner: owner@example.com, confirmed, no password', ...ALL_REVOKED, ...SIGNED_IN]
const signsIn = { asks: ['welcome'], remembers: ['+ owner: device new'] }

/** Links, without a look at the database. */
export const withoutD1 = { 'GET /login/with': `/login/with?token=${'x'.repeat(43)}` }

export const scenarios: (Scenario | Alike)[] = [
  {
    route: 'GET /login/with/:provider',
    when: 'asked by anybody',
    ask: { path: '/login/with/google', settings: own },
    answers: 303,
  },
  {
    route: 'POST /login/with/:provider/callback',
    when: 'posted by a page of the provider',
    ask: { path: '/login/with/apple/callback', form: { code: 'a', state: 'b' } },
    answers: 303,
  },
  {
    route,
    when: 'with an identity that is known',
    given: [linked],
    ask: await back(OWNER),
    answers: 303,
    changes: [...SIGNED_IN, ...USED],
    again: [401, 'invalid_ticket'],
    ...signsIn,
  },
  {
    route,
    when: 'with the proven address of an account',
    given: [proven],
    ask: await back(OWNER),
    answers: 303,
    changes: [...EPOCH_RAISED, ...ADDED, '+ audit: identity_added of owner in nothing', ...SIGNED_IN],
    steps: 2,
    again: [401, 'invalid_ticket'],
    ...signsIn,
  },
  {
    route,
    when: 'with the address of an account that nobody has proven',
    ask: await back(OWNER),
    answers: [409, 'identity_not_linked'],
  },
  {
    route,
    when: 'where nobody vouches for the address of an account',
    ask: await back(OWNER, { vouched: false }),
    answers: 403, // the page has words of its own
    changes: [
      '+ mail to owner@example.com: You already have an account',
      '+ audit: login_failed (email_not_verified) of nobody in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ owner: mails 1'],
  },
  {
    route,
    when: 'where nobody vouches for a new address',
    ask: await back(NEWCOMER, { vouched: false }),
    answers: 403, // the page has words of its own
    changes: [
      '+ user newcomer: newcomer@example.com, unconfirmed, no password',
      '+ identities of newcomer',
      '+ link: verify of newcomer to newcomer@example.com, new',
      '+ mail to newcomer@example.com: Confirm your email address',
      '+ audit: registered of newcomer in nothing',
      '+ audit: login_failed (email_not_verified) of newcomer in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ newcomer: mails 1'],
  },
  {
    route,
    when: 'with the link that confirms the address',
    given: [unconfirmed, withoutPassword, linked, mailed('verify')],
    ask: await back(OWNER, { vouched: false, token: LINK }),
    answers: 303,
    changes: [
      '- user owner: owner@example.com, unconfirmed, no password',
      '- link: verify of owner to owner@example.com, given',
      '+ audit: email_verified of owner in nothing',
      ...USED,
      ...TAKEN,
    ],
    steps: 2,
    again: [401, 'invalid_ticket'],
    ...signsIn,
  },
  {
    route,
    when: 'with the address of an account that nobody has confirmed',
    given: [unconfirmed, mailed('verify')],
    ask: await back(OWNER),
    answers: 303,
    changes: [
      '- user owner: owner@example.com, unconfirmed, old password',
      '- link: verify of owner to owner@example.com, given',
      '+ audit: email_verified of owner in nothing',
      '+ audit: identity_added of owner in nothing',
      '+ identities of owner',
      ...TAKEN,
    ],
    steps: 2,
    again: [401, 'invalid_ticket'],
    asks: ['passwordReplaced', 'welcome'],
    remembers: ['- owner: device phone', '+ owner: device new'],
  },
  {
    route,
    when: 'of a disabled account',
    given: [linked, ...disabled],
    ask: await back(OWNER),
    answers: [403, 'account_disabled'],
    changes: ['+ audit: login_failed (account_disabled) of owner in nothing'],
  },
  {
    route,
    when: 'to connect',
    ask: await back(OWNER, { session: HERE }),
    answers: 303,
    changes: [...EPOCH_RAISED, ...ADDED, '+ audit: identity_added of owner in here'],
    again: 401,
  },
  { route: 'GET /user/identities', when: 'signed in', given: [linked], ask: { as: 'bearer' }, answers: 200 },
  {
    route: 'POST /account/identities/:provider',
    when: 'signed in',
    ask: { ...byOwner({ connect: 'yes' }), path: '/account/identities/google', settings: own },
    answers: 200,
  },
  {
    route: 'DELETE /user/identities/:provider',
    when: 'signed in',
    given: [linked],
    ask: { as: 'bearer', path: '/user/identities/oidc' },
    answers: 204,
    changes: REMOVED,
    again: [404, 'not_found'],
  },
  alike(
    'DELETE /user/identities/:provider',
    'POST /account/identities/:provider/remove',
    { ...byOwner({ remove: 'yes' }), path: '/account/identities/oidc/remove' },
    { again: [404, 'not_found'] },
  ),
]
