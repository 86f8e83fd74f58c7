import { sql } from '../../lib/sql.ts'
import type { Feature } from '../call.ts'
import { events } from './events.ts'

export const clients = {
  name: 'clients',
  events,
  holds: {
    consents: (user_id) =>
      sql`SELECT client_id, scope, granted_at FROM consents WHERE user_id = ${user_id} ORDER BY granted_at`,
  },
} satisfies Feature
