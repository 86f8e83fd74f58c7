import type { Mounted } from '../../http/registry.ts'
import { events } from './events.ts'
import { onward } from './handle.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'

/** Signing in to other applications: OpenID Connect and OAuth 2.1. */
export const oauth = {
  name: 'oauth',
  routes,
  pages,
  events,
  onward,
  open: /^\/(?:\.well-known\/.+|oauth\/(?:jwks|token|userinfo|revoke))$/,
} satisfies Mounted
