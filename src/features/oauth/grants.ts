import type { Call } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { wordsOf } from '../../core/clients/consents.ts'
import { spelled } from '../../core/clients/resources.ts'
import { first } from '../../core/d1.ts'
import { readRefreshToken } from '../../core/sessions/refresh-tokens.ts'
import { refreshSession } from '../../core/sessions/rotation.ts'
import { customClaims, hasCustomClaims } from '../../core/tokens/custom-claims.ts'
import { sql } from '../../lib/sql.ts'
import { readCode } from './code.ts'
import type { Parameters } from './parameters.ts'
import { provesChallenge } from './pkce.ts'
import { redeem } from './redeem.ts'
import { Refusal } from './refusal.ts'
import { resourceIn } from './request.ts'
import { clientToken, type TokenAnswer, tokensFor } from './tokens.ts'

type Grant = (call: Call, client: Client, given: Parameters) => Promise<TokenAnswer>

/**
 * Exchanges a code. Whatever the request says beside the code is compared first, so that a wrong request does not use it up.
 */
const authorizationCode: Grant = async (call, client, given) => {
  const code = await readCode(call, required(given, 'code'))
  if (!code || code.client_id !== client.id || given.get('redirect_uri') !== code.redirect_uri) throw badCode()
  if (!(await provesChallenge(given.get('code_verifier'), code.challenge))) throw badCode()
  requireSame(given, code.resource)
  const { user_id, scope, resource } = code
  const more = await customClaims(call, { user_id, client_id: client.id, scope, resource })
  const granted = await redeem(call, client, code)
  if (!granted) throw badCode()
  return tokensFor(call, client, granted, { nonce: code.nonce, more })
}

const badCode = () => new Refusal('invalid_grant', 'The code is not valid, or is not for this request.')

/** Exchanges a refresh token. A narrower scope is for this access token alone (RFC 6749 section 6). */
const refreshToken: Grant = async (call, client, given) => {
  const token = required(given, 'refresh_token')
  const whose = sql`client_id = ${client.id}`
  const [scope, resource] = [given.get('scope'), given.get('resource')]
  let more = {}
  if (scope !== undefined || resource !== undefined || hasCustomClaims(call)) {
    const name = await readRefreshToken(token, call.settings)
    const found = name && sql`SELECT user_id, scope, resource FROM sessions WHERE id = ${name.session_id} AND ${whose}`
    const session =
      found && (await first<{ user_id: number; scope: string; resource: string | null }>(call.env.DB, found))
    if (!session) throw badToken()
    requireSame(given, session.resource ?? undefined)
    if (scope !== undefined) within(scope, session.scope)
    const { user_id, resource: granted } = session
    const about = { user_id, client_id: client.id, scope: scope ?? session.scope, resource: granted ?? undefined }
    more = await customClaims(call, about)
  }
  const granted = await refreshSession(call, token, { whose })
  if (!granted) throw badToken()
  return tokensFor(call, client, granted, {
    more,
    ...(scope !== undefined && { scope: within(scope, granted.scope ?? '') }),
  })
}

const badToken = () => new Refusal('invalid_grant', 'The refresh token is not valid, or its session has ended.')

/** What only a user can give. */
const USERS = ['openid', 'profile', 'email', 'offline_access']

const clientCredentials: Grant = async (call, client, given) => {
  if (!client.credentials) throw new Refusal('unauthorized_client', 'The client may not act for itself.')
  const own = wordsOf(client.scope).filter((word) => !USERS.includes(word))
  const scope = within(given.get('scope') ?? own.join(' '), own.join(' '))
  const resource = resourceIn(given, client, call.settings)
  const more = await customClaims(call, { user_id: null, client_id: client.id, scope, resource })
  return clientToken(call, client, { scope, resource, more })
}

const GRANTS: Record<string, Grant> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  client_credentials: clientCredentials,
}

/** The values of `grant_type`. */
export const GRANT_TYPES = Object.keys(GRANTS)

/** The answer of the token endpoint. @throws Refusal, Problem 503 */
export async function tokenFor(call: Call, client: Client, given: Parameters): Promise<TokenAnswer> {
  const type = required(given, 'grant_type')
  if (!GRANT_TYPES.includes(type)) throw new Refusal('unsupported_grant_type', 'There is no such grant here.')
  return GRANTS[type]!(call, client, given)
}

function required(given: Parameters, name: string): string {
  const value = given.get(name)
  if (value === undefined) throw new Refusal('invalid_request', `${name} is missing.`)
  return value
}

/** A token is for the resource that was granted, and no other (RFC 8707 section 2.2). */
function requireSame(given: Parameters, granted: string | undefined): void {
  const resource = given.get('resource')
  if (resource !== undefined && resource !== granted && spelled(resource) !== granted)
    throw new Refusal('invalid_target', 'This resource was not granted.')
}

/** A scope that is part of another one. @throws Refusal `invalid_scope` */
function within(scope: string, granted: string): string {
  const [words, all] = [[...new Set(wordsOf(scope))], wordsOf(granted)]
  if (!words.every((word) => all.includes(word))) throw new Refusal('invalid_scope', 'This scope was not granted.')
  return words.join(' ')
}
