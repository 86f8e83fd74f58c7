import type { Call } from '../../core/call.ts'
import { wordsOf } from '../../core/clients/consents.ts'
import { first } from '../../core/d1.ts'
import type { ClientToken } from '../../core/tokens/client-token.ts'
import { sql } from '../../lib/sql.ts'
import { type Person, personOf } from './person.ts'
import { Refusal } from './refusal.ts'
import { ownAudience } from './tokens.ts'

/**
 * What the client of a token may know of its user, from the database: the session stands, and its user is not disabled. A
 * token for another audience opens nothing here (RFC 9068 section 4).
 * @throws Refusal `invalid_token`, `insufficient_scope`; Problem 503 `unavailable`
 */
export async function userinfo(call: Call, token: ClientToken): Promise<Record<string, unknown>> {
  const { client_id, user_id, sid, aud } = token
  if (aud !== ownAudience(call)) throw new Refusal('invalid_token', 'The token is for another service.')
  const scope = wordsOf(token.scope)
  const person = await first<Person>(
    call.env.DB,
    sql`SELECT email, email_verified, name FROM sessions JOIN users ON users.id = user_id
      WHERE sessions.id = ${sid} AND user_id = ${user_id} AND client_id = ${client_id}
        AND revoked_at IS NULL AND expires_at > ${call.now} AND disabled_at IS NULL`,
  )
  if (!person) throw new Refusal('invalid_token', 'The session of the token has ended.')
  if (!scope.includes('openid')) throw new Refusal('insufficient_scope', 'The token has no scope openid.')
  return { sub: String(user_id), ...personOf(person, scope) }
}
