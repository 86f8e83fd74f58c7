import type { Config } from '../config.ts'
import { unseal } from '../lib/seal.ts'
import { type Sql, sql } from '../lib/sql.ts'
import { auditRow, byItself, type Language } from './audit.ts'
import { batch } from './d1.ts'
import { claim, DEADLINE_MS, drop, logFailure, putOff, type Waiting } from './delivery.ts'
import { composeMail, type Mail } from './mail.ts'
import type { MailKind } from './outbox.ts'
import { subkeys } from './subkeys.ts'

type OutboxRow = Waiting & {
  kind: MailKind
  recipient: string
  language: Language
  sealed_token: string | null
  user_id: number | null
  created_at: number
}

const QUEUE = { table: sql`outbox` }

/** How many mails one pass takes: the free plan allows 50 calls to elsewhere for one request. */
const BATCH = 20

/** After a day nobody waits for the mail any more, and its link is dead. Seconds. */
const GIVE_UP_AFTER = 86_400

/**
 * Sends the mails that are due: claimed by one statement, so that no two passes send the same; gone when the provider
 * took them, put off when it did not, given up with an audit row after a day. A provider that took a mail and lost
 * the answer is the one case in which it is sent twice; the mail's id goes along, for providers that look at it.
 */
export async function deliverMail(env: Env, config: Config, now: number): Promise<void> {
  const due = await claim<OutboxRow>(env.DB, QUEUE, BATCH, now)
  const outcomes = await Promise.all(due.map((row) => deliver(row, env, config, now)))
  if (outcomes.length > 0) await batch(env.DB, outcomes.flat())
}

async function deliver(row: OutboxRow, env: Env, config: Config, now: number): Promise<Sql[]> {
  try {
    const filling = { app: config.APP_NAME, publicUrl: config.PUBLIC_URL, token: await tokenIn(row, config) }
    await send(row, composeMail(row.kind, row.language, filling), env, config)
    return [drop(QUEUE, row)]
  } catch (error) {
    logFailure('mail_not_sent', row, error)
    if (now - row.created_at < GIVE_UP_AFTER) return [putOff(QUEUE, row, now)]
    return [auditRow({ event: 'mail_given_up', user_id: row.user_id }, byItself(row.id), now), drop(QUEUE, row)]
  }
}

/** A mail without the link that it speaks of is worse than a late one: settings that are put right may still send it. */
async function tokenIn({ id, sealed_token }: OutboxRow, config: Config): Promise<string | undefined> {
  if (sealed_token === null) return undefined
  const token = await unseal(sealed_token, await subkeys(config, 'outbox'), id)
  if (token === undefined) throw new Error('the link was sealed with a secret that is not set any more')
  if (config.PUBLIC_URL === undefined) throw new Error('PUBLIC_URL is missing')
  return token
}

async function send(
  { id, recipient: to }: OutboxRow,
  { subject, text, html }: Mail,
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
      if (!answer.ok) throw new Error(`the mail API answered ${answer.status}`)
      return
    }
    case 'binding':
      await Promise.race([env.EMAIL.send(message), expiryOf(deadline)])
  }
}

/** The binding takes no signal, and one mail that hangs must not keep the others of its pass from being accounted for. */
const expiryOf = (deadline: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    deadline.addEventListener('abort', () => reject(new Error('the mail binding did not answer')))
  })
