import { auditRow, type Client } from '../../core/audit.ts'
import { Problem } from '../../core/problem.ts'
import { commit, isUnrevoked, revokeSessions, type Session } from '../../core/sessions.ts'
import { sql } from '../../lib/sql.ts'

/** Ends one's own session; ending it twice is the same as once. @throws Problem `unavailable` */
export async function endSession(db: D1Database, session: Session, client: Client, now: number): Promise<void> {
  const { id: session_id, user_id } = session
  const own = sql`id = ${session_id} AND user_id = ${user_id}`
  const audit = auditRow({ event: 'logged_out', user_id, session_id }, client, now, isUnrevoked(own))
  await commit(db, [audit, revokeSessions(own, now)])
}

/** Ends every session of the account, this one too. @throws Problem `unavailable` */
export async function endAllSessions(db: D1Database, session: Session, client: Client, now: number): Promise<void> {
  const { id: session_id, user_id } = session
  const audit = auditRow({ event: 'logged_out_everywhere', user_id, session_id }, client, now)
  await commit(db, [audit, revokeSessions(sql`user_id = ${user_id}`, now)])
}

/** Ends every other session of the account. @throws Problem `unavailable` */
export async function endOtherSessions(db: D1Database, session: Session, client: Client, now: number): Promise<void> {
  const { id: session_id, user_id } = session
  const others = sql`user_id = ${user_id} AND id <> ${session_id}`
  const audit = auditRow({ event: 'sessions_revoked', user_id, session_id }, client, now, isUnrevoked(others))
  await commit(db, [audit, revokeSessions(others, now)])
}

/**
 * Ends a session of the same account.
 * @throws Problem 404 `not_found` when it is not there, has ended, or is somebody else's; 503 `unavailable`
 */
export async function endOtherSession(
  db: D1Database,
  { user_id }: Session,
  session_id: string,
  client: Client,
  now: number,
): Promise<void> {
  const chosen = sql`id = ${session_id} AND user_id = ${user_id} AND expires_at > ${now}`
  const audit = auditRow({ event: 'session_revoked', user_id, session_id }, client, now, isUnrevoked(chosen))
  const [, ended] = await commit(db, [audit, revokeSessions(chosen, now)])
  if (ended?.length === 0) throw new Problem('not_found')
}
