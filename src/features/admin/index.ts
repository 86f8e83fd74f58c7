import type { Mounted } from '../../http/registry.ts'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { card } from './card.tsx'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done, labels } from './words.ts'

/** User administration, the audit trail and statistics, for admins. */
export const admin = {
  name: 'admin',
  migrations: ['0016_factors_removed'],
  routes,
  pages,
  card,
  events,
  mails,
  done,
  labels,
} satisfies Mounted
