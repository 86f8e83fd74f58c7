import type { Mounted } from '../../http/registry.ts'
import { card } from './card.tsx'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** What an account has besides a password, and whether it asks for it. */
export const factors = { name: 'factors', routes, pages, card, events, mails, done } satisfies Mounted
