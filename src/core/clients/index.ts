import { sql } from '../../lib/sql.ts'
import type { Feature } from '../call.ts'
import { giveUpExpired } from '../events/delivery.ts'
import { events } from './events.ts'
import { LOGOUT_OUTBOX } from './logouts.ts'

/** Logouts that one pass gives up. Each one writes an audit row. */
const GIVEN_UP_ROWS = 500

/** Seconds after which an application that nobody registered or uses is forgotten. */
const UNUSED_SECONDS = 7 * 86_400

export const clients = {
  name: 'clients',
  events,
  holds: {
    consents: (user_id) =>
      sql`SELECT client_id, scope, granted_at FROM consents WHERE user_id = ${user_id} ORDER BY granted_at`,
    logout_outbox: (user_id) =>
      sql`SELECT client_id, at, attempts, due_at FROM logout_outbox WHERE user_id = ${user_id} ORDER BY at`,
  },
  expires: ({ now, limit }) => [
    ...giveUpExpired(LOGOUT_OUTBOX, GIVEN_UP_ROWS, now),
    sql`DELETE FROM clients WHERE id IN (SELECT id FROM clients WHERE fetched_at <= ${now - UNUSED_SECONDS}
      AND NOT EXISTS (SELECT 1 FROM consents WHERE client_id = clients.id)
      AND NOT EXISTS (SELECT 1 FROM sessions WHERE client_id = clients.id) LIMIT ${limit})`,
  ],
} satisfies Feature
