import type { Config } from '../../config.ts'
import { unseal } from '../../lib/seal.ts'
import { AFTER_ANSWER, CRON, DEADLINE_MS, drain, logFailure } from '../events/delivery.ts'
import type { Busy, Delivery, Outcome } from '../events/queue.ts'
import { type Composed, composeMail, type Mail, type OwnMails } from './compose.ts'
import { readDetails } from './details.ts'
import { claimDue, claimOwn, OUTBOX, type OutboxRow } from './queue.ts'
import { LINK_SECONDS } from '../users/one-time.ts'
import type { Features } from '../call.ts'
import { subkeys } from '../keys/subkeys.ts'

/**
 * A Worker has six connections: events use two, and D1 needs one. A delivery that waits for a connection uses up its
 * deadline.
 */
const AT_ONCE = 3

/**
 * Sends due mails. One statement claims them, so no two passes send the same mail. A mail is deleted when the provider
 * accepts it, and put off when it does not. A mail is given up, with an audit row, when the provider will never accept
 * it or its link has expired. A mail whose link is already void is not sent. After the response to a request, that
 * request's own mails go first. A mail is sent twice only if the provider accepted it and the response was lost; the
 * mail's id goes along for providers that check it.
 * @throws Problem `unavailable`
 */
export async function deliverMail(
  env: Env,
  config: Config,
  now: number,
  features: Features,
  request_id?: string,
): Promise<void> {
  const known = features.flatMap(({ mails = {} }) => Object.values(mails))
  const own: OwnMails = Object.assign({}, ...features) // of the last that declares each
  const delivery: Delivery<OutboxRow> = {
    ...OUTBOX,
    atOnce: AT_ONCE,
    claim: claimDue,
    deliver: (row, now) =>
      deliver(
        row,
        known.find(({ kind }) => kind === row.kind),
        { env, config, own },
        now,
      ),
    isOver: (outcomes) => outcomes.includes('enough'),
  }
  if (request_id === undefined) return drain(env.DB, delivery, CRON, now)
  return drain(env.DB, delivery, AFTER_ANSWER, now, [claimOwn(request_id, AT_ONCE, now)])
}

/**
 * A link that died before its expiry was used, or was voided by a change or a newer link, so nobody misses the mail.
 */
async function deliver(
  row: OutboxRow,
  mail: Mail | undefined,
  { env, config, own }: { env: Env; config: Config; own: OwnMails },
  now: number,
): Promise<Outcome | Busy> {
  if (linkIsDead(row, mail, now)) return now - row.created_at < secondsOf(mail) ? 'done' : 'link_expired'
  try {
    // During an upgrade, another version may know this mail. After a day it is given up.
    if (!mail) throw new Error('no feature has a mail of this kind')
    const filling = { token: await tokenIn(row, config), details: readDetails(row.details) }
    await send(row, composeMail(mail, row.account_language ?? row.language, config, filling, own), env, config)
    return 'done'
  } catch (error) {
    logFailure('mail_not_sent', row, error)
    return outcomeOf(error)
  }
}

/**
 * Checked right before sending, because a claim may take most of a minute. Rows from before links had hashes are judged
 * by age.
 */
function linkIsDead(
  { sealed_token, link_hash, link_expires_at, created_at }: OutboxRow,
  mail: Mail | undefined,
  now: number,
): boolean {
  if (link_hash !== null) return (link_expires_at ?? 0) <= now
  return sealed_token !== null && mail?.link?.mayBeVoid !== true && created_at + secondsOf(mail) <= now
}

const secondsOf = (mail: Mail | undefined): number => mail?.link?.seconds ?? LINK_SECONDS

/** A mail without its link is worse than a late mail. Once the settings are corrected it can still be sent. */
async function tokenIn({ id, sealed_token }: OutboxRow, config: Config): Promise<string | undefined> {
  if (sealed_token === null) return undefined
  const token = await unseal(sealed_token, await subkeys(config, 'outbox'), id)
  if (token === undefined) throw new Error('the link was sealed with a secret that is not set any more')
  if (config.PUBLIC_URL === undefined) throw new Error('PUBLIC_URL is missing')
  return token
}

async function send(
  { id, recipient: to }: OutboxRow,
  { subject, text, html }: Composed,
  env: Env,
  config: Config,
): Promise<void> {
  const message = { from: config.MAIL_FROM, to, subject, text, html }
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  switch (config.MAIL_DRIVER) {
    case 'console':
      console.info(JSON.stringify({ level: 'info', code: 'mail', to, subject, text }))
      return
    case 'http': {
      const headers = {
        'Content-Type': 'application/json',
        'Idempotency-Key': id,
        ...(config.MAIL_TOKEN !== undefined && { Authorization: `Bearer ${config.MAIL_TOKEN}` }),
      }
      // A redirect would be followed by a GET, whose 200 says nothing about the mail.
      const request = { method: 'POST', headers, body: JSON.stringify(message), redirect: 'manual' } as const
      const answer = await fetch(config.MAIL_URL!, { ...request, signal: deadline })
      await answer.body?.cancel()
      if (!answer.ok) throw new Unsent(answer)
      return
    }
    case 'binding': {
      // RFC 3834 section 5: nobody's vacation answers it.
      const headers = { 'Auto-Submitted': 'auto-generated' }
      await Promise.race([env.EMAIL.send({ ...message, headers }), expiryOf(deadline)])
    }
  }
}

/**
 * The binding takes no abort signal. One mail that hangs must not keep the outcomes of the others from being recorded.
 */
const expiryOf = (deadline: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    deadline.addEventListener('abort', () => reject(new Error('the mail binding did not answer')))
  })

class Unsent extends Error {
  readonly status: number
  readonly retryAfter: string | null

  constructor({ status, headers }: Response) {
    super(`the mail API answered ${status}`)
    this.status = status
    this.retryAfter = headers.get('Retry-After')
  }
}

/** The 4xx statuses that mean "not now": Request Timeout, Too Early, Too Many Requests. */
const PASSING = new Set([408, 425, 429])

/**
 * Codes of the binding that are about the mail or its recipient, and therefore final ("Workers API" of Cloudflare's
 * Email Service, "Error codes"). An unverified sender is not final, because the operator can correct it. Neither is a
 * refusal by the recipient's server, which may accept the mail later.
 */
const FINAL =
  /^E_(VALIDATION_ERROR|FIELD_MISSING|TOO_MANY_RECIPIENTS|RECIPIENT_NOT_ALLOWED|RECIPIENT_SUPPRESSED|CONTENT_TOO_LARGE|HEADERS?_\w+)$/

/** The binding's codes, and the platform's message, that mean: slow down, or nothing more of this pass will be sent. */
const TOO_FAST = 'E_RATE_LIMIT_EXCEEDED'
const ENOUGH = 'E_DAILY_LIMIT_EXCEEDED'
const TOO_MANY_CALLS = /too many subrequests/i

/** Unknown errors count as temporary: sending a mail twice is better than losing it. */
function outcomeOf(error: unknown): Outcome | Busy {
  const code = String((error as { code?: unknown } | null)?.code)
  const { status, retryAfter } = error instanceof Unsent ? error : { status: 0, retryAfter: null }
  if (status === 429 || code === TOO_FAST) return { retryAfter: secondsIn(retryAfter) }
  if (code === ENOUGH || TOO_MANY_CALLS.test(String(error))) return 'enough'
  return FINAL.test(code) || (status >= 400 && status < 500 && !PASSING.has(status)) ? 'refused' : 'later'
}

/** `Retry-After` in seconds; undefined if it is missing or a date (RFC 9110 section 10.2.3). */
const secondsIn = (header: string | null): number | undefined =>
  header !== null && /^\d+$/.test(header) ? Number(header) : undefined
