import { app } from './app.ts'
import { config } from './config.ts'
import { cleanUp } from './core/cleanup.ts'
import { deliverMail } from './core/mailer.ts'
import { now } from './lib/time.ts'

export { Doorkeeper } from './doorkeeper/doorkeeper.ts'
export { Latchkey } from './http/entrypoint.ts'

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    const settings = config(env)
    const at = now()
    await deliverMail(env, settings, at)
    await cleanUp(env.DB, settings, at)
  },
} satisfies ExportedHandler<Env>
