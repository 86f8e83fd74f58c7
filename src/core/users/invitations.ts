import { type Sql, sql } from '../../lib/sql.ts'
import type { DatabaseCall } from '../call.ts'

/** Seconds. An invitation comes unasked, so it waits longer than a link that somebody has just requested. */
export const INVITATION_SECONDS = 7 * 86_400

/** Whether a user may be invited: an enabled account that nobody has ever used. */
export const mayBeInvited: Sql = sql`(
  users.disabled_at IS NULL AND hashed_password IS NULL AND password_set_at IS NULL AND proven_email IS NULL)`

/** Until when the invitation of a user works; NULL for a user who was not invited, or has accepted. */
export const invitedUntil: Sql = sql`(SELECT expires_at FROM invitations WHERE user_id = users.id)`

/**
 * Stores the token of an invitation for the user whom a condition selects, replacing an older one. It sets a password, like
 * one for `reset`. A trigger deletes it when the epoch rises, and when its owner proves to read the mailbox. An expired one
 * stays until then, so that an operator sees who never accepted.
 */
export const issueInvitation = ({ now }: DatabaseCall, hash: string, users: Sql): Sql =>
  sql`INSERT OR REPLACE INTO invitations (user_id, hash, email, expires_at, epoch)
    SELECT id, ${hash}, email, ${now + INVITATION_SECONDS}, epoch FROM users WHERE ${users}`
