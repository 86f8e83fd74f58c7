import type { SignedInCall } from '../../core/call.ts'
import { first } from '../../core/d1.ts'
import { isOfEpoch } from '../../core/users/one-time.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { Props } from '../../pages/forms.tsx'
import { Fact, Moment, Press } from '../../pages/parts.tsx'
import { words } from './words.ts'

/** A change of address whose link was not opened yet. `expires_at` is in seconds. */
export type Pending = { email: string; expires_at: number }

/** The condition that finds the change of the signed-in user in `one_time_tokens`. */
export const isPending = ({ now, session: { user_id } }: SignedInCall): Sql =>
  sql`user_id = ${user_id} AND purpose = 'email_change' AND expires_at > ${now}
    AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND ${isOfEpoch})`

/**
 * The change of address that the signed-in user waits for, or null. Whether somebody else has the new address does not
 * show. @throws Problem 503 `unavailable`
 */
export const pendingChange = (call: SignedInCall): Promise<Pending | null> =>
  first(call.env.DB, sql`SELECT email, expires_at FROM one_time_tokens WHERE ${isPending(call)}`)

/** What is pending, with the button that cancels it. */
export const PendingChange = ({ view, pending }: Props<{ pending: Pending }>) => {
  const say = words[view.language]
  return (
    <section class="row">
      <Fact title={say.pendingEmail}>
        {pending.email}
        <br />
        <span class="soft">
          {say.pendingUntil} <Moment at={pending.expires_at} language={view.language} />
        </span>
      </Fact>
      <Press action="/account/email/cancel" name="cancel" value="yes" text={say.cancelPending} />
    </section>
  )
}
