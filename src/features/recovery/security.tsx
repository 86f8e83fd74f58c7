import type { Card } from '../../core/call.ts'
import { first } from '../../core/d1.ts'
import { sql } from '../../lib/sql.ts'
import { Fact, Press } from '../../pages/parts.tsx'
import { words } from './words.ts'

/** How many codes are left, and new ones. */
export const security: Card = async (call, user, view) => {
  if (!user.second_factor) return <></>
  const say = words[view.language]
  const left = sql`SELECT count(*) AS count FROM recovery_codes WHERE user_id = ${user.id}`
  const { count } = (await first<{ count: number }>(call.env.DB, left))!
  return (
    <section class="row">
      <Fact title={say.codes}>{say.left(String(count))}</Fact>
      <Press action="/account/recovery-codes" name="renew" value="yes" text={say.renew} />
    </section>
  )
}
