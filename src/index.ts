import { app, registry } from './app.ts'
import { config } from './config.ts'
import { cleanUp } from './core/cleanup.ts'
import { deliverLogouts } from './core/clients/logouts.ts'
import { deliverMail } from './core/mail/mailer.ts'
import { deliverWebhooks } from './core/events/webhooks.ts'
import { now } from './lib/time.ts'

export { Doorkeeper } from './doorkeeper/doorkeeper.ts'
export { Latchkey } from './http/entrypoint.ts'

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    const settings = config(env)
    const at = now()
    // None waits for another, and all finish before a failure of one ends the run.
    const passes = await Promise.allSettled([
      deliverMail(env, settings, at, registry.features),
      deliverWebhooks(env, settings, at),
      deliverLogouts(env, settings, at),
    ])
    for (const pass of passes) if (pass.status === 'rejected') throw pass.reason
    await cleanUp(env.DB, settings, at, registry.features)
  },
} satisfies ExportedHandler<Env>
