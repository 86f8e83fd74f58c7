import type { Mounted } from '../../http/registry.ts'
import { sql } from '../../lib/sql.ts'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** Undoing what a notice reported: a sign-in from a new device, a changed password, address or factor. */
export const undo = {
  name: 'undo',
  routes,
  pages,
  events,
  mails,
  done,
  holds: {
    undos: (user_id) =>
      sql`SELECT what, email, created_at, expires_at FROM undos WHERE user_id = ${user_id} ORDER BY id`,
  },
  expires: ({ now, limit }) => [
    sql`DELETE FROM undos WHERE id IN (SELECT id FROM undos WHERE expires_at <= ${now} LIMIT ${limit})`,
  ],
} satisfies Mounted
