import type { Call } from '../core/call.ts'
import { batch } from '../core/d1.ts'
import type { Single } from '../core/proof.ts'
import { randomId } from '../lib/bytes.ts'
import { type Sql, sql } from '../lib/sql.ts'

/** The use of things that work only once, by one attempt. */
type Claim = {
  /**
   * The first statement of the batch. It marks all of them as used, or none if one was already used or the condition
   * fails.
   */
  claim: Sql
  /** True in every later statement of the batch, for this attempt only. */
  claimed: Sql
}

const idsOf = (singles: readonly Single[]): Sql =>
  sql`(SELECT value FROM json_each(${JSON.stringify(singles.map(({ id }) => id))}))`

/** The condition that at least one of these was used. */
export const isSpent = (singles: readonly Single[]): Sql =>
  sql`EXISTS (SELECT 1 FROM spent WHERE id IN ${idsOf(singles)})`

/** Claims things that work only once for one attempt. Of fifty concurrent attempts one wins, and the others use up nothing. */
export function claimOf(singles: readonly Single[], holds: Sql): Claim {
  const by = randomId()
  const each = JSON.stringify([...new Map(singles.map((single) => [single.id, single])).values()])
  return {
    claim: sql`INSERT INTO spent (id, by, until)
      SELECT value ->> 'id', ${by}, value ->> 'until' FROM json_each(${each})
      WHERE NOT ${isSpent(singles)} AND EXISTS (SELECT 1 FROM users WHERE ${holds})`,
    claimed: sql`EXISTS (SELECT 1 FROM spent WHERE id = ${singles[0]!.id} AND by = ${by})`,
  }
}

/**
 * Marks something as used after a failed attempt, so that it cannot be tried again.
 * @throws Problem 503 `unavailable`
 */
export async function spend({ env }: Call, { id, until }: Single): Promise<void> {
  await batch(env.DB, [
    sql`INSERT INTO spent (id, by, until) VALUES (${id}, ${randomId()}, ${until}) ON CONFLICT DO NOTHING`,
  ])
}
