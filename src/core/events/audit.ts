import type { DatabaseCall } from '../call.ts'
import type { Events } from './declaration.ts'
import { type Sql, sql } from '../../lib/sql.ts'

/**
 * Every feature and room adds its `events` to this interface in its own `events.ts`. So each event is declared where it
 * happens, nothing imports upwards, and the compiler rejects a misspelled name.
 */
export interface Declared {}

type NamesIn<Own> = Own extends Events ? keyof Own : never
type ReasonOf<Event> = Event extends { reasons: infer Reasons } ? keyof Reasons : never
type ReasonsIn<Own> = Own extends Events ? ReasonOf<Own[keyof Own]> : never

export type EventName = NamesIn<Declared[keyof Declared]>
type Reason = ReasonsIn<Declared[keyof Declared]>

export type AuditEvent = {
  event: EventName
  reason?: Reason | null
  user_id?: number | Sql | null | undefined
  session_id?: string | null
  client_id?: string | null
}

/** How many times this event was recorded for a user since a time, as a subquery. */
export const countOf = (event: AuditEvent['event'], user_id: number, since: number): Sql =>
  sql`(SELECT count(*) FROM audit_events INDEXED BY audit_events_user_id
    WHERE user_id = ${user_id} AND at > ${since} AND event = ${event} AND reason IS NULL)`

/** When this event was last recorded for the user of a row of `users`, as a subquery. It stops at the first that it finds. */
export const lastOf = (event: AuditEvent['event']): Sql =>
  sql`(SELECT at FROM audit_events INDEXED BY audit_events_user_id
    WHERE user_id = users.id AND event = ${event} AND reason IS NULL ORDER BY at DESC LIMIT 1)`

/**
 * The statement that appends one event if `when` holds. Put it in the batch of the change that it records. It must
 * contain no secret, address or password. The trigger in the schema publishes most events, so delivery of events may
 * become due.
 */
export function auditRow(call: DatabaseCall, event: AuditEvent, when: Sql = sql`TRUE`): Sql {
  if (call.settings.WEBHOOK_URL !== undefined && mayBePublished(call, event)) call.due.add('events')
  const { ip, country, user_agent, request_id, actor = null } = call.origin
  const { reason = null, user_id = null, session_id = null, client_id = null } = event
  return sql`INSERT INTO audit_events (at, event, reason, user_id, session_id, ip, country, user_agent, request_id, actor,
      client_id)
    SELECT ${call.now}, ${event.event}, ${reason}, ${user_id}, ${session_id}, ${ip}, ${country}, ${user_agent}, ${request_id},
           ${actor}, ${client_id}
    WHERE ${when}`
}

/**
 * Events with a reason are not published (schema.sql), and neither are events without a name in the webhook. They must not
 * cause a look into the outbox.
 */
const mayBePublished = ({ registry }: DatabaseCall, { event, reason = null }: AuditEvent): boolean =>
  reason === null && (registry === undefined || registry.events[event]?.type !== undefined)
