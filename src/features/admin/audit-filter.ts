import * as v from 'valibot'
import { check } from '../../http/body.ts'
import { eventFilter } from './parameters.ts'
import { userIdOf } from './audit-queries.ts'

const DAY = 86_400

/** A day in UTC, as the seconds at its beginning. */
const day = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\d$/, 'malformed'),
  v.transform((text) => Date.parse(text) / 1000),
  v.check((seconds) => seconds >= 0, 'malformed'),
)

const who = v.pipe(v.string(), v.maxLength(320, 'too_long'))

/** What a person types on the page: addresses or numbers of users, and days, of which the last counts, too. */
const typed = v.strictObject({
  user: v.optional(who),
  event: eventFilter.entries.event,
  actor: v.optional(who),
  from: v.optional(day),
  to: v.optional(day),
  cursor: eventFilter.entries.cursor,
})

/**
 * The same filter as the JSON route takes it, as the parameters of an address.
 * @throws Problem 422 `invalid_query`, 503 `unavailable`
 */
export async function parametersIn(db: D1Database, given: Record<string, string>): Promise<Record<string, string>> {
  const { user, event, actor, from, to } = check(typed, given, 'invalid_query')
  const named = actor === undefined || /^(user|cli):/.test(actor) ? actor : `user:${await userIdOf(db, actor)}`
  return {
    ...(user !== undefined && { user_id: String(await userIdOf(db, user)) }),
    ...(event !== undefined && { event }),
    ...(named !== undefined && { actor: named }),
    ...(from !== undefined && { from: String(from) }),
    ...(to !== undefined && { to: String(to + DAY) }),
    ...(given.cursor !== undefined && { cursor: given.cursor }),
  }
}
