import type { Mounted } from '../../http/registry.ts'
import { sql } from '../../lib/sql.ts'
import { card } from './card.tsx'
import { entry } from './entry.tsx'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { passkey } from './method.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { security } from './security.tsx'
import { done } from './words.ts'

/** Signing in with a passkey, alone or as a second factor. */
export const passkeys = {
  name: 'passkeys',
  migrations: ['0013_passkeys'],
  routes,
  pages,
  entry,
  card,
  security,
  done,
  methods: [passkey],
  events,
  mails,
  holds: {
    passkeys: (user_id) =>
      sql`SELECT id, name, aaguid, transports, user_verified, backup_eligible, backed_up, created_at, last_used_at
        FROM passkeys WHERE user_id = ${user_id} ORDER BY created_at, id`,
    passkey_handles: (user_id) => sql`SELECT handle FROM passkey_handles WHERE user_id = ${user_id}`,
  },
} satisfies Mounted
