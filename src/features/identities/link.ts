import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import type { Proof } from '../../core/proof.ts'
import { methodsOn } from '../../core/users/second-factor.ts'
import { factor, undoableMail } from '../../core/users/undo.ts'
import { hasAnotherWayIn } from '../../core/users/ways.ts'
import { randomId } from '../../lib/bytes.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'
import { providersOn } from './providers/index.ts'
import type { Profile, ProviderName } from './providers/provider.ts'
import { addIdentity, IDENTITY, isFree } from './queries.ts'

/**
 * Gives an identity to the signed-in user. The session must be one that may change factors.
 * @throws Problem 409 `identity_taken` if an account has it, or the user has another one of this provider; 401
 * `invalid_token`; 503 `unavailable`
 */
export async function link(
  call: SignedInCall,
  { provider, profile, spends }: { provider: ProviderName; profile: Profile; spends: Proof['spends'] },
): Promise<void> {
  const { user_id, id: session_id } = call.session
  const id = randomId()
  const proof = { ...(await proofOfSession(call)), spends }
  const results = await rest(call, proof, async (mine) => {
    const free = sql`${mine} AND ${isFree(profile, provider)}`
    return [
      sql`SELECT id FROM users WHERE ${mine}`,
      auditRow(call, { event: 'identity_added', user_id, session_id }, sql`EXISTS (SELECT 1 FROM users WHERE ${free})`),
      ...(await undoableMail(call, mails.added, free, 'factor_added', factor(IDENTITY, id))),
      addIdentity(call, { id, provider, profile }, free), // raises the epoch, so it comes last
    ]
  })
  if (results.at(-1)?.length !== 1) throw new Problem('identity_taken')
}

/**
 * Takes the identity of one provider from the signed-in user. The session must be one that may change factors.
 * @throws Problem 404 `not_found`, 409 `last_way_in`, 401 `invalid_token`, 503 `unavailable`
 */
export async function unlink(call: SignedInCall, provider: string): Promise<void> {
  const { user_id, id: session_id } = call.session
  const own = sql`user_id = ${user_id} AND provider = ${provider}`
  const has = sql`EXISTS (SELECT 1 FROM identities WHERE ${own})`
  const results = await rest(call, await proofOfSession(call), async (mine) => {
    const stays = sql`${mine} AND ${has} AND ${hasAnotherWayIn(methodsOn(call), countOf(call, provider))}`
    const isRemoved = sql`EXISTS (SELECT 1 FROM users WHERE ${stays})`
    return [
      sql`SELECT id, ${has} AS has FROM users WHERE ${mine}`,
      auditRow(call, { event: 'identity_removed', user_id, session_id }, isRemoved),
      ...(await undoableMail(call, mails.removed, stays, 'factor_removed')),
      sql`DELETE FROM identities WHERE ${own} AND ${isRemoved} RETURNING id`, // raises the epoch, so it comes last
    ]
  })
  if (results.at(-1)?.length === 1) return
  const [{ has: had }] = results[0] as unknown as [{ has: number }]
  throw new Problem(had === 1 ? 'last_way_in' : 'not_found')
}

/** How many ways in go with an identity: none if its provider is off. */
const countOf = ({ settings }: SignedInCall, provider: string) =>
  sql`${providersOn(settings).some(({ name }) => name === provider) ? 1 : 0}`
