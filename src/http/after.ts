import type { Context } from 'hono'
import { config } from '../config.ts'
import { deliverMail } from '../core/mailer.ts'
import { settle } from '../lib/settle.ts'
import { now } from '../lib/time.ts'
import type { Asked } from './app-env.ts'

/** Sends what is in the outbox once the answer is out, so that no answer's time tells whether there was a mail. */
export function sendMailAfter(c: Asked & Pick<Context, 'executionCtx'>): void {
  // What fails here stays in the outbox, and the cron run takes it.
  c.executionCtx.waitUntil(settle(deliverMail(c.env, config(c.env), now()), 'outbox_not_read'))
}
