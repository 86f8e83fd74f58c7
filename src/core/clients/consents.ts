import { type Sql, sql } from '../../lib/sql.ts'
import type { Call, DatabaseCall } from '../call.ts'
import { all, first } from '../d1.ts'
import { auditRow } from '../events/audit.ts'
import { commit, isUnrevoked, revokeSessions, standing } from '../sessions/sessions.ts'

/** The words of a scope. */
export const wordsOf = (scope: string): string[] => scope.split(' ').filter(Boolean)

/** Whether a consent covers what a client asks for. */
export const covers = (granted: string | undefined, asked: string): boolean => {
  const words = new Set(wordsOf(granted ?? ''))
  return granted !== undefined && wordsOf(asked).every((word) => words.has(word))
}

/** The scope that a user allowed a client, if any. @throws Problem `unavailable` */
export async function consentOf(db: D1Database, user_id: number, client_id: string): Promise<string | undefined> {
  const found = sql`SELECT scope FROM consents WHERE user_id = ${user_id} AND client_id = ${client_id}`
  return (await first<{ scope: string }>(db, found))?.scope
}

type Consent = { user_id: number; client_id: string; scope: string }

/**
 * The statements that remember a consent, if `when` holds and the client still exists. What was allowed before stays
 * allowed.
 */
export const grantConsent = (call: DatabaseCall, { user_id, client_id, scope }: Consent, when: Sql): Sql[] => {
  const may = sql`${when} AND EXISTS (SELECT 1 FROM clients WHERE id = ${client_id})`
  // The union of both lists of words, in one statement, so that two tabs lose nothing of each other. No word has a quote.
  const words = sql`json_each('["' || replace(consents.scope || ' ' || excluded.scope, ' ', '","') || '"]')`
  const union = sql`(SELECT group_concat(value, ' ') FROM (SELECT DISTINCT value FROM ${words}))`
  return [
    sql`INSERT INTO consents (user_id, client_id, scope, granted_at)
      SELECT ${user_id}, ${client_id}, ${scope}, ${call.now} WHERE ${may}
      ON CONFLICT DO UPDATE SET scope = ${union}, granted_at = excluded.granted_at RETURNING client_id AS id`,
    auditRow(call, { event: 'consent_granted', user_id, client_id }, may),
  ]
}

/**
 * Withdraws a consent, if there is one, and ends the client's sessions of the user. Gives whether there was anything to end.
 * @throws Problem `unavailable`
 */
export async function withdrawConsent(
  call: DatabaseCall,
  { user_id, client_id }: { user_id: number; client_id: string },
): Promise<boolean> {
  const mine = sql`user_id = ${user_id} AND client_id = ${client_id}`
  const consents = sql`EXISTS (SELECT 1 FROM consents WHERE ${mine})`
  const [, sessions, withdrawn] = await commit(call.env.DB, [
    auditRow(call, { event: 'consent_withdrawn', user_id, client_id }, sql`(${consents} OR ${isUnrevoked(mine)})`),
    revokeSessions(call, mine),
    sql`DELETE FROM consents WHERE ${mine} RETURNING client_id AS id`,
  ])
  return sessions!.length + withdrawn!.length > 0
}

/** An application that a user allowed something, or is signed in to. */
export type Application = {
  client_id: string
  name: string
  scope: string
  granted_at: number | null
  sessions: number
}

/** The applications of a user, by name. @throws Problem `unavailable` */
export const applicationsOf = (call: Call, user_id: number): Promise<Application[]> =>
  all(call.env.DB, listedApplications(call, user_id))

/** The statement that reads them. */
export const listedApplications = (call: Call, user_id: number): Sql => {
  const live = sql`SELECT count(*) FROM sessions WHERE user_id = ${user_id} AND client_id = clients.id AND ${standing(call)}`
  return sql`SELECT clients.id AS client_id, name, coalesce(consents.scope, clients.scope) AS scope, granted_at,
      (${live}) AS sessions
    FROM clients LEFT JOIN consents ON client_id = clients.id AND user_id = ${user_id}
    WHERE clients.id IN (SELECT client_id FROM consents WHERE user_id = ${user_id}
        UNION SELECT client_id FROM sessions WHERE user_id = ${user_id} AND client_id IS NOT NULL AND ${standing(call)})
    ORDER BY name, clients.id`
}
