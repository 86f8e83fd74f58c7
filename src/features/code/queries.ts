import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { type CountedUser, findUser, userIn, type UserRow, userRow } from '../../core/users/users.ts'
import { type Sql, sql } from '../../lib/sql.ts'

/** A code can be guessed this often, whoever guesses. */
const MOST_GUESSES = 5

/**
 * A guess that was counted. `user`: whose code it is, if it is right and nothing has changed since it was mailed.
 * `registers`: it is right, and is for an address that nobody had.
 */
export type Guessed = { user_id: number | null; user?: CountedUser; registers: boolean }

type CodeRow = { is_right: 0 | 1 | null; user_id: number | null; epoch: number | null }

/**
 * Counts a guess at the code of a ticket, and compares it. Undefined if the code was used or is void, or if no guess is
 * left. That it has not expired, the ticket says. One statement counts, so that of fifty simultaneous guesses at most five are compared.
 * @throws Problem 503 `unavailable`
 */
export async function takeGuess(
  { env, registry }: Call,
  { id, hash, owner }: { id: string; hash: string; owner?: number | undefined },
): Promise<Guessed | undefined> {
  const own = owner === undefined ? sql`TRUE` : sql`user_id = ${owner}`
  const [codes, users] = await batch(env.DB, [
    sql`UPDATE login_codes SET guesses = guesses + 1
      WHERE id = ${id} AND guesses < ${MOST_GUESSES} AND ${own}
      RETURNING hash = ${hash} AS is_right, user_id, epoch`,
    userRow(
      sql`${ownerOf(id)} AND EXISTS (SELECT 1 FROM login_codes WHERE login_codes.id = ${id} AND hash = ${hash})`,
      registry.methods,
    ),
  ])
  const [code, user] = [codes?.[0] as CodeRow | undefined, users?.[0] as UserRow | undefined]
  if (!code) return undefined
  const registers = code.is_right === 1 && code.user_id === null && code.epoch !== null
  return { user_id: code.user_id, registers, ...(user && { user: userIn(user) }) }
}

/** The condition that finds the user of a code, as long as nothing has changed since it was mailed. */
function ownerOf(id: string): Sql {
  const of = (column: Sql): Sql => sql`(SELECT ${column} FROM login_codes WHERE login_codes.id = ${id})`
  return sql`id = ${of(sql`user_id`)} AND epoch = ${of(sql`login_codes.epoch`)} AND disabled_at IS NULL`
}

/** The user of a code that was compared. @throws Problem 503 `unavailable` */
export const findOwner = ({ env, registry }: Call, id: string): Promise<CountedUser | undefined> =>
  findUser(env.DB, ownerOf(id), registry.methods)

/** The codes of an account work no more, once one was entered. `mine`: the condition that finds the user's row. */
export const voidCodes = (mine: Sql): Sql =>
  sql`DELETE FROM login_codes WHERE user_id = (SELECT id FROM users WHERE ${mine})`
