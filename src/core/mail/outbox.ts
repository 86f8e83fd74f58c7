import type { Config } from '../../config.ts'
import { randomId } from '../../lib/bytes.ts'
import { network } from '../../lib/network.ts'
import { seal } from '../../lib/seal.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { DatabaseCall } from '../call.ts'
import { oneTimeHash } from '../users/one-time.ts'
import type { Mail } from './compose.ts'
import { detailsOf } from './details.ts'
import { Problem } from '../../problem.ts'
import { subkeys } from '../keys/subkeys.ts'

type Options = {
  /** The one-time token of the mail's link, behind a code and a space if the mail shows one. */
  token?: string | undefined
  /** The recipient. Default: the address in the user's row. */
  recipient?: Sql
  /** Selects the mail's row from something that is not a user, with the columns `id`, `email` and `language`. */
  from?: Sql
}

/**
 * The statement that puts a mail into the outbox for the user whom a condition selects. Put it in the batch of the
 * change that the mail is about. Unless `recipient` says otherwise, the mail goes to the address in the row, never to
 * one from a request. The link's token is encrypted, so the table alone opens no account. The token's hash shows later
 * whether the link is still valid.
 */
export async function mailRow(
  call: DatabaseCall,
  { kind, link, details }: Mail,
  users: Sql,
  { token, recipient = sql`email`, from: table = sql`users` }: Options = {},
): Promise<Sql> {
  const { settings, now } = call
  const { ip, language, request_id } = call.origin
  call.due.add('mail')
  const id = randomId()
  const [key] = await subkeys(settings, 'outbox')
  const sealed = token === undefined ? null : await seal(token, key, id)
  const isNotice = token === undefined || link?.mayBeVoid === true
  const link_hash = isNotice ? null : ((await oneTimeHash(token)) ?? null)
  const from = ip === null ? null : network(ip)
  return sql`INSERT INTO outbox (id, kind, recipient, language, sealed_token, link_hash, user_id, network, request_id,
      details, created_at, due_at)
    SELECT ${id}, ${kind}, ${recipient}, coalesce(language, ${language}), ${sealed}, ${link_hash}, id, ${from},
      ${request_id}, ${details ? detailsOf(call) : null}, ${now}, ${now}
    FROM ${table} WHERE ${users} LIMIT 1`
}

/** Refuses to write mails with links if `PUBLIC_URL` is missing. @throws Problem `not_ready` */
export function requireLinks({ PUBLIC_URL }: Config): void {
  if (PUBLIC_URL === undefined) throw new Problem('not_ready', { errors: [{ field: 'PUBLIC_URL', code: 'missing' }] })
}
