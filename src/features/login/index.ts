import type { Mounted } from '../../http/registry.ts'
import { pages } from './pages.tsx'

/** The login page, to which the features add their forms and links. */
export const login = { name: 'login', pages } satisfies Mounted
