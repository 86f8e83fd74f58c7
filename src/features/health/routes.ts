import { Hono } from 'hono'
import { type Config, config, warnings } from '../../config.ts'
import { areKeysWhole } from '../../core/keys/signing.ts'
import { type FieldError, Problem } from '../../problem.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { prefilter } from '../../http/prefilter.ts'
import { neededMigrations, recentDatabaseFault } from './queries.ts'

/** `doctor` reports how the keys are derived; strangers must not see it. */
const isForStrangers = ({ field }: FieldError): boolean => !/SECRET|KEY/.test(field)

const whole = new WeakMap<Config, boolean>()

/** Whether the signing keys work, tried once per configuration, because it takes milliseconds of CPU. */
async function haveWholeKeys(settings: Config): Promise<boolean> {
  const known = whole.get(settings) ?? (await areKeysWhole(settings))
  whole.set(settings, known)
  return known
}

/**
 * `/health`: the Worker runs. `/ready`: it can also do its work, or the response names what is missing, never a value.
 */
export const routes = new Hono<AppEnv>()
  .get('/health', (c) => c.json({ status: 'ok' }))
  .get('/ready', prefilter('ready'), async (c) => {
    const settings = config(c.env)
    const fault = await recentDatabaseFault(c.env.DB, neededMigrations(c.var.registry.features))
    if (fault) throw new Problem('not_ready', { errors: [{ field: 'DB', code: fault }] })
    if (!(await haveWholeKeys(settings))) {
      throw new Problem('not_ready', { errors: [{ field: 'SIGNING_KEYS', code: 'malformed' }] })
    }
    return c.json({ status: 'ready', warnings: warnings(settings).filter(isForStrangers) })
  })
