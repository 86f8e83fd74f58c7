import type { Mounted } from '../../http/registry.ts'
import { routes } from './routes.ts'

export const health = {
  name: 'health',
  routes,
  unconfigured: true,
} satisfies Mounted
