import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { METHOD_NAME_ALL } from 'hono/router'
import { afterAll, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { app } from '../src/app.ts'
import { config } from '../src/config.ts'
import { batch } from '../src/core/d1.ts'
import { mailWords } from '../src/core/mail.ts'
import { deliverMail } from '../src/core/mailer.ts'
import { issueOneTime, oneTimeHash, type Purpose } from '../src/core/one-time.ts'
import type { MailKind } from '../src/core/outbox.ts'
import type { ProblemCode } from '../src/core/problem.ts'
import { readRefreshToken, refreshToken } from '../src/core/refresh-tokens.ts'
import { accessToken } from '../src/core/tokens.ts'
import type { Doorkeeper } from '../src/doorkeeper/doorkeeper.ts'
import { emptyState, type State } from '../src/doorkeeper/state.ts'
import worker from '../src/index.ts'
import { type Sql, sql } from '../src/lib/sql.ts'
import { words } from '../src/pages/words.ts'
import { type Call, type Fault, faults, type FaultyD1, faultyD1, type Plan } from './faulty-d1.ts'
import {
  CALM,
  callWith,
  claimsOf,
  doorkeeperOf,
  expectProblem,
  freshDatabase,
  isAdded,
  mails,
  now,
  ORIGIN,
  withFailures,
} from './support.ts'

freshDatabase()

/*
 * Every call to D1 of every route fails once in each way that there is. The clock stands still, and before each request
 * the database is the same small world; so a request that goes well says after each of its calls what the database
 * then is, and after any fault it must be exactly what it was before the failed call, or after it.
 *
 * The doorkeeper's objects read the same faulty database, and start from the same memory before each request. Every call
 * to them is lost once, too: on the way to the object, and on the way back.
 *
 * A process that dies inside a batch is D1's own matter (its batches are transactions) and cannot be made in here.
 */

/** Seconds. The moment at which everything happens, and one at which what is there already was made. */
const AT = now()
const THEN = AT - 60

/** Milliseconds after which the service stops waiting for D1. */
const DEADLINE = 4_000

const PASSWORD = 'the password of the owner'
const NEW_PASSWORD = 'another password of the owner'
const HASH = await bcrypt.hash(PASSWORD, 10)
const CHEAP_HASH = await bcrypt.hash(PASSWORD, 4)

const [OWNER, OTHER, NEWCOMER, MOVED] = ['owner', 'other', 'newcomer', 'moved'].map(
  (name) => `${name}@example.com`,
) as [string, string, string, string]

/** Session ids are 128 bits; these can be read. */
const [HERE, PHONE, THEIRS] = ['here', 'phone', 'theirs'].map((name) => name.padEnd(22, 'A')) as [
  string,
  string,
  string,
]
const DEVICE = 'phone'.padEnd(22, 'A')
const SESSIONS: Record<string, string> = { [HERE]: 'here', [PHONE]: 'phone', [THEIRS]: 'theirs' }

/** The feed's secret without spaces, which no bearer token may have. */
const OWN: Env = { ...CALM, REVOCATION_FEED_SECRET: 'what-other-services-show'.padEnd(32, '-') } as Env
const settings = config(OWN)
const grant = { id: HERE, user_id: 1, auth_time: THEN, expires_at: THEN + settings.SESSION_TTL_SECONDS, roles: [] }
const { token: TOKEN } = await accessToken(grant, settings, THEN)
const [REFRESH_0, REFRESH_1] = [await refreshTokenOf(0), await refreshTokenOf(1)]
const LINK = 'the-token-of-a-link-'.padEnd(43, 'x')
const LINK_HASH = (await oneTimeHash(LINK))!

const operators = { ...grant, id: THEIRS, user_id: 2, roles: ['admin'] }
const { token: OPERATORS_TOKEN } = await accessToken(operators, settings, THEN)

/** None of these may be in an answer that did not ask for it, in a log, or in a table. */
const SECRETS = [
  PASSWORD,
  NEW_PASSWORD,
  TOKEN,
  OPERATORS_TOKEN,
  REFRESH_0,
  REFRESH_1,
  LINK,
  env.JWT_SECRET_KEY,
  settings.LATCHKEY_SECRET!,
]

function refreshTokenOf(generation: number): Promise<string> {
  return refreshToken({ session_id: HERE, generation }, settings)
}

const operates = sql`UPDATE users SET roles = '["admin"]' WHERE id = 2`
const unconfirmed = sql`UPDATE users SET email_verified = 0 WHERE id = 1`
const withoutPassword = sql`UPDATE users SET hashed_password = NULL, password_set_at = NULL WHERE id = 1`
const disabled = [
  sql`UPDATE sessions SET revoked_at = ${THEN} WHERE user_id = 1`,
  sql`UPDATE users SET disabled_at = ${THEN} WHERE id = 1`,
]
const imported = sql`UPDATE users SET hashed_password = ${CHEAP_HASH}, password_set_at = NULL WHERE id = 1`
const mailed = (purpose: Purpose, email: Sql = sql`email`) => issueOneTime(purpose, LINK_HASH, THEN, sql`id = 1`, email)
const refreshed = (at: number) => sql`UPDATE sessions SET generation = 1, refreshed_at = ${at} WHERE id = ${HERE}`

/** The request of a scenario. `as` shows the owner's access token in one way or another. */
type Ask = {
  path?: string
  as?: 'bearer' | 'operator' | 'cookie' | 'feed'
  json?: unknown
  form?: Record<string, string>
  agent?: string
}

/** A status, and the code where it is a refusal. */
type Outcome = number | readonly [status: number, code: ProblemCode]

type Scenario = {
  route: string
  when: string
  given?: Sql[]
  ask: Ask
  answers: Outcome
  /** What the owner's doorkeeper remembers already, beside a device. */
  remembered?: (state: State) => State
  /** What the request changes, all of it or nothing. None where it only reads. */
  changes?: string[]
  /** What the same request is answered where the change was made and its answer lost. The same, if not said. */
  again?: Outcome
  /** What doorkeepers are asked, in this order. Nothing, if not said. */
  asks?: string[]
  /** What doorkeepers then remember, or do not any more. */
  remembers?: string[]
  /** What must be true in the end, however the request got there. */
  lastly?: () => Promise<unknown>
}

const HERE_STANDING = '- session here of owner: standing, generation 0, password typed at -60'
const PHONE_STANDING = '- session phone of owner: standing, generation 0, password typed at -60'
const HERE_REVOKED = ['+ session here of owner: revoked, generation 0, password typed at -60', '+ published: here']
const PHONE_REVOKED = ['+ session phone of owner: revoked, generation 0, password typed at -60', '+ published: phone']
const ALL_REVOKED = [HERE_STANDING, PHONE_STANDING, ...HERE_REVOKED, ...PHONE_REVOKED]
const NEW_SESSION = '+ session new of owner: standing, generation 0, password typed at +0'
const SIGNED_IN = ['+ audit: login_succeeded of owner in new', NEW_SESSION]
const OWNER_STAYS = 'user owner: owner@example.com, confirmed, old password'
const OWNER_IS = `- ${OWNER_STAYS}`
const NEW_PASSWORD_SET = [
  OWNER_IS,
  '+ user owner: owner@example.com, confirmed, new password',
  '+ mail to owner@example.com: Your password was changed',
]

const right = { email: OWNER, password: PASSWORD }
const reset = { token: LINK, password: NEW_PASSWORD }

const post = (path: string, json: unknown) =>
  callWith({ ...OWN, DOORKEEPER: doorkeepers(env.DB) }, ORIGIN + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(json),
  })
const opens = async (password: string, status: number, email = OWNER) =>
  expect((await post('/user/login', { email, password })).status).toBe(status)
const onlyNewPasswordOpens = async () => {
  await opens(NEW_PASSWORD, 200)
  await opens(PASSWORD, 401)
}
const tokenIn = (text: string) => /\?token=([\w-]{43})/.exec(text)?.slice(1) ?? []

/**
 * Of the links that were mailed to an address, here or before, exactly one opens something, however many requests asked
 * for one.
 */
const follow = async (path: string, email: string, before: string[] = [], more = {}) => {
  const tokens = [...before, ...mails.filter(({ to }) => to === email).flatMap(({ text }) => tokenIn(text))]
  const statuses = []
  for (const token of tokens) statuses.push((await post(path, { token, ...more })).status)
  expect(statuses.filter((status) => status === 204)).toHaveLength(1)
  expect(statuses.filter((status) => status === 400)).toHaveLength(tokens.length - 1)
}

const withoutMails = (state: State): State => ({ ...state, mails: { started_at: THEN, sent: 10 } })

const spoken: Scenario[] = [
  {
    route: 'POST /user/login',
    when: 'with the right password',
    ask: { json: right },
    answers: 200,
    changes: SIGNED_IN,
    asks: ['check'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /user/login',
    when: 'with the right password to an imported hash',
    given: [imported],
    ask: { json: right },
    answers: 200,
    changes: [
      '- user owner: owner@example.com, confirmed, imported password',
      '+ user owner: owner@example.com, confirmed, new password',
      ...SIGNED_IN,
    ],
    asks: ['check'],
    remembers: ['+ owner: device new'],
    lastly: () => opens(PASSWORD, 200),
  },
  {
    route: 'POST /user/login',
    when: 'with a wrong password',
    ask: { json: { email: OWNER, password: 'wrong' } },
    answers: [401, 'invalid_credentials'],
    changes: ['+ audit: login_failed (wrong_password) of owner in nothing'],
    asks: ['check'],
    remembers: ['+ owner: attempts 1', '+ owner: failures of stranger 1'],
  },
  {
    route: 'POST /user/login',
    when: 'with an unknown address',
    ask: { json: { email: NEWCOMER, password: 'wrong' } },
    answers: [401, 'invalid_credentials'],
    changes: ['+ audit: login_failed (unknown_email) of nobody in nothing'],
    asks: ['check'],
    remembers: ['+ newcomer: attempts 1', '+ newcomer: failures of stranger 1'],
  },
  {
    route: 'POST /user/login',
    when: 'after too many wrong passwords',
    remembered: withFailures(5, AT + 60),
    ask: { json: right },
    answers: [429, 'too_many_attempts'],
    asks: ['check'],
  },
  {
    route: 'POST /user/login',
    when: 'before the address is confirmed',
    given: [unconfirmed, mailed('verify')],
    ask: { json: right },
    answers: [403, 'email_not_verified'],
    changes: [
      '- link: verify of owner to owner@example.com, given',
      '+ link: verify of owner to owner@example.com, new',
      '+ mail to owner@example.com: Confirm your email address',
      '+ audit: login_failed (email_not_verified) of owner in nothing',
    ],
    asks: ['check', 'admitMail'],
    remembers: ['+ owner: mails 1'],
    lastly: () => follow('/user/email/verify', OWNER),
  },
  {
    route: 'POST /user/register',
    when: 'with a new address',
    ask: { json: { email: NEWCOMER, password: NEW_PASSWORD } },
    answers: 202,
    changes: [
      '+ user newcomer: newcomer@example.com, unconfirmed, new password',
      '+ link: verify of newcomer to newcomer@example.com, new',
      '+ mail to newcomer@example.com: Confirm your email address',
      '+ audit: registered of newcomer in nothing',
    ],
    asks: ['hash', 'admitMail'],
    remembers: ['+ newcomer: mails 1'],
  },
  {
    route: 'POST /user/register',
    when: 'with an address that was never confirmed',
    given: [unconfirmed, mailed('verify')],
    ask: { json: { email: OWNER, password: NEW_PASSWORD } },
    answers: 202,
    changes: [
      '- user owner: owner@example.com, unconfirmed, old password',
      '+ user owner: owner@example.com, unconfirmed, no password',
      '- link: verify of owner to owner@example.com, given',
      '+ link: reset of owner to owner@example.com, new',
      '+ mail to owner@example.com: Set your password',
      '+ audit: registered (known_email) of owner in nothing',
    ],
    asks: ['hash', 'admitMail'],
    remembers: ['+ owner: mails 1'],
    lastly: async () => {
      await follow('/user/password/reset', OWNER, [], { password: NEW_PASSWORD })
      await onlyNewPasswordOpens()
    },
  },
  {
    route: 'POST /user/register',
    when: 'with an address that has an account',
    ask: { json: { email: OWNER, password: NEW_PASSWORD } },
    answers: 202,
    changes: [
      '+ mail to owner@example.com: You already have an account',
      '+ audit: registered (known_email) of owner in nothing',
    ],
    asks: ['hash', 'admitMail'],
    remembers: ['+ owner: mails 1'],
    lastly: () => opens(PASSWORD, 200),
  },
  {
    route: 'POST /user/register',
    when: 'with an address that has had its mails of the day',
    given: [unconfirmed, mailed('verify')],
    remembered: withoutMails,
    ask: { json: { email: OWNER, password: NEW_PASSWORD } },
    answers: 202,
    changes: ['+ audit: registered (mail_limit) of nobody in nothing'],
    asks: ['hash', 'admitMail'],
    lastly: () => follow('/user/email/verify', OWNER, [LINK]),
  },
  {
    route: 'POST /user/email/verify',
    when: 'with the link of a registration',
    given: [unconfirmed, mailed('verify')],
    ask: { json: { token: LINK } },
    answers: 204,
    changes: [
      '- user owner: owner@example.com, unconfirmed, old password',
      '+ user owner: owner@example.com, confirmed, old password',
      '- link: verify of owner to owner@example.com, given',
      '+ audit: email_verified of owner in nothing',
      ...ALL_REVOKED,
    ],
    again: [400, 'invalid_one_time_token'],
    lastly: () => opens(PASSWORD, 200),
  },
  {
    route: 'POST /user/email/verify',
    when: 'with the link to a new address',
    given: [mailed('email_change', sql`${MOVED}`)],
    ask: { json: { token: LINK } },
    answers: 204,
    changes: [
      OWNER_IS,
      '+ user owner: moved@example.com, confirmed, old password',
      '- link: email_change of owner to moved@example.com, given',
      '+ mail to owner@example.com: Your email address was changed',
      '+ audit: email_changed of owner in nothing',
      ...ALL_REVOKED,
    ],
    again: [400, 'invalid_one_time_token'],
    asks: ['forget'],
    remembers: ['- owner: device phone'],
    lastly: () => opens(PASSWORD, 200, MOVED),
  },
  {
    route: 'POST /user/email/verify',
    when: 'with the link to an address that was taken meanwhile',
    given: [mailed('email_change', sql`${OTHER}`)],
    ask: { json: { token: LINK } },
    answers: [409, 'email_taken'],
  },
  {
    route: 'POST /user/email/resend',
    when: 'for an address that waits to be confirmed',
    given: [unconfirmed, mailed('verify')],
    ask: { json: { email: OWNER } },
    answers: 202,
    changes: [
      '- link: verify of owner to owner@example.com, given',
      '+ link: verify of owner to owner@example.com, new',
      '+ mail to owner@example.com: Confirm your email address',
      '+ audit: verification_requested of owner in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ owner: mails 1'],
    lastly: () => follow('/user/email/verify', OWNER),
  },
  {
    route: 'POST /user/email/resend',
    when: 'for a registration that left no password',
    given: [unconfirmed, withoutPassword, mailed('reset')],
    ask: { json: { email: OWNER } },
    answers: 202,
    changes: [
      '- link: reset of owner to owner@example.com, given',
      '+ link: reset of owner to owner@example.com, new',
      '+ mail to owner@example.com: Set your password',
      '+ audit: verification_requested of owner in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ owner: mails 1'],
  },
  {
    route: 'POST /user/email/resend',
    when: 'for an address that has had its mails of the day',
    given: [unconfirmed, mailed('verify')],
    remembered: withoutMails,
    ask: { json: { email: OWNER } },
    answers: 202,
    changes: ['+ audit: verification_requested (mail_limit) of owner in nothing'],
    asks: ['admitMail'],
    lastly: () => follow('/user/email/verify', OWNER, [LINK]),
  },
  {
    route: 'POST /user/email',
    when: 'to an address that is free',
    ask: { as: 'bearer', json: { email: MOVED, password: PASSWORD } },
    answers: 202,
    changes: [
      '+ link: email_change of owner to moved@example.com, new',
      '+ mail to moved@example.com: Confirm your new email address',
      '+ mail to owner@example.com: Your email address is about to change',
      '+ audit: email_change_requested of owner in here',
    ],
    asks: ['check', 'admitMail'],
    remembers: ['+ moved: mails 1'],
    lastly: () => follow('/user/email/verify', MOVED),
  },
  {
    route: 'POST /user/email',
    when: 'to an address of somebody else',
    ask: { as: 'bearer', json: { email: OTHER, password: PASSWORD } },
    answers: 202,
    changes: [
      '+ mail to other@example.com: You already have an account',
      '+ mail to owner@example.com: Your email address is about to change',
      '+ audit: email_change_requested of owner in here',
    ],
    asks: ['check', 'admitMail'],
    remembers: ['+ other: mails 1'],
  },
  {
    route: 'POST /user/email',
    when: 'to an address that has had its mails of the day',
    remembered: withoutMails,
    ask: { as: 'bearer', json: { email: OWNER, password: PASSWORD } },
    answers: 202,
    changes: [
      '+ mail to owner@example.com: Your email address is about to change',
      '+ audit: email_change_requested of owner in here',
    ],
    asks: ['check', 'admitMail'],
  },
  {
    route: 'POST /user/password/forgot',
    when: 'for an address that has an account',
    ask: { json: { email: OWNER } },
    answers: 202,
    changes: [
      '+ link: reset of owner to owner@example.com, new',
      '+ mail to owner@example.com: Set a new password',
      '+ audit: password_reset_requested of owner in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ owner: mails 1'],
    lastly: async () => {
      await follow('/user/password/reset', OWNER, [], { password: NEW_PASSWORD })
      await onlyNewPasswordOpens()
    },
  },
  {
    route: 'POST /user/password/forgot',
    when: 'for an unknown address',
    ask: { json: { email: NEWCOMER } },
    answers: 202,
    changes: ['+ audit: password_reset_requested of nobody in nothing'],
    asks: ['admitMail'],
    remembers: ['+ newcomer: mails 1'],
  },
  {
    route: 'POST /user/password/forgot',
    when: 'for an address that has had its mails of the day',
    given: [mailed('reset')],
    remembered: withoutMails,
    ask: { json: { email: OWNER } },
    answers: 202,
    changes: ['+ audit: password_reset_requested (mail_limit) of owner in nothing'],
    asks: ['admitMail'],
    lastly: () => follow('/user/password/reset', OWNER, [LINK], { password: NEW_PASSWORD }),
  },
  {
    route: 'POST /user/password/reset',
    when: 'with a mailed link',
    remembered: withFailures(7),
    given: [mailed('reset')],
    ask: { json: reset },
    answers: 204,
    changes: [
      ...NEW_PASSWORD_SET,
      '- link: reset of owner to owner@example.com, given',
      '+ audit: password_reset of owner in nothing',
      ...ALL_REVOKED,
    ],
    again: [400, 'invalid_one_time_token'],
    asks: ['hash', 'unlock'],
    remembers: ['- owner: failures of stranger 7'],
    lastly: onlyNewPasswordOpens,
  },
  {
    route: 'POST /user/password',
    when: 'with the current password',
    given: [mailed('email_change', sql`${MOVED}`)],
    ask: { as: 'bearer', json: { current_password: PASSWORD, new_password: NEW_PASSWORD } },
    answers: 204,
    changes: [
      ...NEW_PASSWORD_SET,
      '- link: email_change of owner to moved@example.com, given',
      '+ audit: password_changed of owner in here',
      PHONE_STANDING,
      ...PHONE_REVOKED,
    ],
    again: [401, 'invalid_credentials'],
    asks: ['check', 'hash'],
    lastly: onlyNewPasswordOpens,
  },
  {
    route: 'GET /user/me',
    when: 'signed in',
    ask: { as: 'bearer' },
    answers: 200,
  },
  {
    route: 'GET /user/me/export',
    when: 'signed in',
    ask: { as: 'bearer' },
    answers: 200,
    asks: ['known'],
  },
  {
    route: 'DELETE /user/me',
    when: 'with the password',
    given: [mailed('reset')],
    ask: { as: 'bearer', json: { password: PASSWORD } },
    answers: 204,
    changes: [
      OWNER_IS,
      '- link: reset of owner to owner@example.com, given',
      HERE_STANDING,
      PHONE_STANDING,
      '+ published: here',
      '+ published: phone',
      '+ mail to owner@example.com: Your account was deleted',
      '+ audit: account_deleted of owner in nothing',
    ],
    again: [401, 'invalid_token'],
    asks: ['check', 'forget'],
    remembers: ['- owner: device phone'],
  },
  {
    route: 'POST /user/refresh',
    when: 'with the current token',
    ask: { json: { refresh_token: REFRESH_0 } },
    answers: 200,
    changes: [HERE_STANDING, '+ session here of owner: standing, generation 1, password typed at -60'],
  },
  {
    route: 'POST /user/refresh',
    when: 'with the token that was just replaced',
    given: [refreshed(AT - 10)],
    ask: { json: { refresh_token: REFRESH_0 } },
    answers: 200,
  },
  {
    route: 'POST /user/refresh',
    when: 'with a token that was replaced long ago, from elsewhere',
    given: [refreshed(THEN)],
    ask: { json: { refresh_token: REFRESH_0 }, agent: 'somebody else' },
    answers: [401, 'invalid_refresh_token'],
    changes: [
      '- session here of owner: standing, generation 1, password typed at -60',
      '+ session here of owner: revoked, generation 1, password typed at -60',
      '+ published: here',
      '+ mail to owner@example.com: We signed a device out',
      '+ audit: refresh_token_replayed of owner in here',
    ],
  },
  {
    route: 'POST /user/reauth',
    when: 'with the password',
    ask: { as: 'bearer', json: { password: PASSWORD } },
    answers: 200,
    changes: [
      HERE_STANDING,
      '+ session here of owner: standing, generation 0, password typed at +0',
      '+ audit: reauthenticated of owner in here',
    ],
    asks: ['check'],
  },
  {
    route: 'POST /user/logout',
    when: 'signed in',
    ask: { as: 'bearer' },
    answers: 204,
    changes: [HERE_STANDING, ...HERE_REVOKED, '+ audit: logged_out of owner in here'],
  },
  {
    route: 'POST /user/logout/everywhere',
    when: 'signed in',
    ask: { as: 'bearer' },
    answers: 204,
    changes: [...ALL_REVOKED, '+ audit: logged_out_everywhere of owner in here'],
    again: [401, 'invalid_token'],
  },
  {
    route: 'GET /user/sessions',
    when: 'signed in',
    ask: { as: 'bearer' },
    answers: 200,
  },
  {
    route: 'DELETE /user/sessions/:id',
    when: 'for another device',
    ask: { as: 'bearer', path: `/user/sessions/${PHONE}` },
    answers: 204,
    changes: [PHONE_STANDING, ...PHONE_REVOKED, '+ audit: session_revoked of owner in phone'],
    again: [404, 'not_found'],
  },
  {
    route: 'GET /user/devices',
    when: 'signed in',
    ask: { as: 'bearer' },
    answers: 200,
    asks: ['known'],
  },
  {
    route: 'DELETE /user/devices/:id',
    when: 'for a device that is known',
    ask: { as: 'bearer', path: `/user/devices/${DEVICE}` },
    answers: 204,
    again: [404, 'not_found'],
    asks: ['forgetDevice'],
    remembers: ['- owner: device phone'],
  },
  { route: 'GET /admin/users', when: 'asked by an operator', given: [operates], ask: { as: 'operator' }, answers: 200 },
  {
    route: 'GET /admin/users/:id',
    when: 'asked by an operator',
    given: [operates],
    ask: { as: 'operator', path: '/admin/users/1' },
    answers: 200,
  },
  { route: 'GET /admin/audit', when: 'asked by an operator', given: [operates], ask: { as: 'operator' }, answers: 200 },
  { route: 'GET /admin/stats', when: 'asked by an operator', given: [operates], ask: { as: 'operator' }, answers: 200 },
  {
    route: 'POST /admin/users',
    when: 'without a password',
    given: [operates],
    ask: { as: 'operator', json: { email: NEWCOMER, roles: ['editor'] } },
    answers: 201,
    changes: [
      '+ user newcomer: newcomer@example.com, unconfirmed, no password, roles ["editor"]',
      '+ link: reset of newcomer to newcomer@example.com, new',
      '+ mail to newcomer@example.com: You have an account',
      '+ audit: user_created of newcomer in nothing by user:2',
    ],
    again: [409, 'email_taken'],
    lastly: () => follow('/user/password/reset', NEWCOMER, [], { password: NEW_PASSWORD }),
  },
  {
    route: 'POST /admin/users',
    when: 'with a password',
    given: [operates],
    ask: { as: 'operator', json: { email: NEWCOMER, password: NEW_PASSWORD } },
    answers: 201,
    changes: [
      '+ user newcomer: newcomer@example.com, unconfirmed, new password',
      '+ link: verify of newcomer to newcomer@example.com, new',
      '+ mail to newcomer@example.com: Confirm your email address',
      '+ audit: user_created of newcomer in nothing by user:2',
    ],
    again: [409, 'email_taken'],
    asks: ['hash'],
    lastly: async () => {
      await follow('/user/email/verify', NEWCOMER)
      await opens(NEW_PASSWORD, 200, NEWCOMER)
    },
  },
  {
    route: 'DELETE /admin/users/:id',
    when: 'asked by an operator',
    given: [operates],
    ask: { as: 'operator', path: '/admin/users/1' },
    answers: 204,
    changes: [
      OWNER_IS,
      HERE_STANDING,
      PHONE_STANDING,
      '+ published: here',
      '+ published: phone',
      '+ audit: account_deleted of owner in nothing by user:2',
    ],
    again: [404, 'not_found'],
    asks: ['forget'],
    remembers: ['- owner: device phone'],
  },
  {
    route: 'DELETE /admin/users/:id/sessions',
    when: 'asked by an operator',
    given: [operates],
    ask: { as: 'operator', path: '/admin/users/1/sessions' },
    answers: 204,
    changes: [...ALL_REVOKED, '+ audit: sessions_revoked of owner in nothing by user:2'],
  },
  {
    route: 'PUT /admin/users/:id/roles',
    when: 'asked by an operator',
    given: [operates],
    ask: { as: 'operator', path: '/admin/users/1/roles', json: { roles: ['editor'] } },
    answers: 204,
    changes: [OWNER_IS, `+ ${OWNER_STAYS}, roles ["editor"]`, '+ audit: roles_changed of owner in nothing by user:2'],
  },
  {
    route: 'POST /admin/users/:id/disable',
    when: 'asked by an operator',
    given: [operates],
    ask: { as: 'operator', path: '/admin/users/1/disable' },
    answers: 204,
    changes: [
      OWNER_IS,
      `+ ${OWNER_STAYS}, disabled`,
      ...ALL_REVOKED,
      '+ audit: user_disabled of owner in nothing by user:2',
    ],
    lastly: () => opens(PASSWORD, 403),
  },
  {
    route: 'POST /admin/users/:id/enable',
    when: 'asked by an operator',
    given: [operates, ...disabled],
    ask: { as: 'operator', path: '/admin/users/1/enable' },
    answers: 204,
    changes: [`- ${OWNER_STAYS}, disabled`, `+ ${OWNER_STAYS}`, '+ audit: user_enabled of owner in nothing by user:2'],
    lastly: () => opens(PASSWORD, 200),
  },
  {
    route: 'POST /admin/users/:id/reset',
    when: 'asked by an operator',
    given: [operates, mailed('email_change', sql`${MOVED}`)],
    ask: { as: 'operator', path: '/admin/users/1/reset' },
    answers: 204,
    changes: [
      OWNER_IS,
      '+ user owner: owner@example.com, confirmed, no password',
      ...ALL_REVOKED,
      '- link: email_change of owner to moved@example.com, given',
      '+ link: reset of owner to owner@example.com, new',
      '+ mail to owner@example.com: Set a new password',
      '+ audit: reset_forced of owner in nothing by user:2',
    ],
    lastly: async () => {
      await opens(PASSWORD, 401)
      await follow('/user/password/reset', OWNER, [], { password: NEW_PASSWORD })
      await onlyNewPasswordOpens()
    },
  },
  {
    route: 'POST /admin/users/:id/unlock',
    when: 'asked by an operator',
    given: [operates],
    remembered: withFailures(7),
    ask: { as: 'operator', path: '/admin/users/1/unlock' },
    answers: 204,
    changes: ['+ audit: account_unlocked of owner in nothing by user:2'],
    asks: ['unlock'],
    remembers: ['- owner: failures of stranger 7'],
  },
  { route: 'POST /action', when: 'signed in', ask: { as: 'bearer' }, answers: 200 },
  { route: 'GET /revoked', when: 'for another service', ask: { as: 'feed' }, answers: 200 },
  { route: 'GET /ready', when: 'asked by anybody', ask: {}, answers: 200 },
  { route: 'GET /login', when: 'signed in', ask: { as: 'cookie' }, answers: 200 },
  {
    route: 'POST /login',
    when: 'with the right password',
    ask: { form: right },
    answers: 303,
    changes: SIGNED_IN,
    asks: ['check'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /logout',
    when: 'signed in',
    ask: { as: 'cookie', form: {} },
    answers: 303,
    changes: [HERE_STANDING, ...HERE_REVOKED, '+ audit: logged_out of owner in here'],
  },
  {
    route: 'POST /verify',
    when: 'with the link of a registration',
    given: [unconfirmed, mailed('verify')],
    ask: { form: { token: LINK } },
    answers: 303,
    changes: [
      '- user owner: owner@example.com, unconfirmed, old password',
      '+ user owner: owner@example.com, confirmed, old password',
      '- link: verify of owner to owner@example.com, given',
      '+ audit: email_verified of owner in nothing',
      ...ALL_REVOKED,
    ],
    again: [400, 'invalid_one_time_token'],
  },
  {
    route: 'POST /verify',
    when: 'with the link to a new address',
    given: [mailed('email_change', sql`${MOVED}`)],
    ask: { form: { token: LINK } },
    answers: 303,
    changes: [
      OWNER_IS,
      '+ user owner: moved@example.com, confirmed, old password',
      '- link: email_change of owner to moved@example.com, given',
      '+ mail to owner@example.com: Your email address was changed',
      '+ audit: email_changed of owner in nothing',
      ...ALL_REVOKED,
    ],
    again: [400, 'invalid_one_time_token'],
    asks: ['forget'],
    remembers: ['- owner: device phone'],
  },
  {
    route: 'POST /reset',
    when: 'with a mailed link',
    remembered: withFailures(7),
    given: [mailed('reset')],
    ask: { form: reset },
    answers: 303,
    changes: [
      ...NEW_PASSWORD_SET,
      '- link: reset of owner to owner@example.com, given',
      '+ audit: password_reset of owner in nothing',
      ...ALL_REVOKED,
    ],
    again: [400, 'invalid_one_time_token'],
    asks: ['hash', 'unlock'],
    remembers: ['- owner: failures of stranger 7'],
    lastly: onlyNewPasswordOpens,
  },
]

/** What a JSON route does, asked for by the form of a page. */
function byForm(json: string, page: string, ask: Ask, own: Partial<Scenario> = {}): Scenario {
  const { again: _again, ...same } = spoken.find(({ route }) => route === json)!
  return { ...same, route: page, ask, answers: 303, ...own }
}

const byOperator = (form: Record<string, string>): Ask => ({ as: 'operator', path: '/console/users/1', form })
const seenByOperator = (route: string): Scenario => ({
  route,
  when: 'asked by an operator',
  given: [operates],
  ask: { as: 'operator', path: route.slice('GET '.length).replace(':id', '1') },
  answers: 200,
})

const byOwner = (form: Record<string, string>): Ask => ({ as: 'cookie', form })
const seenByOwner = (route: string): Scenario => ({ route, when: 'signed in', ask: { as: 'cookie' }, answers: 200 })

const scenarios: Scenario[] = [
  ...spoken,
  byForm('POST /user/register', 'POST /register', { form: { email: NEWCOMER, password: NEW_PASSWORD } }),
  byForm('POST /user/password/forgot', 'POST /forgot', { form: { email: OWNER } }),
  { ...seenByOwner('GET /account'), asks: ['known'] },
  seenByOwner('GET /account/email'),
  seenByOwner('GET /account/password'),
  { ...seenByOwner('GET /account/export'), asks: ['known'] },
  seenByOwner('GET /account/delete'),
  byForm('POST /user/email', 'POST /account/email', byOwner({ email: MOVED, password: PASSWORD })),
  byForm(
    'POST /user/password',
    'POST /account/password',
    byOwner({ current_password: PASSWORD, new_password: NEW_PASSWORD }),
    { again: 401 },
  ),
  byForm('DELETE /user/sessions/:id', 'POST /account/sessions', byOwner({ end: PHONE }), {
    again: [404, 'not_found'],
  }),
  byForm('DELETE /user/sessions/:id', 'POST /account/sessions', byOwner({ end: 'others' }), {
    when: 'for all other devices',
    changes: [PHONE_STANDING, ...PHONE_REVOKED, '+ audit: sessions_revoked of owner in here'],
  }),
  byForm('POST /user/logout/everywhere', 'POST /account/sessions', byOwner({ end: 'all' }), { when: 'for all' }),
  byForm('DELETE /user/devices/:id', 'POST /account/devices', byOwner({ forget: DEVICE }), {
    again: [404, 'not_found'],
  }),
  byForm('POST /user/reauth', 'POST /account/export', byOwner({ password: PASSWORD })),
  byForm('DELETE /user/me', 'POST /account/delete', byOwner({ password: PASSWORD })),
  byForm(
    'POST /user/reauth',
    'POST /console/users/:id/confirm',
    { as: 'cookie', path: '/console/users/2/confirm', form: { password: PASSWORD } },
    { given: [sql`UPDATE users SET roles = '["admin"]' WHERE id = 1`] },
  ),
  ...[
    'GET /console',
    'GET /console/audit',
    'GET /console/numbers',
    'GET /console/users/:id',
    'GET /console/users/:id/delete',
    'GET /console/users/:id/confirm',
  ].map(seenByOperator),
  ...(
    [
      ['disable', 'POST /admin/users/:id/disable'],
      ['enable', 'POST /admin/users/:id/enable'],
      ['sessions', 'DELETE /admin/users/:id/sessions'],
      ['unlock', 'POST /admin/users/:id/unlock'],
      ['roles', 'PUT /admin/users/:id/roles'],
      ['reset', 'POST /admin/users/:id/reset'],
      ['delete', 'DELETE /admin/users/:id'],
    ] as const
  ).map(([action, json]) =>
    byForm(json, 'POST /console/users/:id', byOperator({ do: action, roles: 'editor' }), {
      when: `to ${action}`,
      ...(action === 'delete' && { again: [404, 'not_found'] }),
    }),
  ),
]

/** Routes that never ask the database, with a request to each. */
const WITHOUT_D1: Record<string, string> = {
  'GET /brand.css': '/brand.css',
  'GET /forgot': '/forgot',
  'GET /health': '/health',
  'GET /register': '/register',
  'GET /reset': `/reset?token=${LINK}`,
  'GET /verify': `/verify?token=${LINK}`,
}

const ON_PAGES = /^(GET|POST) \/(login|logout|register|forgot|verify|reset|account|console)(\/|$)/

/** What is logged where a doorkeeper could not be told what has been done already. The answer is as if it had been. */
const notTold = ({ route, ask }: Scenario, question: string): string | undefined =>
  route.endsWith('/unlock') || ask.form?.do === 'unlock'
    ? undefined
    : { unlock: 'doorkeeper_not_opened', forget: 'doorkeeper_not_cleared' }[question]

/** What is not asked again where its answer was lost: twice would be another thing than once. */
const ASKED_ONCE = new Set(['admitMail', 'forgetDevice'])

const consoles = {
  error: vi.spyOn(console, 'error'),
  info: vi.spyOn(console, 'info'),
  log: vi.spyOn(console, 'log'),
  warn: vi.spyOn(console, 'warn'),
}

/** The same pairs are compared again and again, and a pair never changes its result. */
const comparisons = new Map<string, boolean>()
const compareReally: (password: string, hash: string) => Promise<boolean> = bcrypt.compare.bind(bcrypt)
const compare = vi.spyOn(bcrypt, 'compare') as unknown as MockInstance<typeof compareReally>

beforeAll(async () => {
  for (const email of [OWNER, OTHER, NEWCOMER, MOVED]) {
    const { name } = await doorkeeperOf(email)
    people.set(name!, email.split('@')[0]!)
    touched.add(name!)
  }
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: AT * 1000 })
  compare.mockImplementation(async (password, hash) => {
    const pair = JSON.stringify([password, hash])
    const result = comparisons.get(pair) ?? (await compareReally(password, hash))
    comparisons.set(pair, result)
    return result
  })
})
beforeEach(() => {
  for (const spy of Object.values(consoles)) spy.mockReset()
})
afterAll(() => {
  vi.useRealTimers()
  compare.mockRestore()
  for (const spy of Object.values(consoles)) spy.mockRestore()
})

describe('the table of routes', () => {
  it('names every route that asks D1', () => {
    const routes = app.routes
      .filter((route) => route.method !== METHOD_NAME_ALL && !isAdded(route))
      .map(({ method, path }) => `${method} ${path}`)
    const named = [...scenarios.map(({ route }) => route), ...Object.keys(WITHOUT_D1)]
    expect([...new Set(named)].sort()).toEqual([...new Set(routes)].sort())
  })

  it.each(Object.entries(WITHOUT_D1))('lists %s as one that never does', async (_route, path) => {
    const { db, calls } = faultyD1(env.DB)
    expect((await callWith({ ...OWN, DB: db, DOORKEEPER: noDoorkeepers }, ORIGIN + path)).status).toBe(200)
    expect(calls).toEqual([])
  })

  it('has nothing to ask for a stranger who opens the login page', async () => {
    const { db, calls } = faultyD1(env.DB)
    expect((await callWith({ ...OWN, DB: db, DOORKEEPER: noDoorkeepers }, `${ORIGIN}/login`)).status).toBe(200)
    expect(calls).toEqual([])
  })
})

type Strike = Exclude<Plan, { watch: unknown }>

/** A call to a doorkeeper that is lost, counted from 1, and how many of the same. The first may have done its work. */
type Loss = { at: number; ran: boolean; tries: number }

/**
 * What a request does when nothing fails: its calls, and the database before the first and after each; what doorkeepers
 * were asked, and what they remembered before the first question, after each, and when each call to the database had run.
 */
type Rehearsal = {
  calls: Call[]
  states: string[][]
  asked: string[]
  memories: string[][]
  during: string[][]
}

describe.each(scenarios)('$route $when', (scenario) => {
  let rehearsal: Rehearsal
  beforeAll(async () => {
    rehearsal = await rehearse(scenario)
  })

  it('makes its change in one call, or none', () => {
    const { states } = rehearsal
    expect(difference(states[0]!, states.at(-1)!)).toEqual([...(scenario.changes ?? [])].sort())
    expect(new Set(states.map(String)).size).toBe(scenario.changes ? 2 : 1)
  })

  it('asks doorkeepers what it must, and they remember it', () => {
    const { asked, memories } = rehearsal
    expect(asked).toEqual(scenario.asks ?? [])
    expect(difference(memories[0]!, memories.at(-1)!)).toEqual([...(scenario.remembers ?? [])].sort())
  })

  it.each(Object.keys(faults) as Fault[])(
    'refuses and leaves all or nothing, whichever call fails (%s)',
    async (fault) => {
      for (const at of rehearsal.calls.keys()) await survive(scenario, rehearsal, { at: at + 1, fault })
    },
  )

  if (scenario.changes) {
    it('keeps nothing of a batch in which one statement fails', async () => {
      const batches = [...rehearsal.calls.entries()].filter(([, { method }]) => method === 'batch')
      expect(batches.length).toBeGreaterThan(0)
      for (const [at, { statements }] of batches) {
        for (let raiseAfter = 0; raiseAfter <= statements.length; raiseAfter++) {
          await survive(scenario, rehearsal, { at: at + 1, raiseAfter })
        }
      }
    })
  }
})

describe.each(scenarios.filter(({ asks }) => asks === undefined))('without doorkeepers: $route $when', (scenario) => {
  it('goes on', async () => {
    await begin(scenario)
    const before = await stateNow()
    const answer = await request(scenario, faultyD1(env.DB), { doorkeepers: noDoorkeepers })
    await expectOutcome(scenario, answer, scenario.answers)
    expect(difference(before, await stateNow())).toEqual([...(scenario.changes ?? [])].sort())
  })
})

describe.each(scenarios.filter(({ asks }) => asks !== undefined))('without doorkeepers: $route $when', (scenario) => {
  const losses: [string, Omit<Loss, 'at'>][] = [
    ['does not reach it', { ran: false, tries: 1 }],
    ['does not reach it, nor another', { ran: false, tries: 2 }],
    ['loses its answer', { ran: true, tries: 1 }],
    ['loses its answer, and another', { ran: true, tries: 2 }],
  ]
  let rehearsal: Rehearsal
  beforeAll(async () => {
    rehearsal = rehearsals.get(scenario) ?? (await rehearse(scenario))
  })

  it.each(losses)('refuses and changes nothing, or has done so already, when a question %s', async (_how, loss) => {
    for (const at of rehearsal.asked.keys()) await loseQuestion(scenario, rehearsal, { ...loss, at: at + 1 })
  })

  it('refuses and changes nothing, or has done so already, when there is not even a way to one', async () => {
    await begin(scenario)
    const answer = await request(scenario, faultyD1(env.DB), { doorkeepers: noDoorkeepers })
    await expectNothingSecret(scenario, answer)
    const [first] = scenario.asks as [string]
    const code = notTold(scenario, first)
    if (code) await expectOutcome(scenario, answer, scenario.answers)
    else await expectUnavailable(scenario, answer)
    expect(await stateNow()).toEqual(rehearsal.states.at(code ? -1 : 0))
    expect(await memoryNow()).toEqual(rehearsal.memories[0])
  })
})

describe('an object that has too much to do', () => {
  it('is not asked again', async () => {
    const [scenario] = scenarios as [Scenario]
    await begin(scenario)
    const asked: string[] = []
    const overloaded = Object.assign(new Error('Durable Object is overloaded.'), { overloaded: true })
    const answer = await request(scenario, faultyD1(env.DB), {
      doorkeepers: doorkeepers(env.DB, {
        before: (question) => {
          asked.push(question)
          throw overloaded
        },
      }),
    })
    await expectUnavailable(scenario, answer)
    expect(asked).toEqual(['check'])
  })
})

describe('an isolate that has read the revoked set', () => {
  const action: Scenario = { route: 'POST /action', when: 'signed in', ask: { as: 'bearer' }, answers: 200 }

  it.each(Object.keys(faults) as Fault[])('lets tokens in for a minute while D1 fails (%s)', async (fault) => {
    await begin(action)
    const d1 = faultyD1(env.DB)
    expect((await request(action, d1)).status).toBe(200)
    // Read again after the answer, then before it; at last what is known is too old.
    const ages = [
      { seconds: 3, status: 200 },
      { seconds: 10, status: 200 },
      { seconds: 55, status: 200 },
      { seconds: 62, status: 503 },
    ]
    for (const { seconds, status } of ages) {
      vi.setSystemTime((AT + seconds) * 1000)
      const answer = await request(action, d1, { plan: { at: d1.calls.length + 1, fault } })
      expect([seconds, answer.status]).toEqual([seconds, status])
      expect(logged()).toContainEqual(expect.objectContaining({ code: 'revocations_not_loaded' }))
      await expectNothingSecret(action, answer)
    }
    vi.setSystemTime((AT + 70) * 1000)
    expect((await request(action, d1)).status).toBe(200)
  })

  it.each(['after', 'stall'] as const)('learns in time of a sign-out whose answer was lost (%s)', async (fault) => {
    await begin(action)
    const d1 = faultyD1(env.DB)
    expect((await request(action, d1)).status).toBe(200)
    const leaving = await request({ ...action, route: 'POST /user/logout/everywhere' }, d1, {
      plan: { at: d1.calls.length + 2, fault }, // the session is read before it ends
    })
    await expectProblem(leaving, 503, 'unavailable')
    vi.setSystemTime(AT * 1000 + 5_001)
    await expectProblem(await request(action, d1), 401, 'invalid_token')
  })
})

describe('a login with a password that stops being right while it is compared', () => {
  it.each([
    ['it is reset', sql`UPDATE users SET hashed_password = 'another', password_set_at = ${AT} WHERE id = 1`],
    ['the account is disabled', sql`UPDATE users SET disabled_at = ${AT} WHERE id = 1`],
    ['the account is deleted', sql`DELETE FROM users WHERE id = 1`],
  ])('starts no session when %s', async (_when, change) => {
    const [scenario] = scenarios as [Scenario]
    await begin(scenario)
    const meanwhile = [sql`UPDATE sessions SET revoked_at = ${AT} WHERE user_id = 1`, change]
    const watch = async (call: number) => void (call === 1 && (await batch(env.DB, meanwhile)))
    const answer = await request(scenario, faultyD1(env.DB), { plan: { watch } })
    await expectProblem(answer, 401, 'invalid_credentials')
    expect((await stateNow()).filter((line) => /session new|login_succeeded/.test(line.split(' | ')[0]!))).toEqual([])
  })

  it('is not disturbed by another one that makes the hash dearer', async () => {
    const [scenario] = scenarios as [Scenario]
    await begin({ given: [imported] })
    const meanwhile = [sql`UPDATE users SET hashed_password = ${HASH} WHERE id = 1`]
    const watch = async (call: number) => void (call === 1 && (await batch(env.DB, meanwhile)))
    await expectOutcome(scenario, await request(scenario, faultyD1(env.DB), { plan: { watch } }), 200)
  })
})

describe('the cron run', () => {
  it.each(Object.keys(faults) as Fault[])(
    'loses no mail and no row that is wanted when a call fails (%s)',
    async (fault) => {
      const forgot = scenarios.find(({ route }) => route === 'POST /user/password/forgot')!
      for (const at of [1, 2, 3]) {
        await begin(forgot)
        const d1 = faultyD1(env.DB)
        await request(forgot, d1, { plan: { at: 2, fault: 'before' } }) // the mail stays in the outbox
        expect(mails).toEqual([])
        const state = await stateNow()
        const run = () => worker.scheduled({} as ScheduledController, { ...OWN, DB: d1.db })
        d1.follow({ at: d1.calls.length + at, fault })
        await expect(answerOf(run(), d1, fault)).rejects.toThrow('unavailable')
        expect(await stateNow()).toEqual(state)
        await expectInvariants()
        d1.follow()
        vi.setSystemTime((AT + 61) * 1000)
        await run()
        expect(mails.map(({ to }) => to)).toContain(OWNER)
        expect(await stateNow()).toEqual(state)
      }
    },
  )
})

const rehearsals = new Map<Scenario, Rehearsal>()

/** What the request of a scenario does to the database, call by call, when nothing fails. */
async function rehearse(scenario: Scenario): Promise<Rehearsal> {
  await begin(scenario)
  const [states, memories, during] = [[await stateNow()], [await memoryNow()], [await memoryNow()]]
  const [d1, asked] = [faultyD1(env.DB), [] as string[]]
  const watch = async (call: number) => {
    states[call] = await stateNow()
    during[call] = await memoryNow()
  }
  const before = (question: string) => void asked.push(question)
  const after = async () => void memories.push(await memoryNow())
  const answer = await request(scenario, d1, {
    plan: { watch },
    doorkeepers: doorkeepers(d1.inside, { before, after }),
  })
  const calls = [...d1.calls]
  await expectOutcome(scenario, answer, scenario.answers)
  await expectInvariants()
  await scenario.lastly?.()
  const rehearsal = { calls, states, asked, memories, during }
  rehearsals.set(scenario, rehearsal)
  return rehearsal
}

/** What is done for the outbox once the answer is on its way. */
const isLate = ({ statements }: Call) => /^(UPDATE|DELETE FROM) outbox/.test(statements[0]!)

/** The request while one call goes wrong, and what must hold then. */
async function survive(scenario: Scenario, rehearsal: Rehearsal, plan: Strike): Promise<void> {
  const { calls, states, during } = rehearsal
  const about = JSON.stringify(plan)
  await begin(scenario)
  const d1 = faultyD1(env.DB)
  const answer = await request(scenario, d1, { plan })
  await expectNothingSecret(scenario, answer)
  const late = isLate(calls[plan.at - 1]!)
  if (late) {
    await expectOutcome(scenario, answer, scenario.answers)
    expect(logged(), about).toContainEqual(expect.objectContaining({ code: 'outbox_not_read' }))
  } else {
    await expectUnavailable(scenario, answer)
  }
  expect(d1.calls.length, `${about}: nothing is tried again, nothing comes after`).toBe(plan.at)
  const ran = 'fault' in plan && faults[plan.fault].ran
  const [before, after] = [states[plan.at - 1]!, states[plan.at]!]
  expect(await stateNow(), about).toEqual(ran ? after : before)
  await expectInvariants()

  // An attempt that came to no comparison was none; one that was compared counts, whatever became of its answer.
  const isInside = calls[plan.at - 1]!.by === 'object'
  expect(await memoryNow(), about).toEqual(late ? rehearsal.memories.at(-1) : during[isInside ? plan.at - 1 : plan.at])
  if (isInside) expect(compare).not.toHaveBeenCalled()

  // Silence and a torn batch leave the same rows behind as a failure: asking again meets nothing new.
  const fails = 'fault' in plan && faults[plan.fault].answers
  if (fails && !late) await repeat(scenario, rehearsal)
  await expectMailed()
  if (fails && ran && String(before) !== String(after)) await scenario.lastly?.()
}

/** The request while a question to a doorkeeper is lost, and what must hold then. */
async function loseQuestion(scenario: Scenario, rehearsal: Rehearsal, { at, ran, tries }: Loss): Promise<void> {
  const { asked, states, memories } = rehearsal
  const about = JSON.stringify({ at, ran, tries })
  const question = asked[at - 1]!
  const isLost = (n: number) => n >= at && n < at + tries
  const fail = () => {
    throw new Error('Network connection lost.')
  }
  await begin(scenario)
  const d1 = faultyD1(env.DB)
  const again: string[] = []
  const losing = doorkeepers(d1.inside, {
    before: (name) => void (isLost(again.push(name)) && !ran && fail()),
    after: () => void (isLost(again.length) && ran && fail()),
  })
  const answer = await request(scenario, d1, { doorkeepers: losing })
  const isOver = tries > 1 || ASKED_ONCE.has(question)
  const code = notTold(scenario, question)
  const goesOn = !isOver || code !== undefined
  const twice = ASKED_ONCE.has(question) ? [] : [question]
  expect(again, about).toEqual([...asked.slice(0, at), ...twice, ...(goesOn ? asked.slice(at) : [])])
  if (goesOn) await expectOutcome(scenario, answer, scenario.answers)
  else await expectUnavailable(scenario, answer)
  await expectNothingSecret(scenario, goesOn ? undefined : answer)
  if (isOver && goesOn) expect(logged(), about).toEqual([expect.objectContaining({ code })])
  expect(await stateNow(), about).toEqual(states.at(goesOn ? -1 : 0))
  expect(await memoryNow(), about).toEqual(isOver ? memories[ran ? at : at - 1] : memories.at(-1))
  await expectInvariants()
  if (!goesOn) await repeat(scenario, rehearsal, ran && question === 'forgetDevice')
  await expectMailed()
  await scenario.lastly?.()
}

/** The same request again, now that all is well. */
async function repeat(scenario: Scenario, { states }: Rehearsal, forgotten = false): Promise<void> {
  vi.setSystemTime(AT * 1000)
  const changed = forgotten || difference(states[0]!, await stateNow()).length > 0
  const answer = await request(scenario, faultyD1(env.DB))
  await expectOutcome(scenario, answer, (changed && scenario.again) || scenario.answers)
  if (!changed) expect(await stateNow()).toEqual(states.at(-1))
  await expectInvariants()
}

/** Whatever mail waits is sent: after a minute, when nobody can be in the middle of sending it. */
async function expectMailed(): Promise<void> {
  const told = await stateNow()
  await deliverMail(OWN, settings, AT + 61)
  expect(await env.DB.prepare('SELECT count(*) AS n FROM outbox').first('n')).toBe(0)
  expect(await stateNow()).toEqual(told)
}

/** The small world in which every request is made. */
async function begin({ given = [], remembered }: Pick<Scenario, 'given' | 'remembered'>): Promise<void> {
  vi.setSystemTime(AT * 1000)
  mails.length = 0
  owners = remembered?.(OWNERS) ?? OWNERS
  await Promise.all(
    [...touched].map((name) => {
      const state = memoryAtFirst(people.get(name))
      return within(name, (instance) => (instance as unknown as Store).store(state))
    }),
  )
  const tables = ['outbox', 'webhook_outbox', 'one_time_tokens', 'sessions', 'users', 'revocations', 'audit_events']
  const user = (id: number, email: string) =>
    sql`INSERT INTO users (id, email, hashed_password, password_set_at, created_at)
      VALUES (${id}, ${email}, ${HASH}, ${THEN}, ${THEN})`
  const session = (id: string, user_id: number) =>
    sql`INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until)
      VALUES (${id}, ${user_id}, ${THEN}, ${THEN}, ${THEN}, ${grant.expires_at}, ${THEN + 86_430})`
  await batch(env.DB, [
    ...tables.map((table) => ({ text: `DELETE FROM ${table}`, params: [] })),
    user(1, OWNER),
    user(2, OTHER),
    session(HERE, 1),
    session(PHONE, 1),
    session(THEIRS, 2),
    ...given,
  ])
  for (const spy of [compare, ...Object.values(consoles)]) spy.mockClear()
}

/** What the owner's doorkeeper remembers in the small world. */
const OWNERS: State = {
  ...emptyState(),
  devices: [{ id: DEVICE, created_at: THEN, used_at: THEN, ip: null, country: null, user_agent: null }],
}
let owners = OWNERS
const memoryAtFirst = (person: string | undefined): State => (person === 'owner' ? owners : emptyState())

/** Whose object a name is. */
const people = new Map<string, string>()

/** The objects that were asked something since they were made as they are in the small world. */
const touched = new Set<string>()

/** The last of them. */
let asked: string | undefined

/** Does something inside the object of a name. A stub belongs to who made it, and some of this runs in an object. */
const within = <T>(name: string, run: (instance: Doorkeeper, ctx: DurableObjectState) => T): Promise<T> =>
  runInDurableObject(env.DOORKEEPER.getByName(name), run)

type Store = { store: (state: State) => void }

type Desk = Record<string, (...values: unknown[]) => Promise<unknown>>
type Hooks = { before?: (question: string) => void; after?: () => Promise<void> | void }

/** The doorkeepers, reading this database. A hook that throws is a question, or an answer, that was lost. */
function doorkeepers(DB: D1Database, { before, after }: Hooks = {}): Env['DOORKEEPER'] {
  const getByName: Env['DOORKEEPER']['getByName'] = (name, options) => {
    const stub = env.DOORKEEPER.getByName(name, options)
    const ask = async (question: string, values: unknown[]) => {
      before?.(question)
      touched.add(name)
      asked = name
      await runInDurableObject(stub, (instance) => {
        const open = instance as unknown as { env: Env }
        open.env = { ...open.env, DB }
      })
      const answer: unknown = await (stub as unknown as Desk)[question]!(...values)
      await after?.()
      return answer
    }
    return new Proxy(stub, {
      get:
        (_, question: string) =>
        (...values: unknown[]) =>
          ask(question, values),
    })
  }
  return { getByName } as Env['DOORKEEPER']
}

const noDoorkeepers = {
  getByName: () => {
    throw new Error('There is no such namespace.')
  },
} as unknown as Env['DOORKEEPER']

/** What doorkeepers remember, in sorted lines. Who was not asked remembers what was there at first. */
async function memoryNow(): Promise<string[]> {
  const memories = new Map([...people.values()].map((person) => [person, memoryAtFirst(person)]))
  for (const name of touched) {
    const stored = await within(name, (_, { storage }) => [...storage.kv.list<State>()])
    for (const secret of [...SECRETS, '@example.com']) expect(JSON.stringify(stored)).not.toContain(secret)
    const state = new Map(stored).get('state') ?? emptyState()
    const person = people.get(name)
    // Where a stranger's password is hashed, nothing is counted.
    if (person === undefined) expect(state).toEqual(emptyState())
    else memories.set(person, state)
  }
  return [...memories].flatMap(([person, state]) => memoryLines(person, state)).sort()
}

function memoryLines(person: string, { buckets, devices, hour, mails: { sent } }: State): string[] {
  const failures = Object.entries(buckets).map(
    ([caller, bucket]) => [`failures of ${caller.split(' ')[0]}`, bucket?.failures ?? 0] as const,
  )
  const counts = [['attempts', hour.attempts], ['mails', sent], ...failures] as const
  return [
    ...counts.filter(([, count]) => count > 0).map(([what, count]) => `${person}: ${what} ${count}`),
    ...devices.map(({ id }) => `${person}: device ${id === DEVICE ? 'phone' : 'new'}`),
  ]
}

type Given = { plan?: Plan; doorkeepers?: Env['DOORKEEPER'] }

/** The request of a scenario to an isolate with this database, and with doorkeepers that read it, too. Answers when the work after the answer is done, too. */
async function request({ route, ask }: Scenario, d1: FaultyD1, { plan, ...given }: Given = {}): Promise<Response> {
  d1.follow(plan)
  const [method, path] = route.split(' ') as [string, string]
  const headers = new Headers(ask.agent === undefined ? {} : { 'User-Agent': ask.agent })
  if (ask.as === 'bearer') headers.set('Authorization', `Bearer ${TOKEN}`)
  if (ask.as === 'operator') headers.set('Authorization', `Bearer ${OPERATORS_TOKEN}`)
  if (ask.as === 'feed') headers.set('Authorization', `Bearer ${settings.REVOCATION_FEED_SECRET}`)
  if (ask.as === 'cookie') headers.set('Cookie', `__Host-latchkey=${TOKEN}`)
  if (ask.form) headers.set('Sec-Fetch-Site', 'same-origin')
  if (ask.json) headers.set('Content-Type', 'application/json')
  const body = ask.form ? new URLSearchParams(ask.form) : ask.json ? JSON.stringify(ask.json) : null
  const init: RequestInit = { method, headers, body, redirect: 'manual' }
  const DOORKEEPER = given.doorkeepers ?? doorkeepers(d1.inside)
  const pending = callWith({ ...OWN, DB: d1.db, DOORKEEPER }, ORIGIN + (ask.path ?? path), init)
  const answer = await answerOf(pending, d1, plan && 'fault' in plan ? plan.fault : undefined)
  d1.follow() // what comes now is no part of the request
  return answer
}

/** Where a fault is silence, nothing may be answered before the deadline, and everything at it. */
async function answerOf<T>(pending: Promise<T>, d1: FaultyD1, fault: Fault | undefined): Promise<T> {
  if (!fault || faults[fault].answers) return pending
  let settled = false
  const settle = () => void (settled = true)
  pending.then(settle, settle)
  const isOver = () => settled || d1.hasStruck()
  while (!isOver()) await scheduler.wait(1)
  // A timer belongs to who set it: an object's must run in the object.
  const name = d1.calls.at(-1)!.by === 'object' ? asked : undefined
  const forward = (ms: number) =>
    name ? within(name, () => void vi.advanceTimersByTime(ms)) : vi.advanceTimersByTimeAsync(ms)
  await forward(DEADLINE - 1)
  await scheduler.wait(1)
  expect(settled).toBe(false)
  await forward(1)
  return pending
}

/** The answer is as it should be, and whatever token it holds stands on a row. */
async function expectOutcome({ route }: Scenario, answer: Response, outcome: Outcome): Promise<void> {
  const [status, code] = typeof outcome === 'number' ? [outcome] : outcome
  const text = await answer.clone().text()
  expect({ status: answer.status, text }).toMatchObject({ status })
  if (code && ON_PAGES.test(route)) expect(text).toContain(words.en.problems[code])
  else if (code) await expectProblem(answer.clone(), status, code)
  const token = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(`${text} ${answer.headers.get('Set-Cookie')}`)?.[0]
  if (token === undefined) return
  const { sid, user_id } = claimsOf(token)
  const row = await env.DB.prepare('SELECT user_id, generation FROM sessions WHERE id = ? AND revoked_at IS NULL')
    .bind(sid)
    .first<{ user_id: number; generation: number }>()
  expect(row).toMatchObject({ user_id })
  if (answer.status !== 200) return
  const { refresh_token } = JSON.parse(text) as { refresh_token: string }
  expect(await readRefreshToken(refresh_token, settings)).toEqual({ session_id: sid, generation: row!.generation })
}

/** 503 in the route's own language, logged once with its request id, and no token. */
async function expectUnavailable({ route }: Scenario, answer: Response): Promise<void> {
  const text = await answer.clone().text()
  const code = route === 'GET /ready' ? 'not_ready' : 'unavailable'
  if (ON_PAGES.test(route)) {
    expect({ status: answer.status, text }).toMatchObject({ status: 503 })
    expect(answer.headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
    expect(text).toContain(words.en.problems.unavailable)
    expect(answer.headers.get('Set-Cookie')).toBeNull()
  } else {
    const { errors } = await expectProblem(answer.clone(), 503, code)
    expect(errors).toEqual(code === 'not_ready' ? [{ field: 'DB', code: 'unreachable' }] : undefined)
  }
  if (code === 'unavailable') expect(answer.headers.get('Retry-After')).toBe('2')
  const request_id = answer.headers.get('X-Request-Id')
  expect(logged().filter((line) => line.request_id === request_id)).toEqual([expect.objectContaining({ code })])
  expect(`${text} ${JSON.stringify([...answer.headers])}`).not.toMatch(/eyJ|lk[rd]_/)
}

/** The lines that were logged since the request began: one JSON document each, and nothing else. */
function logged(): Record<string, unknown>[] {
  expect([consoles.info, consoles.log, consoles.warn].flatMap(({ mock }) => mock.calls)).toEqual([])
  return consoles.error.mock.calls.map(([line, ...more]) => {
    expect(more).toEqual([])
    expect(line).not.toContain('\n')
    return JSON.parse(String(line)) as Record<string, unknown>
  })
}

/** Nothing that is secret, and nobody's address, in a log; nor in an answer, but for a form that comes back. */
async function expectNothingSecret({ ask }: Scenario, answer = new Response()): Promise<void> {
  const log = JSON.stringify(logged())
  const shown = `${await answer.clone().text()} ${JSON.stringify([...answer.headers])}`
  for (const secret of [...SECRETS, HASH, CHEAP_HASH]) {
    expect(log).not.toContain(secret)
    if (!ask.form || secret !== LINK) expect(shown).not.toContain(secret)
  }
  expect(log).not.toMatch(/@example\.com|\$2b\$|eyJ|lk[rd]_|token=|\bat \w+ \(/)
}

/** SQL that finds what must never be. `PRAGMA` speaks for the file itself. */
const INVARIANTS = {
  'an address that waits for its confirmation has the link that gives it': sql`
    SELECT id FROM users WHERE email_verified = 0 AND NOT EXISTS (SELECT 1 FROM one_time_tokens AS link
      WHERE link.user_id = users.id AND link.email = users.email
        AND purpose = iif(hashed_password IS NULL, 'reset', 'verify'))`,
  'a new user has the audit row of the registration, or of whoever made it': sql`
    SELECT id FROM users WHERE created_at = ${AT} AND NOT EXISTS (
      SELECT 1 FROM audit_events WHERE event IN ('registered', 'user_created') AND reason IS NULL AND user_id = users.id)`,
  'an address is there, and once': sql`
    SELECT canonical_email FROM users GROUP BY canonical_email HAVING count(*) > 1 OR canonical_email IS NULL`,
  'a session that was revoked is published, once, and one that stands is not': sql`
    SELECT id FROM sessions
      WHERE (SELECT count(*) FROM revocations WHERE session_id = sessions.id) <> (revoked_at IS NOT NULL)`,
  'a session that is gone is published': sql`
    SELECT value FROM json_each(${JSON.stringify(Object.keys(SESSIONS))})
      WHERE value NOT IN (SELECT id FROM sessions) AND value NOT IN (SELECT session_id FROM revocations)`,
  'a new session has the audit row of its login': sql`
    SELECT id FROM sessions WHERE created_at = ${AT} AND NOT EXISTS (
      SELECT 1 FROM audit_events WHERE event = 'login_succeeded' AND session_id = sessions.id)`,
  'an audit row of a login has its session': sql`
    SELECT session_id FROM audit_events
      WHERE event = 'login_succeeded' AND session_id NOT IN (SELECT id FROM sessions)`,
  'a password that was set has its audit row, and an audit row its password': sql`
    SELECT id FROM users WHERE created_at < ${AT} AND (password_set_at IS ${AT}) <> EXISTS (
      SELECT 1 FROM audit_events WHERE event IN ('password_changed', 'password_reset', 'reset_forced')
          AND user_id = users.id)`,
  'a password that was set ended the other sessions': sql`
    SELECT sessions.id FROM sessions JOIN users ON users.id = user_id
      WHERE password_set_at = ${AT} AND revoked_at IS NULL AND sessions.created_at < ${AT} AND sessions.id <> ${HERE}`,
  'an access token ends, with its session at the latest': sql`
    SELECT id FROM sessions WHERE typeof(expires_at) <> 'integer' OR tokens_until IS NULL OR tokens_until > expires_at`,
  'a link and a publication end': sql`
    SELECT hash FROM one_time_tokens WHERE typeof(expires_at) <> 'integer'
      UNION ALL SELECT session_id FROM revocations WHERE typeof(until) <> 'integer'`,
  'a password that was set has its event, and an event its audit row': sql`
    SELECT id FROM users WHERE created_at < ${AT} AND (password_set_at IS ${AT}) <> EXISTS (
      SELECT 1 FROM webhook_outbox WHERE type LIKE 'password.%' AND user_id = users.id)
      UNION ALL SELECT id FROM webhook_outbox AS told WHERE NOT EXISTS (
        SELECT 1 FROM audit_events WHERE at = told.at AND user_id IS told.user_id AND session_id IS told.session_id)`,
  'nothing refers to what is not there': sql`PRAGMA foreign_key_check`,
  'the file is whole': sql`PRAGMA quick_check`,
}

async function expectInvariants(): Promise<void> {
  const found = await batch(env.DB, Object.values(INVARIANTS))
  const broken = Object.keys(INVARIANTS).map((name, i) => [name, found[i]])
  const whole = Object.keys(INVARIANTS).map((name) => [
    name,
    name === 'the file is whole' ? [{ quick_check: 'ok' }] : [],
  ])
  expect(Object.fromEntries(broken)).toEqual(Object.fromEntries(whole))
}

type Tables = {
  users: {
    id: number
    email: string
    email_verified: number
    hashed_password: string | null
    disabled_at: number | null
    roles: string
  } & Times
  sessions: { id: string; user_id: number; generation: number; auth_time: number; revoked_at: number | null } & Times
  revocations: { session_id: string; until: number }
  one_time_tokens: { user_id: number; purpose: string; email: string; hash: string; expires_at: number }
  outbox: { kind: MailKind; recipient: string }
  audit_events: {
    at: number
    event: string
    reason: string | null
    user_id: number | null
    session_id: string | null
    actor: string | null
  }
}
type Times = Record<string, unknown>

/**
 * The whole database in sorted lines that two runs have in common: names for what is random, seconds from now for
 * times. In front of a bar stands what a reader looks for. A mail is one whether it waits, was sent, or both.
 */
async function stateNow(): Promise<string[]> {
  const names = ['users', 'sessions', 'revocations', 'one_time_tokens', 'outbox', 'audit_events'] as const
  const rows = await batch(
    env.DB,
    names.map((name) => ({ text: `SELECT * FROM ${name}`, params: [] })),
  )
  const stored = JSON.stringify(rows)
  for (const secret of [...SECRETS, ...mails.flatMap(({ text }) => tokenIn(text))]) expect(stored).not.toContain(secret)
  const tables = Object.fromEntries(names.map((name, i) => [name, rows[i]])) as unknown as {
    [T in keyof Tables]: Tables[T][]
  }

  const person = (id: number | null) => (id === null ? 'nobody' : (['', 'owner', 'other'][id] ?? 'newcomer'))
  const session = (id: string | null) => (id === null ? 'nothing' : (SESSIONS[id] ?? 'new'))
  const password = (hash: string | null) =>
    hash === null ? 'no' : hash === HASH ? 'old' : hash === CHEAP_HASH ? 'imported' : 'new'
  const waiting = tables.outbox.map(({ kind, recipient }) => `mail to ${recipient}: ${mailWords.en[kind].subject}`)
  const sent = mails.map(({ to, subject }) => `mail to ${to}: ${subject.replace('Latchkey: ', '')}`)
  return [
    ...tables.users.map(
      ({ id, email, email_verified, hashed_password, disabled_at, roles, ...rest }) =>
        `user ${person(id)}: ${email}, ${email_verified ? 'confirmed' : 'unconfirmed'}, ` +
        `${password(hashed_password)} password${disabled_at === null ? '' : ', disabled'}` +
        `${roles === '[]' ? '' : `, roles ${roles}`}${details({ ...rest, disabled_at })}`,
    ),
    ...tables.sessions.map(
      ({ id, user_id, revoked_at, generation, auth_time, ...rest }) =>
        `session ${session(id)} of ${person(user_id)}: ${revoked_at === null ? 'standing' : 'revoked'}, ` +
        `generation ${generation}, password typed at ${time(auth_time)}${details({ ...rest, revoked_at })}`,
    ),
    ...tables.revocations.map(({ session_id, until }) => `published: ${session(session_id)}${details({ until })}`),
    ...tables.one_time_tokens.map(
      ({ user_id, purpose, email, hash, expires_at }) =>
        `link: ${purpose} of ${person(user_id)} to ${email}, ${hash === LINK_HASH ? 'given' : 'new'}` +
        details({ expires_at }),
    ),
    ...new Set([...waiting, ...sent]),
    ...tables.audit_events.map(
      ({ at, event, reason, user_id, session_id, actor }) =>
        `audit: ${event}${reason === null ? '' : ` (${reason})`} of ${person(user_id)} in ${session(session_id)}` +
        `${actor === null ? '' : ` by ${actor}`}${details({ at })}`,
    ),
  ].sort()
}

const time = (seconds: number) => `${seconds < AT ? '-' : '+'}${Math.abs(seconds - AT)}`

const details = (columns: Record<string, unknown>) =>
  ` | ${Object.entries(columns)
    .map(([name, value]) => `${name} ${typeof value === 'number' && value > 1e9 ? time(value) : String(value)}`)
    .join(', ')}`

/** What was taken away and what was added, each without its details. */
function difference(before: string[], after: string[]): string[] {
  const brief = (sign: string, lines: string[]) => lines.map((line) => `${sign} ${line.split(' | ')[0]}`)
  return [...brief('-', less(before, after)), ...brief('+', less(after, before))].sort()
}

/** The lines without those of another list, each as often as it stands there. */
function less(lines: string[], others: string[]): string[] {
  const left = [...others]
  return lines.filter((line) => {
    const i = left.indexOf(line)
    if (i >= 0) left.splice(i, 1)
    return i < 0
  })
}
