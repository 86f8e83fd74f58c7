import { all } from '../../core/d1.ts'
import { findUser, hasEmail } from '../../core/users/users.ts'
import { pageOf } from '../../lib/cursor.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { EventFilter } from './parameters.ts'

/** `email`, `actor_email` and `client_name` are as they are now, and null for whoever is gone. */
export type ListedEvent = {
  id: number
  at: number
  event: string
  reason: string | null
  user_id: number | null
  email: string | null
  session_id: string | null
  actor: string | null
  actor_email: string | null
  client_id: string | null
  client_name: string | null
  ip: string | null
  country: string | null
  user_agent: string | null
  request_id: string | null
}

/**
 * The statement that reads a page of the audit trail, newest first, and one row more. It uses the index of the most selective
 * filter. Who an event names is looked up by primary keys, for the rows of the page alone.
 */
export function eventRows({ user_id, actor, event, from, to, cursor, limit }: EventFilter): Sql {
  const index = [
    user_id !== undefined && sql`audit_events_user_id`,
    actor !== undefined && sql`audit_events_actor`,
    event !== undefined && sql`audit_events_event`,
  ].find((name) => name !== false)
  const is = (column: Sql, value: string | number | undefined) =>
    value === undefined ? sql`TRUE` : sql`${column} = ${value}`
  const [last, id] = cursor ?? [to - 1, Number.MAX_SAFE_INTEGER]
  return sql`SELECT audit_events.id, at, event, reason, user_id, users.email, session_id, actor,
      actors.email AS actor_email, client_id, clients.name AS client_name, ip, country, user_agent, request_id
    FROM audit_events INDEXED BY ${index ?? sql`audit_events_at`}
      LEFT JOIN users ON users.id = user_id
      LEFT JOIN users AS actors ON actors.id = iif(actor LIKE 'user:%', CAST(substr(actor, 6) AS INTEGER), NULL)
      LEFT JOIN clients ON clients.id = client_id
    WHERE ${is(sql`user_id`, user_id)} AND ${is(sql`actor`, actor)} AND ${is(sql`event`, event)}
      AND at >= ${from} AND at <= ${Math.min(last, to - 1)} AND (at < ${last} OR audit_events.id < ${id})
    ORDER BY at DESC, audit_events.id DESC LIMIT ${limit + 1}`
}

/** The page in the rows of that statement. */
export function eventsIn(found: ListedEvent[], limit: number) {
  const { rows: events, next } = pageOf(found, limit, ({ at, id }) => [at, id])
  return { events, next }
}

/** A page of the audit trail, newest first. @throws Problem `unavailable` */
export const eventsPage = async (db: D1Database, filter: EventFilter) =>
  eventsIn(await all<ListedEvent>(db, eventRows(filter)), filter.limit)

/** The id of the user with this address, or in this text; 0, which nobody has, if there is none. @throws Problem `unavailable` */
export async function userIdOf(db: D1Database, text: string): Promise<number> {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  return (await findUser(db, hasEmail(text)))?.id ?? 0
}
