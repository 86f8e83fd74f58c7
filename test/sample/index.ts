import { Hono } from 'hono'
import type { AppEnv, Yours } from '#latchkey'
import { action } from './routes.ts'

/** Your own code. No upgrade changes this folder, and no test of Latchkey reads it. */
export const yours = {
  name: 'yours',
  routes: new Hono<AppEnv>().route('/action', action),
} satisfies Yours
