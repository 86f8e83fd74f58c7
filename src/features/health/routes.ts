import { Hono } from 'hono'
import { config, warnings } from '../../config.ts'
import { type FieldError, Problem } from '../../problem.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { prefilter } from '../../http/prefilter.ts'
import { neededMigrations, recentDatabaseFault } from './queries.ts'

/** `doctor` reports how the keys are derived; strangers must not see it. */
const isForStrangers = ({ field }: FieldError): boolean => !/^(?:LATCHKEY|JWT)_SECRET/.test(field)

/**
 * `/health`: the Worker runs. `/ready`: it can also do its work, or the response names what is missing, never a value.
 */
export const routes = new Hono<AppEnv>()
  .get('/health', (c) => c.json({ status: 'ok' }))
  .get('/ready', prefilter('ready'), async (c) => {
    const settings = config(c.env)
    const fault = await recentDatabaseFault(c.env.DB, neededMigrations(c.var.registry.features))
    if (fault) throw new Problem('not_ready', { errors: [{ field: 'DB', code: fault }] })
    return c.json({ status: 'ready', warnings: warnings(settings).filter(isForStrangers) })
  })
