import { Hono } from 'hono'
import { type AppEnv, loginRequired } from '#latchkey'

/** A sample: every route here requires a login, and `c.get('session')` contains the user of the request. */
export const action = new Hono<AppEnv>()
  .use(loginRequired)
  .post('/', (c) => c.json({ message: 'You are signed in.', user_id: c.get('session').user_id }))
