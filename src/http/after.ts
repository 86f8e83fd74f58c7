import type { Context } from 'hono'
import { config } from '../config.ts'
import { deliverMail } from '../core/mailer.ts'
import { now } from '../lib/time.ts'
import type { Asked } from './app-env.ts'

/** Sends what is in the outbox once the answer is out, so that no answer's time tells whether there was a mail. */
export function sendMailAfter(c: Asked & Pick<Context, 'executionCtx'>): void {
  const sending = deliverMail(c.env, config(c.env), now()).catch((error: unknown) => {
    // The mails stay in the outbox, and the cron run takes them.
    console.error(JSON.stringify({ level: 'error', code: 'outbox_not_read', reason: String(error).slice(0, 200) }))
  })
  c.executionCtx.waitUntil(sending)
}
