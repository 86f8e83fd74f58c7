import type { Mounted } from '../../http/registry.ts'
import { sql } from '../../lib/sql.ts'
import { entry } from './entry.tsx'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { identity } from './method.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { security } from './security.tsx'
import { done } from './words.ts'

/** Signing in with an identity at another service. */
export const identities = {
  name: 'identities',
  migrations: ['0018_identities'],
  routes,
  pages,
  entry,
  security,
  done,
  methods: [identity],
  events,
  mails,
  holds: {
    identities: (user_id) =>
      sql`SELECT provider, issuer, subject, email, name, created_at, last_used_at FROM identities
        WHERE user_id = ${user_id} ORDER BY created_at, id`,
  },
} satisfies Mounted
