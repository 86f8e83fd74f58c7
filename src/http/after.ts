import type { MiddlewareHandler } from 'hono'
import { AFTER_ANSWER } from '../core/events/delivery.ts'
import { deliverLogouts } from '../core/clients/logouts.ts'
import { deliverMail } from '../core/mail/mailer.ts'
import { takeUntold } from '../core/sessions/sessions.ts'
import { deliverWebhooks } from '../core/events/webhooks.ts'
import { settle } from '../lib/settle.ts'
import { now } from '../lib/time.ts'
import type { AppEnv } from './app-env.ts'

/**
 * After the response, delivers what the request put into an outbox, and then some of what else is due there. So the
 * response time does not show whether there was anything to send. A refused request may have written to an outbox too.
 * If delivery fails here, the row stays in its table and the cron run takes it. No queue waits for another.
 */
export const deliverDue: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  const { call } = c.var
  if (call === undefined || c.res.status >= 500) return // after an error nothing may be written; cron delivers what was
  const { env, settings, origin, due, registry } = call
  if (due.has('mail')) {
    c.executionCtx.waitUntil(
      settle(deliverMail(env, settings, now(), registry.features, origin.request_id), 'outbox_not_read'),
    )
  }
  if (takeUntold(env.DB)) {
    c.executionCtx.waitUntil(settle(deliverLogouts(env, settings, now(), AFTER_ANSWER), 'logout_outbox_not_read'))
  }
  if (due.has('events')) {
    c.executionCtx.waitUntil(settle(deliverWebhooks(env, settings, now(), AFTER_ANSWER), 'webhook_outbox_not_read'))
  }
}
