import { Hono } from 'hono'
import type { AppEnv } from './http/app-env.ts'
import { loginRequired } from './http/guard.ts'

/**
 * Your protected routes: everything under `/action` needs a login. Add yours to the chain, `.get('/report', ...)` is
 * `GET /action/report`; `c.get('session')` says whose request it is, `c.env` holds your bindings. `action.openapi.ts` describes
 * them for the contract.
 */
export const action = new Hono<AppEnv>()
  .basePath('/action')
  .use(loginRequired)
  .post('/', (c) => c.json({ message: 'You are signed in.', user_id: c.get('session').user_id }))
