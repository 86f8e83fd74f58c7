import type { Mounted } from '../../http/registry.ts'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { card } from './card.tsx'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** The user's own account: read, named, exported, deleted. */
export const account = { name: 'account', routes, pages, card, events, mails, done } satisfies Mounted
