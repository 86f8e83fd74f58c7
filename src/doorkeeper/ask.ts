import { type Config, config } from '../config.ts'
import { auditRow, type AuditEvent, type Client } from '../core/audit.ts'
import type { Credentials } from '../core/credentials.ts'
import { batch } from '../core/d1.ts'
import { Problem, type ProblemCode } from '../core/problem.ts'
import type { Session } from '../core/sessions.ts'
import { subkeys } from '../core/subkeys.ts'
import { findUser, replaceHash, type User } from '../core/users.ts'
import { verificationMail } from '../core/verification.ts'
import { base64url, randomId, utf8 } from '../lib/bytes.ts'
import { canonicalEmail } from '../lib/email.ts'
import { type Sql, sql } from '../lib/sql.ts'
import { counted } from '../lib/tally.ts'
import { deviceOf } from './device-tokens.ts'
import type { Attempt, Doorkeeper, Verdict } from './doorkeeper.ts'
import { countWork, shed, welcome } from './shed.ts'
import type { State } from './state.ts'
import { isSolved } from './turnstile.ts'

export type Known = Pick<State, 'devices' | 'networks'>

/** What may be asked of an object. The platform's own type spreads a union of answers over promises that none of them is. */
type Desk = Pick<Doorkeeper, 'check' | 'hash' | 'unlock' | 'admitMail' | 'known' | 'forgetDevice' | 'forget'>

/** Somebody who has just shown the right password, with the writes that signing in should carry along. */
export type Authenticated = { user: User; alongside: Sql[]; device_token: string | undefined }

/**
 * Has an email and a password checked. An unknown address, a wrong password and a broken hash are one and the same to
 * the caller, in bytes and in time; only a right password learns that the account is disabled, or not confirmed: then
 * the link that confirms it is put into the outbox again.
 * @throws Problem 401 `invalid_credentials`, 403 `account_disabled`, 403 `email_not_verified`, 429 `too_many_attempts`
 * or `challenge_required`, 503 `overloaded` or `unavailable`
 */
export async function authenticate(
  env: Env,
  { email, password, device_token, turnstile_token }: Credentials,
  client: Client,
  now: number,
): Promise<Authenticated> {
  const settings = config(env)
  const isDevice = device_token !== undefined && (await isDeviceOf(device_token, email, settings))
  shed(env, client.ip, isDevice)
  const attempt = { who: { email }, password, client, device_token }
  let verdict = await check(env, email, attempt)
  if (isRefusedUnheard(verdict) && settings.TURNSTILE_SECRET !== undefined && !verdict.from_device) {
    const solved = turnstile_token !== undefined && (await isSolved(turnstile_token, client.ip, settings))
    if (!solved) throw tooMany('challenge_required', verdict.retry_after)
    verdict = await check(env, email, { ...attempt, challenged: true })
  }
  if (!isRefusedUnheard(verdict)) await countWork(env, client.ip)
  const authenticated = await passed(env, verdict, client, now)
  welcome(client.ip)
  return authenticated
}

/**
 * Has the password of somebody checked whose access token was good.
 * @throws as `authenticate`
 */
export async function confirmPassword(
  env: Env,
  { user_id, id: session_id }: Session,
  password: string,
  client: Client,
  now: number,
): Promise<Authenticated> {
  const user = await findUser(env.DB, sql`id = ${user_id}`)
  if (!user) throw new Problem('invalid_credentials')
  return passed(env, await check(env, user.email, { who: { user_id, session_id }, password, client }), client, now)
}

/**
 * Has a password hashed that somebody chose for the account of this address.
 * @throws Problem 503 `overloaded`, for a stranger, 503 `unavailable`
 */
export async function hashFor(env: Env, email: string, password: string, stranger?: Client): Promise<string> {
  if (stranger !== undefined) shed(env, stranger.ip, false)
  await countWork(env, stranger?.ip)
  // A stranger's goes to an object of its own: who registers an address a thousand times keeps nobody from signing in.
  const name = stranger === undefined ? email : `\0${email}`
  return ask(env, name, (doorkeeper) => doorkeeper.hash(password))
}

/** Opens all that failures have closed on an account. @throws Problem 503 `unavailable` */
export const unlock = (env: Env, email: string): Promise<void> => ask(env, email, (doorkeeper) => doorkeeper.unlock())

/** Whether another mail may go to this address today. @throws Problem 503 `unavailable` */
export const admitMail = (env: Env, email: string): Promise<boolean> =>
  ask(env, email, (doorkeeper) => doorkeeper.admitMail(), false)

/** The devices and networks that signed in to the account of this address. @throws Problem 503 `unavailable` */
export const knownTo = (env: Env, email: string): Promise<Known> => ask(env, email, (doorkeeper) => doorkeeper.known())

/** Makes a device a stranger again; false when it is none already. @throws Problem 503 `unavailable` */
export const forgetDevice = (env: Env, email: string, id: string): Promise<boolean> =>
  ask(env, email, (doorkeeper) => doorkeeper.forgetDevice(id), false)

/** Forgets all that was counted and remembered for an address. @throws Problem 503 `unavailable` */
export const forgetAccount = (env: Env, email: string): Promise<void> =>
  ask(env, email, (doorkeeper) => doorkeeper.forget())

const check = (env: Env, email: string, attempt: Omit<Attempt, 'id'>): Promise<Verdict> => {
  const id = randomId()
  return ask(env, email, (doorkeeper) => doorkeeper.check({ ...attempt, id }))
}

/**
 * One call to the doorkeeper of an address, and, where that was lost and twice is as good as once, another: an attempt
 * keeps its id. Where it cannot be reached, nobody signs in by password; tokens go on being verified and refreshed without it.
 */
async function ask<T>(env: Env, email: string, call: (doorkeeper: Desk) => Promise<T>, again = true): Promise<T> {
  const settings = config(env)
  const name = await accountName(email, settings)
  const once = () => {
    const stub: unknown = env.DOORKEEPER.getByName(name, { locationHint: settings.DOORKEEPER_LOCATION })
    return counted('doorkeeper', call(stub as Desk))
  }
  try {
    return await once().catch((error: unknown) => {
      if (!again || isOverloaded(error)) throw error
      return once()
    })
  } catch (cause) {
    throw new Problem('unavailable', { cause, headers: { 'Retry-After': '2' } })
  }
}

/** Cloudflare marks an object that has too much to do; asking it again would add to that. */
const isOverloaded = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'overloaded' in error && error.overloaded === true

const isDeviceOf = async (token: string, email: string, config: Config): Promise<boolean> =>
  (await deviceOf(token, await accountName(email, config), config)) !== undefined

/** What an object is called: a keyed hash of the address, so that a list of the objects names nobody. */
async function accountName(email: string, config: Config): Promise<string> {
  const [key] = await subkeys(config, 'doorkeeper name')
  const mac = await crypto.subtle.sign('HMAC', key, utf8(canonicalEmail(email)))
  return base64url(new Uint8Array(mac))
}

async function passed(env: Env, verdict: Verdict, client: Client, now: number): Promise<Authenticated> {
  if (verdict.ok) {
    const { user, hash, device_token } = verdict
    return { user, device_token, alongside: hash === undefined ? [] : [replaceHash(user, hash)] }
  }
  if (verdict.reason === 'unavailable') throw new Problem('unavailable', { headers: { 'Retry-After': '2' } })
  if (isRefusedUnheard(verdict)) throw tooMany('too_many_attempts', verdict.retry_after)
  const { user } = verdict
  const { code, reason } = refusalOf(verdict)
  const settings = config(env)
  const due = user && code === 'email_not_verified' && settings.PUBLIC_URL !== undefined
  const remind = due && (await admitMail(env, user.email)) // who registered an address need not own it
  const mail = remind ? await verificationMail(settings, sql`id = ${user.id}`, client, now) : []
  await batch(env.DB, [auditRow({ event: 'login_failed', reason, user_id: user?.id }, client, now), ...mail])
  throw new Problem(code)
}

type Unheard = Extract<Verdict, { reason: 'too_many_attempts' }>

const isRefusedUnheard = (verdict: Verdict): verdict is Unheard => !verdict.ok && verdict.reason === 'too_many_attempts'

const tooMany = (code: 'too_many_attempts' | 'challenge_required', seconds: number): Problem =>
  new Problem(code, { headers: { 'Retry-After': String(seconds) } })

type Refused = Extract<Verdict, { reason: 'refused' }>
type Refusal = { code: ProblemCode; reason: NonNullable<AuditEvent['reason']> }

/** The wire learns the code, the audit trail the reason. */
function refusalOf({ user, result }: Refused): Refusal {
  if (!user) return { code: 'invalid_credentials', reason: 'unknown_email' }
  if (result === 'unreadable') return { code: 'invalid_credentials', reason: 'unreadable_hash' }
  if (result === 'mismatch') return { code: 'invalid_credentials', reason: 'wrong_password' }
  if (user.disabled_at !== null) return { code: 'account_disabled', reason: 'account_disabled' }
  return { code: 'email_not_verified', reason: 'email_not_verified' }
}
