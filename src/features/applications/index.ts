import type { Mounted } from '../../http/registry.ts'
import { card } from './card.tsx'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** The applications that a user signed in to with this account. */
export const applications = { name: 'applications', routes, pages, card, done } satisfies Mounted
