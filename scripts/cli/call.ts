import { config } from '../../src/config.ts'
import type { DatabaseCall } from '../../src/core/call.ts'
import type { Origin } from '../../src/core/origin.ts'
import { randomId } from '../../src/lib/bytes.ts'

/** The call of a command. What is deployed is not known here, so the settings are the defaults; the secret is used for nothing. */
export const commandCall = (DB: D1Database, origin: Origin, now: number): DatabaseCall => ({
  env: { DB },
  settings: config({ JWT_SECRET_KEY: randomId(256) }),
  origin,
  now,
  due: new Set(),
})
