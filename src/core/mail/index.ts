import { sql } from '../../lib/sql.ts'
import type { Feature } from '../call.ts'
import { events } from './events.ts'
import { giveUpExpired } from '../events/delivery.ts'
import { OUTBOX } from './queue.ts'

/** Mails that one pass gives up. Each one writes an audit row and its index entries. */
const GIVEN_UP_ROWS = 1_000

export const mail = {
  name: 'mail',
  events,
  holds: {
    // A mail to a requested new address could reveal whether that address belongs to another user.
    outbox: (user_id) =>
      sql`SELECT kind, recipient, language, created_at, attempts, due_at
        FROM outbox WHERE user_id = ${user_id} AND kind <> 'email_change' ORDER BY created_at`,
  },
  expires: ({ now }) => giveUpExpired(OUTBOX, GIVEN_UP_ROWS, now),
} satisfies Feature
