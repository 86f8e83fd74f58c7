import type { Mounted } from '../../http/registry.ts'
import { routes } from './routes.ts'

export const revoked = { name: 'revoked', routes } satisfies Mounted
