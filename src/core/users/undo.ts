import type { Mail } from '../mail/compose.ts'
import { mailRow } from '../mail/outbox.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { DatabaseCall } from '../call.ts'
import { newOneTimeToken } from './one-time.ts'

/** Seconds. How long a change can be undone. Somebody on holiday reads mail once a week. */
export const UNDO_SECONDS = 7 * 86_400

/** Seconds. How long an undo removes a new factor. Later, a stolen mailbox would take away a factor that protects. */
export const FACTOR_UNDO_SECONDS = 86_400

/** What a link can undo. */
export const undoable = [
  'new_device',
  'password_changed',
  'password_removed',
  'email_changed',
  'factor_added',
  'factor_removed',
  'second_factor_off',
] as const
export type Undoable = (typeof undoable)[number]

/** What a link to `factor_added` says: the method, and the id under which `Method.factors` lists the factor. */
export type UndoData = { method?: string; id?: string }

/** The link of a notice that can be undone. The notice is sent even if its link is void. */
export const undoPage = {
  path: '/undo',
  label: { en: 'This was not me', ko: '본인이 아닙니다' },
  mayBeVoid: true,
} satisfies Mail['link']

/**
 * The token of a link that undoes a change to the user whom a condition selects, and the statement that stores its hash.
 * Put the statement in the batch of the change, before an address changes: the link is bound to the address it is mailed
 * to. Without `PUBLIC_URL` there are no links, so there is nothing to store.
 */
export async function undoLink(
  call: DatabaseCall,
  users: Sql,
  what: Undoable,
  data: Sql = sql`'{}'`,
): Promise<{ token: string | undefined; statements: Sql[] }> {
  const { settings, now } = call
  if (settings.PUBLIC_URL === undefined) return { token: undefined, statements: [] }
  const { token, hash } = await newOneTimeToken()
  const statement = sql`INSERT INTO undos (hash, user_id, what, email, data, created_at, expires_at)
    SELECT ${hash}, id, ${what}, email, ${data}, ${now}, ${now + UNDO_SECONDS}
    FROM users WHERE ${users} LIMIT 1`
  return { token, statements: [statement] }
}

/**
 * The statements that mail a notice to the user whom a condition selects, with a link that undoes what it reports. For
 * mails with `link: undoPage`.
 */
export async function undoableMail(
  call: DatabaseCall,
  mail: Mail,
  users: Sql,
  what: Undoable,
  data?: Sql,
): Promise<Sql[]> {
  const { token, statements } = await undoLink(call, users, what, data)
  return [...statements, await mailRow(call, mail, users, { token })]
}

/** The data of a link to `factor_added`. `id` may be an expression on the row of the user. */
export const factor = (method: string, id: Sql | string): Sql => sql`json_object('method', ${method}, 'id', ${id})`

/** Selects the addresses that are kept free, and for whom. */
export const keptAddresses = ({ now }: Pick<DatabaseCall, 'now'>): Sql =>
  sql`SELECT user_id, email, canonical_email FROM undos WHERE what = 'email_changed' AND expires_at > ${now}`

/**
 * Whether an address is kept free for an account that had it less than seven days ago, other than `own`. Whoever asks
 * for it is refused as if the address were taken.
 */
export const isKept = (call: Pick<DatabaseCall, 'now'>, address: Sql | string, own: Sql | number | null = null): Sql =>
  sql`EXISTS (SELECT 1 FROM (${keptAddresses(call)}) AS kept
    WHERE kept.canonical_email = ${address} AND kept.user_id IS NOT ${own})`
