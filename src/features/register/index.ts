import type { Mounted } from '../../http/registry.ts'
import { mails as verification } from '../../core/users/mails.ts'
import { entry } from './entry.tsx'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** Registering a new account. */
export const register = {
  name: 'register',
  routes,
  pages,
  entry,
  events,
  mails: { ...verification, ...mails },
  done,
} satisfies Mounted
