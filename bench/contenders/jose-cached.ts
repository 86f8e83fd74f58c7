import { Hono, type MiddlewareHandler } from 'hono'
import { importJWK, jwtVerify } from 'jose'

type Env = { Bindings: { SIGNING_KEYS: string; PUBLIC_URL: string }; Variables: { user_id: unknown } }
type Key = Awaited<ReturnType<typeof importJWK>>

let key: Key | undefined

/** The key is imported once. What is checked is what docs/verify-elsewhere.md recommends. */
const guard: MiddlewareHandler<Env> = async (c, next) => {
  const [, token = ''] = /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '') ?? []
  const { SIGNING_KEYS, PUBLIC_URL } = c.env
  key ??= await publicKey(SIGNING_KEYS)
  const options = { algorithms: ['ES256'], typ: 'at+jwt', issuer: PUBLIC_URL, audience: PUBLIC_URL }
  try {
    c.set('user_id', (await jwtVerify(token, key, options)).payload['user_id'])
  } catch {
    return c.json({ code: 'invalid_token' }, 401)
  }
  return next()
}

export default new Hono<Env>().post('/action', guard, (c) =>
  c.json({ message: 'You are signed in.', user_id: c.var.user_id as number }),
)

async function publicKey(keys: string): Promise<Key> {
  const { d: _, ...jwk } = (JSON.parse(keys) as (JsonWebKey & { alg: string })[]).find(({ alg }) => alg === 'ES256')!
  return importJWK(jwk, 'ES256')
}
