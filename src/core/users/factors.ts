import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import type { Factor, Method } from '../call.ts'
import { batch } from '../d1.ts'
import { RECOVERY } from './second-factor.ts'
import { type Has, waysColumn } from './ways.ts'

/** What an account has besides a password, in the order of `src/app.ts`. Recovery codes are only counted. */
export type ListedFactors = { factors: Factor[]; recovery_codes_left: number }

type Row = Omit<Factor, 'type'> & { has: string }

/** The factors of an account, by all methods. @throws Problem 404 `not_found`, 503 `unavailable` */
export async function factorsOf(db: D1Database, methods: readonly Method[], user_id: number): Promise<ListedFactors> {
  const { statements, listed } = factorsIn(methods, user_id)
  const rows = await batch(db, statements)
  if (!rows[0]?.[0]) throw new Problem('not_found')
  return listed(rows)
}

/** The statements that read them, for a batch, and what their rows mean. Without an account, the first returns no row. */
export function factorsIn(methods: readonly Method[], user_id: number) {
  const listing = methods.flatMap(({ name, factors }) => (factors ? [{ type: name, ...factors }] : []))
  const statements = [
    sql`SELECT ${waysColumn(methods)} AS has FROM users WHERE id = ${user_id}`,
    ...listing.map(({ list }) => list(user_id)),
  ]
  const listed = (found: unknown[][]): ListedFactors => {
    const [[counted], ...rows] = found as [Row[], ...Row[][]]
    const { [RECOVERY]: recovery_codes_left = 0 } = JSON.parse(counted!.has) as Has
    const factors = listing.flatMap(({ type }, i) =>
      rows[i]!.map(({ id, name, created_at, last_used_at }) => ({ id, type, name, created_at, last_used_at })),
    )
    return { factors, recovery_codes_left }
  }
  return { statements, listed }
}
