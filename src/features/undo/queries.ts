import type { Call } from '../../core/call.ts'
import { all, first } from '../../core/d1.ts'
import { factorsOf } from '../../core/users/factors.ts'
import { oneTimeHash } from '../../core/users/one-time.ts'
import { isUnconfirmedRegistration } from '../../core/users/registrations.ts'
import { FACTOR_UNDO_SECONDS, UNDO_SECONDS, type Undoable, type UndoData } from '../../core/users/undo.ts'
import { isPossession, type Way } from '../../core/users/ways.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'

/** A link, and the account as it was when the link was read. */
export type Link = {
  id: number
  hash: string
  user_id: number
  what: Undoable
  /** The address the link was mailed to, and the one that the account has now. */
  email: string
  account: string
  created_at: number
  expires_at: number
  /** The account asks for a second factor since the change, and for less than 24 hours. */
  asks: boolean
  /** The account has another address now. */
  moved: boolean
}

/** What an undo does besides ending sessions. A second factor `stays` if it was added since, but more than 24 hours ago. */
export type Plan = { link: Link; removes: { method: string; id: string }[]; stays: boolean }

type Row = Omit<Link, 'moved' | 'asks'> & {
  moved: number
  asks: number
  kept: number
  taken: number
  disabled_at: number | null
}

/**
 * Reads a link, and what it would undo. Of an account that has moved, a link to an earlier address is valid only while
 * that address is kept free for it.
 * @throws Problem 400 `invalid_one_time_token`, 403 `account_disabled`, 409 `email_taken`, 503 `unavailable`
 */
export async function planOf(call: Call, token: string): Promise<Plan> {
  const { env, now, registry } = call
  const hash = await oneTimeHash(token)
  const row = hash === undefined ? null : await first<Row>(env.DB, linkOf(hash, now))
  if (!row || (row.moved && !row.kept)) throw new Problem('invalid_one_time_token')
  if (row.disabled_at !== null) throw new Problem('account_disabled')
  if (row.moved && row.taken) throw new Problem('email_taken')
  const link = { ...row, moved: row.moved === 1, asks: row.asks === 1 }
  const added = await addedSince(call, link)
  const { factors } = added.length === 0 ? { factors: [] } : await factorsOf(env.DB, registry.methods, link.user_id)
  const present = added.filter(({ id }) => factors.some((factor) => factor.id === id))
  const isRecent = ({ method, created_at }: Added) =>
    registry.methods.some((one) => one.name === method && created_at > now - undoSecondsOf(one))
  return { link, removes: present.filter(isRecent), stays: !present.every(isRecent) }
}

/** Whether a user asks for a second factor only since a change, and for less than 24 hours. */
export const asksSince = (changed_at: Sql | number, now: number): Sql =>
  sql`(second_factor = 1 AND coalesce(second_factor_at >= ${changed_at} AND second_factor_at > ${now - FACTOR_UNDO_SECONDS}, FALSE))`

const linkOf = (hash: string, now: number) =>
  sql`SELECT undos.id, hash, user_id, what, undos.email, users.email AS account, undos.created_at, expires_at, disabled_at,
      ${asksSince(sql`undos.created_at`, now)} AS asks,
      undos.canonical_email <> users.canonical_email AS moved,
      EXISTS (SELECT 1 FROM undos AS later WHERE later.user_id = undos.user_id AND later.id >= undos.id
        AND later.what = 'email_changed' AND later.canonical_email = undos.canonical_email
        AND later.expires_at > ${now}) AS kept,
      EXISTS (SELECT 1 FROM users WHERE canonical_email = undos.canonical_email AND id <> user_id
        AND NOT ${isUnconfirmedRegistration}) AS taken
    FROM undos JOIN users ON users.id = user_id WHERE hash = ${hash} AND expires_at > ${now}`

type Added = { method: string; id: string; created_at: number }

/** The factors that were added with or after a change. */
async function addedSince({ env }: Call, { user_id, id }: Link): Promise<Added[]> {
  const query = sql`SELECT data, created_at FROM undos
    WHERE user_id = ${user_id} AND id >= ${id} AND what = 'factor_added' ORDER BY id`
  const rows = await all<{ data: string; created_at: number }>(env.DB, query)
  return rows.flatMap(({ data, created_at }) => {
    const { method, id } = JSON.parse(data) as UndoData
    return method !== undefined && id !== undefined ? [{ method, id, created_at }] : []
  })
}

/** Seconds. How long an undo removes what was added of a method. What is no second factor protects against no mailbox. */
const undoSecondsOf = (method: Pick<Way, 'kind'>): number => (isPossession(method) ? FACTOR_UNDO_SECONDS : UNDO_SECONDS)

/** Selects the ids of what was added of a method with or after a change, as long as an undo removes it. */
export const recentlyAdded = ({ now }: Call, { user_id, id }: Link, method: Way): Sql =>
  sql`SELECT added.data ->> 'id' FROM undos AS added
    WHERE added.user_id = ${user_id} AND added.id >= ${id} AND added.what = 'factor_added'
      AND added.created_at > ${now - undoSecondsOf(method)} AND added.data ->> 'method' = ${method.name}`
