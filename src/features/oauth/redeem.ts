import type { Call } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { wordsOf } from '../../core/clients/consents.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { commit, endRecorded, isOwn, shownIn, storedShown, tokensUntil } from '../../core/sessions/sessions.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { claimOf } from '../../signing-in/spent.ts'
import { type Code, CODE_SECONDS } from './code.ts'
import type { Granted } from './tokens.ts'

type GrantedRow = Omit<Granted, 'shown' | 'roles'> & { shown: string; roles: string }

/**
 * Starts the session of a client with a code, which works once. The session has the methods and the `auth_time` of the
 * browser's session, and where that was begun. A second use ends what the first one started (RFC 6749 section 4.1.2).
 * Returns undefined if the code is not good: it was used or is too old, or the session of the browser has ended, or the
 * client or the consent is gone.
 * @throws Problem 503 `unavailable`
 */
export async function redeem(call: Call, client: Client, code: Code): Promise<Granted | undefined> {
  const { id, until, user_id } = code
  const { claim, claimed } = claimOf([{ id, until }], sql`id = ${user_id} AND ${stillGood(call, client, code)}`)
  const started = sql`EXISTS (SELECT 1 FROM sessions WHERE id = ${id}) AND ${claimed}`
  const event = { event: 'client_signed_in', user_id, session_id: id, client_id: client.id } as const
  const results = await batch<GrantedRow>(call.env.DB, [
    claim,
    insertSession(call, client, code, claimed),
    auditRow(call, event, started),
    sql`SELECT sessions.id, user_id, auth_time, expires_at, generation, roles, shown, scope, resource, email,
        email_verified, name
      FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = ${id} AND ${claimed}`,
  ])
  const row = results.at(-1)?.[0]
  if (row) return { ...row, roles: JSON.parse(row.roles) as string[], shown: shownIn(row) }
  await endReplayed(call, client, code)
  return undefined
}

/** Ends the session that a code started, if it did. Of fifty replays, only one is recorded. */
async function endReplayed(call: Call, client: Client, { id, user_id }: Code): Promise<void> {
  const started = sql`id = ${id} AND client_id = ${client.id}`
  const event = { event: 'code_replayed', user_id, session_id: id, client_id: client.id } as const
  await commit(call.env.DB, endRecorded(call, event, started))
}

/** The condition on the user's row under which a code can be redeemed for the first time. */
function stillGood({ now }: Call, { id, third_party }: Client, { at, parent_id, user_id }: Code): Sql {
  const parent = sql`EXISTS (SELECT 1 FROM sessions WHERE id = ${parent_id} AND user_id = ${user_id} AND ${isOwn}
    AND revoked_at IS NULL AND expires_at > ${now})`
  const consent = sql`EXISTS (SELECT 1 FROM consents WHERE user_id = ${user_id} AND client_id = ${id})`
  return sql`disabled_at IS NULL AND ${Number(now - at <= CODE_SECONDS)} AND ${parent}
    AND EXISTS (SELECT 1 FROM clients WHERE id = ${id}) AND (${Number(!third_party)} OR ${consent})`
}

/** Without `offline_access` the session lasts no longer than that of the browser. A trigger ends it with that, too. */
function insertSession(call: Call, client: Client, code: Code, claimed: Sql): Sql {
  const { now, settings } = call
  const { id, parent_id, scope, resource = null } = code
  const longest = wordsOf(scope).includes('offline_access')
    ? sql`${now + settings.SESSION_TTL_SECONDS}`
    : sql`expires_at`
  return sql`INSERT INTO sessions
    (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, methods, shown, ip, country, user_agent,
     client_id, parent_id, scope, resource)
    SELECT ${id}, user_id, ${now}, auth_time, ${now}, ${longest}, min(${longest}, ${tokensUntil(call)}), methods,
      ${storedShown}, ip, country, user_agent,
      ${client.id}, id, ${scope}, ${resource}
    FROM sessions WHERE id = ${parent_id} AND ${claimed} RETURNING id`
}
