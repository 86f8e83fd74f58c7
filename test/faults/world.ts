import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { expect } from 'vitest'
import { config } from '../../src/config.ts'
import { issueOneTime, oneTimeHash, type Purpose } from '../../src/core/users/one-time.ts'
import type { ProblemCode } from '../../src/problem.ts'
import { refreshToken } from '../../src/core/sessions/refresh-tokens.ts'
import { accessToken } from '../../src/core/tokens/tokens.ts'
import type { State } from '../../src/doorkeeper/state.ts'
import { type Sql, sql } from '../../src/lib/sql.ts'
import { callBy, callWith, CALM, forge, mails, now, ORIGIN } from '../support.ts'

/** Seconds. The moment at which everything happens, and one at which what is there already was made. */
export const AT = now()
export const THEN = AT - 60

/** Milliseconds after which the service stops waiting for D1. */
export const DEADLINE = 4_000

export const PASSWORD = 'the password of the owner'
export const NEW_PASSWORD = 'another password of the owner'
export const HASH = await bcrypt.hash(PASSWORD, 10)
export const CHEAP_HASH = await bcrypt.hash(PASSWORD, 4)

export const [OWNER, OTHER, NEWCOMER, MOVED] = ['owner', 'other', 'newcomer', 'moved'].map(
  (name) => `${name}@example.com`,
) as [string, string, string, string]

/** Session ids are 128 bits; these can be read. */
export const [HERE, PHONE, THEIRS] = ['here', 'phone', 'theirs'].map((name) => name.padEnd(22, 'A')) as [
  string,
  string,
  string,
]
export const DEVICE = 'phone'.padEnd(22, 'A')
export const SESSIONS: Record<string, string> = { [HERE]: 'here', [PHONE]: 'phone', [THEIRS]: 'theirs' }

/** The feed's secret without spaces, which no bearer token may have. */
export const OWN: Env = {
  ...CALM,
  REVOCATION_FEED_SECRET: 'what-other-services-show'.padEnd(32, '-'),
  LEGACY_TOKENS_UNTIL: new Date((AT + 86_400) * 1000).toISOString(),
} as Env
export const settings = config(OWN)
export const grant = {
  id: HERE,
  user_id: 1,
  auth_time: THEN,
  expires_at: THEN + settings.SESSION_TTL_SECONDS,
  roles: [],
  acr: 'aal1' as const,
  amr: ['pwd'],
}
export const { token: TOKEN } = await accessToken(grant, settings, THEN)
export const LEGACY_TOKEN = await forge({ payload: { user_id: 1, exp: AT + 3_600 } })
export const [REFRESH_0, REFRESH_1] = [await refreshTokenOf(0), await refreshTokenOf(1)]
export const LINK = 'the-token-of-a-link-'.padEnd(43, 'x')
export const LINK_HASH = (await oneTimeHash(LINK))!
export const NOTICE = 'the-token-of-a-notice-'.padEnd(43, 'x')
export const NOTICE_HASH = (await oneTimeHash(NOTICE))!

export const operators = { ...grant, id: THEIRS, user_id: 2, roles: ['admin'] }
export const { token: OPERATORS_TOKEN } = await accessToken(operators, settings, THEN)

/** None of these may be in an answer that did not ask for it, in a log, or in a table. */
export const SECRETS = [
  PASSWORD,
  NEW_PASSWORD,
  TOKEN,
  LEGACY_TOKEN,
  OPERATORS_TOKEN,
  REFRESH_0,
  REFRESH_1,
  LINK,
  NOTICE,
  env.JWT_SECRET_KEY,
  settings.LATCHKEY_SECRET!,
]

export function refreshTokenOf(generation: number): Promise<string> {
  return refreshToken({ session_id: HERE, generation }, settings)
}

export const operates = sql`UPDATE users SET roles = '["admin"]' WHERE id = 2`
export const unconfirmed = sql`UPDATE users SET email_verified = 0 WHERE id = 1`
/** The owner signed in with a mailed code. */
export const signedInByCode = sql`UPDATE sessions SET shown = json_object('code', auth_time) WHERE user_id = 1`
export const withoutPassword = sql`UPDATE users SET hashed_password = NULL, password_set_at = NULL WHERE id = 1`
export const disabled = [
  sql`UPDATE sessions SET revoked_at = ${THEN} WHERE user_id = 1`,
  sql`UPDATE users SET disabled_at = ${THEN} WHERE id = 1`,
]
export const imported = sql`UPDATE users SET hashed_password = ${CHEAP_HASH}, password_set_at = NULL WHERE id = 1`
export const mailed = (purpose: Purpose, email: Sql = sql`email`) =>
  issueOneTime(callBy({ at: THEN }), purpose, LINK_HASH, sql`id = 1`, email)
export const refreshed = (at: number) =>
  sql`UPDATE sessions SET generation = 1, refreshed_at = ${at} WHERE id = ${HERE}`

/** The request of a scenario. `as` shows the owner's access token in one way or another. */
export type Ask = {
  path?: string
  as?: 'bearer' | 'operator' | 'cookie' | 'feed' | 'legacy'
  /** Another access token. */
  token?: string
  json?: unknown
  form?: Record<string, string>
  agent?: string
  /** A cookie beside the session's. */
  cookie?: string
  /** Settings that this request meets. */
  settings?: Partial<Env>
}

/** A status, and the code where it is a refusal. */
export type Outcome = number | readonly [status: number, code: ProblemCode]

export type Scenario = {
  route: string
  when: string
  given?: Sql[]
  ask: Ask
  answers: Outcome
  /** What the owner's doorkeeper remembers already, beside a device. */
  remembered?: (state: State) => State
  /** What the request changes, all of it or nothing. None where it only reads. */
  changes?: string[]
  /** In how many calls, if not in one: each of them leaves what is true by itself. */
  steps?: number
  /** What the same request is answered where the change was made and its answer lost. The same, if not said. */
  again?: Outcome
  /** What doorkeepers are asked, in this order. Nothing, if not said. */
  asks?: string[]
  /** What doorkeepers then remember, or do not any more. */
  remembers?: string[]
  /** What must be true in the end, however the request got there. */
  lastly?: () => Promise<unknown>
}

export const HERE_STANDING = '- session here of owner: standing, generation 0, password typed at -60'
export const PHONE_STANDING = '- session phone of owner: standing, generation 0, password typed at -60'
export const HERE_REVOKED = [
  '+ session here of owner: revoked, generation 0, password typed at -60',
  '+ published: here',
]
export const PHONE_REVOKED = [
  '+ session phone of owner: revoked, generation 0, password typed at -60',
  '+ published: phone',
]
export const ALL_REVOKED = [HERE_STANDING, PHONE_STANDING, ...HERE_REVOKED, ...PHONE_REVOKED]
export const NEW_SESSION = '+ session new of owner: standing, generation 0, password typed at +0'
export const FRESH_INSTEAD = [HERE_STANDING, ...HERE_REVOKED, NEW_SESSION, '+ audit: reauthenticated of owner in new']
export const SIGNED_IN = ['+ audit: login_succeeded of owner in new', NEW_SESSION]
export const OWNER_STAYS = 'user owner: owner@example.com, confirmed, old password'
export const OWNER_IS = `- ${OWNER_STAYS}`
/** The owner's epoch is another one: nothing but the details of the line tells. */
export const EPOCH_RAISED = [OWNER_IS, `+ ${OWNER_STAYS}`]
export const NEW_PASSWORD_SET = [
  OWNER_IS,
  '+ user owner: owner@example.com, confirmed, new password',
  '+ mail to owner@example.com: Your password was changed',
  '+ undo: password_changed of owner to owner@example.com, new',
]

export const right = { email: OWNER, password: PASSWORD }
export const reset = { token: LINK, password: NEW_PASSWORD }

/** The Worker that `post` asks: `test/faults.test.ts` puts its own doorkeepers there. */
export const reached = { env: () => OWN }

export const post = (path: string, json: unknown) =>
  callWith(reached.env(), ORIGIN + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(json),
  })
export const opens = async (password: string, status: number, email = OWNER) =>
  expect((await post('/user/login', { email, password })).status).toBe(status)
export const onlyNewPasswordOpens = async () => {
  await opens(NEW_PASSWORD, 200)
  await opens(PASSWORD, 401)
}
export const tokenIn = (text: string) => /\?token=([\w-]{43})/.exec(text)?.slice(1) ?? []

/**
 * Of the links that were mailed to an address, here or before, exactly one opens something, however many requests asked
 * for one.
 */
export const follow = async (path: string, email: string, before: string[] = [], more = {}) => {
  const tokens = [...before, ...mails.filter(({ to }) => to === email).flatMap(({ text }) => tokenIn(text))]
  const statuses = []
  for (const token of tokens) statuses.push((await post(path, { token, ...more })).status)
  expect(statuses.filter((status) => status === 204)).toHaveLength(1)
  expect(statuses.filter((status) => status === 400)).toHaveLength(tokens.length - 1)
}

export const withoutMails = (state: State): State => ({ ...state, mails: { started_at: THEN, sent: 10 } })
/** The same as a JSON route does, asked for by the form of a page. */
export type Alike = { like: string; page: string; ask: Ask; own: Partial<Scenario> }

export const alike = (like: string, page: string, ask: Ask, own: Partial<Scenario> = {}): Alike => ({
  like,
  page,
  ask,
  own,
})

export const byOperator = (form: Record<string, string>): Ask => ({ as: 'operator', path: '/console/users/1', form })
export const seenByOperator = (route: string): Scenario => ({
  route,
  when: 'asked by an operator',
  given: [operates],
  ask: { as: 'operator', path: route.slice('GET '.length).replace(':id', '1') },
  answers: 200,
})

export const byOwner = (form: Record<string, string>): Ask => ({ as: 'cookie', form })
export const seenByOwner = (route: string): Scenario => ({
  route,
  when: 'signed in',
  ask: { as: 'cookie' },
  answers: 200,
})
