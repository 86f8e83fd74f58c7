import type { Mounted } from '../../http/registry.ts'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** The user's sessions: refresh, reauthenticate, list, end. */
export const session = { name: 'session', routes, pages, events, mails, done } satisfies Mounted
