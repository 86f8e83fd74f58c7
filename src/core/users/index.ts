import { sql } from '../../lib/sql.ts'
import type { Feature } from '../call.ts'
import { events } from './events.ts'
import { expireRegistrations } from './registrations.ts'

/** Each deletion also deletes links, sessions and index entries, and writes an audit row and an event. */
const PASS_REGISTRATIONS = 500

export const users = {
  name: 'users',
  events,
  holds: {
    // Without the internal columns that mark what is void and how long to keep it.
    user: (user_id) =>
      sql`SELECT id AS user_id, email, name, email_verified, disabled_at, roles, language, password_set_at, created_at,
          second_factor
        FROM users WHERE id = ${user_id}`,
    one_time_tokens: (user_id) =>
      sql`SELECT purpose, email, expires_at FROM one_time_tokens WHERE user_id = ${user_id} ORDER BY purpose`,
    invitations: (user_id) => sql`SELECT email, expires_at FROM invitations WHERE user_id = ${user_id}`,
    // How many are left. Their hashes are nobody's business.
    recovery_codes: (user_id) => sql`SELECT user_id, created_at FROM recovery_codes WHERE user_id = ${user_id}`,
  },
  expires: ({ now }) => [
    sql`DELETE FROM one_time_tokens WHERE expires_at <= ${now}`,
    ...expireRegistrations(PASS_REGISTRATIONS, now),
  ],
} satisfies Feature
