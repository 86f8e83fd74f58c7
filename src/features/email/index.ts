import type { Mounted } from '../../http/registry.ts'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { pages } from './pages.tsx'
import { card } from './card.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** Confirming an address, and changing it. */
export const email = { name: 'email', routes, card, pages, events, mails, done } satisfies Mounted
