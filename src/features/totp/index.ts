import type { Mounted } from '../../http/registry.ts'
import { sql } from '../../lib/sql.ts'
import { entry } from './entry.tsx'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { totp as method } from './method.ts'
import { pages } from './pages.tsx'
import { PENDING_SECONDS } from './queries.ts'
import { routes } from './routes.ts'
import { security } from './security.tsx'
import { done, labels } from './words.ts'

/** The authenticator app as a second factor. */
export const totp = {
  name: 'totp',
  migrations: ['0012_totp'],
  routes,
  pages,
  entry,
  security,
  done,
  labels,
  methods: [method],
  events,
  mails,
  holds: {
    totp: (user_id) => sql`SELECT created_at, confirmed_at, last_used_at FROM totp WHERE user_id = ${user_id}`,
  },
  expires: ({ now, limit }) => [
    sql`DELETE FROM totp WHERE user_id IN (SELECT user_id FROM totp
      WHERE confirmed_at IS NULL AND created_at <= ${now - PENDING_SECONDS} LIMIT ${limit})`,
  ],
} satisfies Mounted
