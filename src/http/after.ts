import type { Context } from 'hono'
import { config } from '../config.ts'
import { deliverMail } from '../core/mailer.ts'
import { deliverWebhooks } from '../core/webhooks.ts'
import { settle } from '../lib/settle.ts'
import { now } from '../lib/time.ts'
import type { Asked } from './app-env.ts'

/**
 * Sends the mails and the events that are due once the answer is out, so that no answer's time tells whether there
 * were any. What fails here stays in its table, and the cron run takes it. Neither waits for the other.
 */
export function deliverAfter(c: Asked & Pick<Context, 'executionCtx'>): void {
  const [settings, at] = [config(c.env), now()]
  c.executionCtx.waitUntil(settle(deliverMail(c.env, settings, at), 'outbox_not_read'))
  c.executionCtx.waitUntil(settle(deliverWebhooks(c.env, settings, at), 'webhook_outbox_not_read'))
}
