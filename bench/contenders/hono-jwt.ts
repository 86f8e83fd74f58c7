import { Hono } from 'hono'
import { jwt } from 'hono/jwt'

type Payload = { jwtPayload: { user_id: number } }

/** The middleware as its documentation shows it: no revocation, no claims but the times. */
export default new Hono<{ Bindings: { JWT_SECRET_KEY: string }; Variables: Payload }>()
  .use((c, next) => jwt({ secret: c.env.JWT_SECRET_KEY, alg: 'HS256' })(c, next))
  .post('/action', (c) => c.json({ message: 'You are signed in.', user_id: c.var.jwtPayload.user_id }))
