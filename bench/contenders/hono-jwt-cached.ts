import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { jwt } from 'hono/jwt'

type Env = { Bindings: { JWT_SECRET_KEY: string }; Variables: { jwtPayload: { user_id: number } } }

let guard: MiddlewareHandler | undefined

/** The same middleware, handed a key that was imported once. */
export default new Hono<Env>()
  .use(async (c, next) => (guard ??= await guardOf(c))(c, next))
  .post('/action', (c) => c.json({ message: 'You are signed in.', user_id: c.var.jwtPayload.user_id }))

async function guardOf(c: Context<Env>): Promise<MiddlewareHandler> {
  const bytes = new TextEncoder().encode(c.env.JWT_SECRET_KEY)
  const secret = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  return jwt({ secret, alg: 'HS256' })
}
