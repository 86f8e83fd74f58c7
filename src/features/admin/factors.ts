import type { DatabaseCall, Method } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { commit, endAll } from '../../core/sessions/sessions.ts'
import { askNoMore } from '../../core/users/second-factor.ts'
import { undoableMail } from '../../core/users/undo.ts'
import { anyOf, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { mails } from './mails.ts'

/** `factor`: the id of one; without it, all of them. `methods`: those of all features. */
type Lost = { id: number; factor?: string | undefined; methods: readonly Method[] }

/**
 * Removes a factor that a user has lost. Every session ends, because a session may belong to whoever has the factor now.
 * Unlike its owner, an administrator may remove the last way in: a mailed link then sets a password, as after
 * `forceReset`. Removing all of none is not an error.
 * @throws Problem 404 `not_found` if there is no such user or factor, 503 `unavailable`
 */
export async function removeFactors(call: DatabaseCall, { id, factor, methods }: Lost): Promise<void> {
  const owned = methods.flatMap(({ factors }) => factors ?? [])
  const chosen = factor === undefined ? sql`TRUE` : sql`id = ${factor}`
  const has = anyOf(owned.map(({ list }) => sql`EXISTS (SELECT 1 FROM (${list(id)}) WHERE ${chosen})`))
  const [found] = await commit(call.env.DB, [
    sql`SELECT id, ${has} AS has FROM users WHERE id = ${id}`,
    ...(await undoableMail(call, mails.factorsRemoved, sql`id = ${id} AND ${has}`, 'factor_removed')),
    auditRow(call, { event: 'factors_removed', user_id: id }, has),
    ...endAll(call, id, has),
    // Last, because the others depend on what is there.
    ...owned.map(({ remove }) => remove(id, factor)),
    ...askNoMore({ registry: { methods } }, id),
  ])
  const [user] = found as unknown as { has: number }[]
  if (!user || (factor !== undefined && !user.has)) throw new Problem('not_found')
}
