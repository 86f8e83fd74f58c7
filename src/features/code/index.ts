import { sql } from '../../lib/sql.ts'
import type { Mounted } from '../../http/registry.ts'
import { entry } from './entry.tsx'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { code as method } from './method.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done, labels } from './words.ts'

/** Signing in with a mailed code. */
export const code = {
  name: 'code',
  migrations: ['0014_login_codes'],
  routes,
  pages,
  entry,
  methods: [method],
  events,
  mails,
  labels,
  done,
  holds: {
    login_codes: (user_id) => sql`SELECT email, until FROM login_codes WHERE user_id = ${user_id} ORDER BY until`,
  },
  expires: ({ now, limit }) => [
    sql`DELETE FROM login_codes WHERE id IN (SELECT id FROM login_codes WHERE until <= ${now} LIMIT ${limit})`,
  ],
} satisfies Mounted
