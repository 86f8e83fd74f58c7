import { knownTo } from '../../doorkeeper/rpc.ts'
import type { Mounted } from '../../http/registry.ts'
import { card } from './card.tsx'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { done } from './words.ts'

/** The devices that signed in before. */
export const devices = { name: 'devices', routes, pages, card, done, remembers: knownTo } satisfies Mounted
