import type { Context, MiddlewareHandler } from 'hono'
import { wordsOf } from '../core/clients/consents.ts'
import { metadataAddress, resourceNamed } from '../core/clients/resources.ts'
import { issuerOf } from '../core/keys/signing.ts'
import { clientTokenIn } from '../core/tokens/client-token.ts'
import type { AppEnv } from './app-env.ts'
import { callOf } from './call.ts'
import { credentialIn } from './credential.ts'
import { Problem } from '../problem.ts'
import { hasHandler, isStanding, refusal } from './guard.ts'

/** Which application asks for which user, and what that user allowed it. `scope`: the words of the token. */
export type Access = {
  user_id: number
  client_id: string
  session_id: string
  scope: string[]
  resource: string
}

/** A handler behind `resourceRequired` also has the access. There is no `session`: the user is not here. */
export type Accessed = AppEnv & { Variables: { access: Access } }

/**
 * Accepts a request with an access token for exactly this resource, which a feature must declare, that has all of these
 * scopes. It gives the handler `access`. The tokens of this service itself, cookies, tokens for other resources and those of
 * clients that act for themselves are refused. A revocation takes effect within `REVOCATION_MAX_AGE_SECONDS`.
 * @throws Problem 401 `login_required`, 401 `invalid_token`, 403 `insufficient_scope`, with the challenge of RFC 9728
 * section 5.1; 404 `not_found` without `SIGNING_KEYS`, or for a handler of `all`; 503 `not_ready`, 503 `unavailable`
 */
export const resourceRequired =
  (at: string, ...scopes: [string, ...string[]]): MiddlewareHandler<Accessed> =>
  async (c, next) => {
    const call = callOf(c)
    if (!hasHandler(c)) return c.notFound()
    if (call.settings.SIGNING_KEYS === undefined) throw new Problem('not_found')
    const declared = resourceNamed(call, new URL(at, issuerOf(call.settings)).href)
    if (!declared) throw new Error(`No feature declares the resource ${at}`)
    const { resource } = declared
    const header = c.req.header('Authorization')
    if (header === undefined) throw refusal('login_required', ...asking(resource, scopes))
    const credential = credentialIn(header)
    const token = credential?.sent === 'bearer' ? await clientTokenIn(call, credential.unverifiedToken) : undefined
    if (token?.aud !== resource || !(await isStanding(token.sid, c)))
      throw refusal('invalid_token', 'error="invalid_token"', ...asking(resource, scopes))
    const { user_id, client_id, sid: session_id, scope } = token
    c.set('access', { user_id, client_id, session_id, scope: wordsOf(scope), resource })
    requireScope(c, ...scopes)
    await c.var.countAccount?.(user_id)
    await next()
  }

/**
 * For a handler behind `resourceRequired` that needs more scopes for a part of what it does. The challenge names these and
 * what the token has of the resource, because clients replace the scopes that they had.
 * @throws Problem 403 `insufficient_scope`
 */
export function requireScope(c: Context<Accessed>, ...scopes: string[]): void {
  const { scope, resource } = c.get('access')
  if (scopes.every((word) => scope.includes(word))) return
  const own = resourceNamed(callOf(c), resource)!.scopes
  const all = new Set([...scope.filter((word) => Object.hasOwn(own, word)), ...scopes])
  throw refusal('insufficient_scope', 'error="insufficient_scope"', ...asking(resource, [...all]))
}

const asking = (resource: string, scopes: readonly string[]): string[] => [
  `resource_metadata="${metadataAddress(resource)}"`,
  `scope="${scopes.join(' ')}"`,
]
