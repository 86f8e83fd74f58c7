import type { Call, Whose } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { type AuditEvent, auditRow } from '../../core/events/audit.ts'
import { vouchedIp } from '../../core/origin.ts'
import type { Credentials } from '../../core/passwords/credentials.ts'
import type { Proof } from '../../core/proof.ts'
import type { Ticket } from '../../core/ticket.ts'
import { findUser, hasEmail, replaceHash } from '../../core/users/users.ts'
import { verificationMail } from '../../core/users/verification.ts'
import { PASSWORD } from '../../core/users/ways.ts'
import { admitMail, guessPassword, isDeviceOf } from '../../doorkeeper/rpc.ts'
import type { Verdict } from '../../doorkeeper/compare.ts'
import { amongCrowd } from '../../doorkeeper/crowd.ts'
import { countPasswordWork, refuseWhenOverloaded } from '../../doorkeeper/load.ts'
import { isSolved } from '../../doorkeeper/turnstile.ts'
import { sql } from '../../lib/sql.ts'
import { Problem, type ProblemCode } from '../../problem.ts'
import { prove } from '../../signing-in/prove.ts'

/**
 * Verifies an email and a password. An unknown address, a wrong password and a broken hash look the same to the caller,
 * in bytes and in time. Only a caller with the right password learns that the account is disabled or its address
 * unconfirmed; in the second case the link that confirms it is mailed again. With the ticket of one user, the password of
 * another is not compared: the sign-in would fail either way, and the answer would tell silently if it was right.
 * @throws Problem 401 `invalid_credentials`, 401 `invalid_ticket`, 403 `account_disabled`, 403 `email_not_verified`, 429 `too_many_attempts`
 * or `challenge_required`, 503 `overloaded` or `unavailable`
 */
export async function authenticate(call: Call, credentials: Credentials, ticket?: Ticket): Promise<Proof> {
  const { env, origin } = call
  const { email, device_token } = credentials
  if (ticket?.user) await requireSame(call, ticket.user, email)
  const isDevice = device_token !== undefined && (await isDeviceOf(device_token, email, env))
  refuseWhenOverloaded(env, vouchedIp(origin), isDevice)
  const login = () => logIn(call, credentials)
  return isDevice ? login() : amongCrowd(env, origin, login)
}

/** Both spellings of an address find the user, as they do for the doorkeeper. */
async function requireSame({ env }: Call, { id }: { id: number }, email: string): Promise<void> {
  if (!(await findUser(env.DB, sql`id = ${id} AND ${hasEmail(email)}`))) throw new Problem('invalid_ticket')
}

async function logIn(call: Call, { email, password, device_token, turnstile_token }: Credentials): Promise<Proof> {
  const { env, settings, origin } = call
  const attempt = { email, who: { email }, password, device_token }
  let verdict = await guessPassword(call, attempt)
  if (isThrottled(verdict) && settings.TURNSTILE_SECRET !== undefined && verdict.challenge_after !== undefined) {
    const { retry_after, challenge_after } = verdict
    // Do not ask for a challenge that cannot help, such as when the hourly limit is reached.
    if (challenge_after > 0) throw tooMany('too_many_attempts', Math.min(retry_after, challenge_after))
    const solved = turnstile_token !== undefined && (await isSolved(turnstile_token, origin.ip, settings))
    if (!solved) throw tooMany('challenge_required', retry_after)
    verdict = await guessPassword(call, { ...attempt, challenged: true })
  }
  if (!isThrottled(verdict)) await countPasswordWork(env, vouchedIp(origin))
  const { user, ...shown } = await passed(call, verdict)
  return prove(call, { user, methods: [PASSWORD], device_shown: device_token, ...shown })
}

/**
 * Verifies the password of a signed-in user, or of the holder of a mailed link. For a link, the address need not be
 * confirmed yet. Each session and each link has its own attempts.
 * @throws as `authenticate`
 */
export async function confirmPassword(call: Call, { user_id, email, by }: Whose, password: string): Promise<Proof> {
  const address = email ?? (await findUser(call.env.DB, sql`id = ${user_id}`))?.email
  if (address === undefined) throw new Problem('invalid_credentials')
  const session_id = 'link' in by ? by.link : by.session.id
  const verdict = await guessPassword(call, { email: address, who: { user_id, session_id }, password })
  const isRight = 'link' in by && !verdict.ok && verdict.reason === 'refused' && verdict.result === 'match'
  const { user, alongside } = isRight ? { user: verdict.user!, alongside: () => [] } : await passed(call, verdict)
  return prove(call, { user, methods: [PASSWORD], alongside, ...('session' in by && { session: by.session }) })
}

type Passed = Pick<Proof, 'user' | 'alongside' | 'device_token' | 'new_device'>

async function passed(call: Call, verdict: Verdict): Promise<Passed> {
  if (verdict.ok) {
    const { user, hash, device_token, new_device } = verdict
    return {
      user,
      device_token,
      new_device,
      alongside: (mine) => (hash === undefined ? [] : [replaceHash(user, hash, mine)]),
    }
  }
  if (verdict.reason === 'unavailable') throw new Problem('unavailable', { headers: { 'Retry-After': '2' } })
  if (isThrottled(verdict)) throw tooMany('too_many_attempts', verdict.retry_after)
  const { user } = verdict
  const { code, reason } = refusalOf(verdict)
  const due = user && code === 'email_not_verified' && call.settings.PUBLIC_URL !== undefined
  const remind = due && (await admitMail(call, user.email)) // a registration does not prove ownership of the address
  const mail = remind ? await verificationMail(call, sql`id = ${user.id}`) : []
  await batch(call.env.DB, [auditRow(call, { event: 'login_failed', reason, user_id: user?.id }), ...mail])
  throw new Problem(code)
}

type Throttled = Extract<Verdict, { reason: 'too_many_attempts' }>

const isThrottled = (verdict: Verdict): verdict is Throttled => !verdict.ok && verdict.reason === 'too_many_attempts'

const tooMany = (code: 'too_many_attempts' | 'challenge_required', seconds: number): Problem =>
  new Problem(code, { headers: { 'Retry-After': String(seconds) } })

type Refused = Extract<Verdict, { reason: 'refused' }>
type Refusal = { code: ProblemCode; reason: NonNullable<AuditEvent['reason']> }

/** The response contains the code, the audit trail the reason. */
function refusalOf({ user, result }: Refused): Refusal {
  if (!user) return { code: 'invalid_credentials', reason: 'unknown_email' }
  if (result === 'unreadable') return { code: 'invalid_credentials', reason: 'unreadable_hash' }
  if (result === 'mismatch') return { code: 'invalid_credentials', reason: 'wrong_password' }
  if (user.disabled_at !== null) return { code: 'account_disabled', reason: 'account_disabled' }
  return { code: 'email_not_verified', reason: 'email_not_verified' }
}
