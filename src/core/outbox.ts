import type { Config } from '../config.ts'
import { randomId } from '../lib/bytes.ts'
import { seal } from '../lib/seal.ts'
import { type Sql, sql } from '../lib/sql.ts'
import type { Language } from './audit.ts'
import { Problem } from './problem.ts'
import { subkeys } from './subkeys.ts'

/** The mails there are. Those with a link carry a one-time token. */
export type MailKind =
  | 'verify'
  | 'finish_registration'
  | 'already_registered'
  | 'reset'
  | 'password_changed'
  | 'email_change'
  | 'email_change_requested'
  | 'email_changed'
  | 'email_taken'
  | 'session_replayed'
  | 'account_deleted'
  | 'account_created'
  | 'reset_forced'

type Mail = { kind: MailKind; language: Language; now: number; token?: string }

/**
 * The statement that puts a mail into the outbox, for every user that a condition names, in the same batch as the
 * change that it tells of. It goes to the address in the row, never to one that a request typed, unless `recipient` says
 * otherwise. A link's token is sealed: the table alone opens no account.
 */
export async function mailRow(config: Config, mail: Mail, users: Sql, recipient: Sql = sql`email`): Promise<Sql> {
  const { kind, language, now, token } = mail
  const id = randomId()
  const [key] = await subkeys(config, 'outbox')
  const sealed = token === undefined ? null : await seal(token, key, id)
  return sql`INSERT INTO outbox (id, kind, recipient, language, sealed_token, user_id, created_at, due_at)
    SELECT ${id}, ${kind}, ${recipient}, coalesce(language, ${language}), ${sealed}, id, ${now}, ${now}
    FROM users WHERE ${users} LIMIT 1`
}

/** Mails with a link cannot be written without `PUBLIC_URL`. @throws Problem `not_ready` */
export function requireLinks({ PUBLIC_URL }: Config): void {
  if (PUBLIC_URL === undefined) throw new Problem('not_ready', { errors: [{ field: 'PUBLIC_URL', code: 'missing' }] })
}
