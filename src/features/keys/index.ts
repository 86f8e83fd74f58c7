import type { Mounted } from '../../http/registry.ts'
import { routes } from './routes.ts'

export const keys = { name: 'keys', routes } satisfies Mounted
