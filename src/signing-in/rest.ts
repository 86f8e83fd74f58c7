import type { Call } from '../core/call.ts'
import type { Proof } from '../core/proof.ts'
import { commit, overtaken, type Row, stillLive } from '../core/sessions/sessions.ts'
import { type Sql, sql } from '../lib/sql.ts'
import { Problem } from '../problem.ts'
import { claimOf } from './spent.ts'

/**
 * Writes a change that relies on a proof, in one batch. Every such change must be written here. `write` gets the
 * condition that finds the user's row, and its first statement must return a row exactly if that condition is true.
 * Returns the rows of each statement of `write`.
 * @throws Problem 401 `invalid_credentials` if the account changed meanwhile, 401 `invalid_token` if the session has
 * ended, 401 `invalid_ticket` if something that works once was used; 503 `unavailable`
 */
export async function rest(
  { env, now }: Call,
  { user, holds, spends, alongside, session }: Proof,
  write: (mine: Sql) => Sql[] | Promise<Sql[]>,
): Promise<Row[][]> {
  const once = spends.length === 0 ? undefined : claimOf(spends, holds)
  const mine = once ? sql`id = ${user.id} AND ${once.claimed}` : holds
  const written = await write(mine)
  const results = await commit(env.DB, [
    ...(once ? [once.claim] : []),
    ...written,
    ...(await alongside(mine)),
    ...(session ? [stillLive({ session, now })] : []),
  ])
  const start = once ? 1 : 0
  const rows = results.slice(start, start + written.length)
  if (rows[0]?.length === 1) return rows
  if (session) throw overtaken(results.at(-1))
  throw new Problem(once ? 'invalid_ticket' : 'invalid_credentials')
}
