import { sql } from '../../lib/sql.ts'
import type { Feature } from '../call.ts'
import { giveUpExpired } from './delivery.ts'
import { events as own } from './events.ts'
import { WEBHOOK_OUTBOX } from './webhooks.ts'

/** Events that one pass gives up. Each one writes an audit row and its index entries. */
const GIVEN_UP_ROWS = 1_000

const DAY = 86_400

export const events = {
  name: 'events',
  events: own,
  holds: {
    webhook_outbox: (user_id) =>
      sql`SELECT type, session_id, client_id, at, attempts, due_at
        FROM webhook_outbox WHERE user_id = ${user_id} ORDER BY at`,
    // If someone else acted, the IP address and device are theirs, not the user's. Rows about mails that were given up
    // could reveal whether another address has an account.
    audit_events: (user_id) =>
      sql`SELECT at, event, reason, session_id, client_id, iif(actor IS NULL, ip, NULL) AS ip,
        iif(actor IS NULL, country, NULL) AS country, iif(actor IS NULL, user_agent, NULL) AS user_agent, request_id
      FROM audit_events WHERE user_id = ${user_id} AND event <> 'mail_given_up' ORDER BY id`,
  },
  // Without a webhook, nobody will receive the events, so they are deleted too.
  expires: ({ now, settings, limit }) => [
    sql`DELETE FROM audit_events WHERE id IN
      (SELECT id FROM audit_events WHERE at < ${now - settings.AUDIT_RETENTION_DAYS * DAY} LIMIT ${limit})`,
    ...(settings.WEBHOOK_URL === undefined
      ? [sql`DELETE FROM webhook_outbox WHERE id IN (SELECT id FROM webhook_outbox LIMIT ${limit})`]
      : giveUpExpired(WEBHOOK_OUTBOX, GIVEN_UP_ROWS, now)),
  ],
} satisfies Feature
