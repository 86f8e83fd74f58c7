import { Hono } from 'hono'
import { config, warnings } from '../../config.ts'
import { Problem } from '../../core/problem.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { databaseFault } from './queries.ts'

/** `/health`: the Worker runs. `/ready`: it can also do its work; names what is missing, never a value. */
export const health = new Hono<AppEnv>()
  .get('/health', (c) => c.json({ status: 'ok' }))
  .get('/ready', async (c) => {
    const settings = config(c.env)
    const fault = await databaseFault(c.env.DB)
    if (fault) throw new Problem('not_ready', { errors: [{ field: 'DB', code: fault }] })
    return c.json({ status: 'ready', warnings: warnings(settings) })
  })
