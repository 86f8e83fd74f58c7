import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import type { Mounted } from '../../http/registry.ts'
import { homeOf } from '../../pages/view.tsx'

/** Leads from `/` to the account or to the login. It reads no database. */
export const front = {
  name: 'front',
  pages: new Hono<AppEnv>().get('/', (c) => c.redirect(homeOf(c), 303)),
} satisfies Mounted
