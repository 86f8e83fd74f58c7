import type { Mounted } from '../../http/registry.ts'
import { entry } from './entry.tsx'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { password as method } from './method.ts'
import { pages } from './pages.tsx'
import { card } from './card.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** Signing in with a password, resetting a forgotten one, and changing it. */
export const password = {
  name: 'password',
  migrations: ['0017_password_removed'],
  routes,
  pages,
  entry,
  card,
  methods: [method],
  events,
  mails,
  done,
} satisfies Mounted
