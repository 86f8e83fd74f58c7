import type { DatabaseCall } from '../../core/call.ts'
import { ADMIN, mayLoseAdmin, roleList } from '../../core/users/roles.ts'
import { sql } from '../../lib/sql.ts'
import { changeUser } from './change.ts'

/**
 * Sets a user's roles to exactly this list. Idempotent. Tokens that were already issued keep the old roles until they
 * expire, but `roleRequired` does not read roles from tokens.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function setRoles(call: DatabaseCall, { id, roles }: { id: number; roles: string[] }): Promise<void> {
  const list = roleList(roles)
  await changeUser(call, id, {
    event: 'roles_changed',
    pending: sql`roles <> ${list}`,
    ...(!roles.includes(ADMIN) && { may: mayLoseAdmin }),
    to: (chosen) => sql`UPDATE users SET roles = ${list} WHERE ${chosen}`,
  })
}

/**
 * Adds and removes roles and keeps the others, so two operators at the same time do not overwrite each other.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function adjustRoles(
  call: DatabaseCall,
  { id, add, remove }: { id: number; add: string[]; remove: string[] },
): Promise<void> {
  const [given, taken] = [JSON.stringify(add), JSON.stringify(remove)]
  const adjusted = sql`(SELECT json_group_array(value) FROM (
    SELECT value FROM json_each(users.roles) UNION SELECT value FROM json_each(${given})
    EXCEPT SELECT value FROM json_each(${taken}) ORDER BY value))`
  await changeUser(call, id, {
    event: 'roles_changed',
    pending: sql`roles <> ${adjusted}`,
    ...(remove.includes(ADMIN) && { may: mayLoseAdmin }),
    to: (chosen) => sql`UPDATE users SET roles = ${adjusted} WHERE ${chosen}`,
  })
}
