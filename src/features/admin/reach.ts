import type { DatabaseCall, SignedInCall } from '../../core/call.ts'
import { ADMIN, hasPower, hasRole, lacksRole } from '../../core/users/roles.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'

/** A call of `/admin` or `/console`, or of the command line, which has no session and reaches everybody. */
export type Acting<C extends DatabaseCall = DatabaseCall> = C & Partial<Pick<SignedInCall, 'session'>>

/**
 * The condition that this caller may act on a row of `users`. Support acts on nobody who has a role of `/admin`: signing out the
 * admin who looks into a misuse would help whoever misuses the role.
 */
export const reach = ({ session }: Acting): Sql =>
  session === undefined || hasRole(session.roles, ADMIN) ? sql`TRUE` : sql`NOT ${hasPower}`

/** The statement that reads whether a user is there and within reach. Put it first in a batch, before what changes that. */
export const reached = (call: Acting, id: number): Sql =>
  sql`SELECT ${reach(call)} AS reached FROM users WHERE id = ${id}`

/** @throws Problem 404 `not_found`, 403 `insufficient_role` */
export function requireReached(rows: unknown[] | undefined): void {
  const [user] = rows as { reached: number }[]
  if (!user) throw new Problem('not_found')
  if (!user.reached) throw lacksRole()
}
