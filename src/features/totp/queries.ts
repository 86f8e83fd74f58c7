import { first } from '../../core/d1.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { Sealed } from './sealing.ts'

/** Seconds. How long an app waits for the code that confirms it. */
export const PENDING_SECONDS = 600

/** An app, and the newest step of which a code was accepted. */
export type App = Sealed & { last_step: number }

/** The condition on `totp` that an app is confirmed. */
export const isConfirmed = sql`confirmed_at IS NOT NULL`

/** The condition on `totp` that an app still waits for its first code. */
export const isPending = (now: number): Sql => sql`confirmed_at IS NULL AND created_at > ${now - PENDING_SECONDS}`

/** The app of a user, if it is in this state. @throws Problem 503 `unavailable` */
export const appOf = (db: D1Database, user_id: number, state: Sql): Promise<App | null> =>
  first<App>(db, sql`SELECT user_id, id, secret, key_name, last_step FROM totp WHERE user_id = ${user_id} AND ${state}`)
