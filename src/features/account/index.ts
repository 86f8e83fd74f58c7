import type { Mounted } from '../../http/registry.ts'
import { mails } from './mails.ts'
import { card } from './card.tsx'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** The user's own account: read, exported, deleted. */
export const account = { name: 'account', routes, pages, card, mails, done } satisfies Mounted
