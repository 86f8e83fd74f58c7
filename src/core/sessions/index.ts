import { sql } from '../../lib/sql.ts'
import type { Feature } from '../call.ts'
import { events } from './events.ts'
import { REVOCATION_MARGIN_SECONDS } from './revocations.ts'

/** A request that read a ticket in its last second may not have written its batch yet. */
const SPENT_MARGIN_SECONDS = 300

export const sessions = {
  name: 'sessions',
  events,
  holds: {
    sessions: (user_id) =>
      sql`SELECT id, created_at, auth_time, refreshed_at, expires_at, revoked_at, methods, shown, ip,
          country, user_agent, client_id, scope, resource
        FROM sessions WHERE user_id = ${user_id} ORDER BY created_at`,
  },
  expires: ({ now, limit }) => [
    sql`DELETE FROM spent WHERE id IN (SELECT id FROM spent WHERE until <= ${now - SPENT_MARGIN_SECONDS} LIMIT ${limit})`,
    sql`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ${now} LIMIT ${limit})`,
    // The newest row stays, so that isolates find the row at which they stopped reading.
    sql`DELETE FROM revocations WHERE id IN (SELECT id FROM revocations
      WHERE until <= ${now - REVOCATION_MARGIN_SECONDS} AND id < (SELECT max(id) FROM revocations) LIMIT ${limit})`,
  ],
} satisfies Feature
