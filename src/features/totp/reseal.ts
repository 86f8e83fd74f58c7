import type { DatabaseCall } from '../../core/call.ts'
import { all, batch } from '../../core/d1.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { currentKeyName, openSecret, type Sealed, sealSecret } from './sealing.ts'

/** The most secrets in one batch. */
const AT_ONCE = 100

/**
 * Encrypts again, with the current key, every secret that an older one encrypts. Signing in goes on meanwhile, because
 * the Worker reads both. Running it twice is harmless. Returns how many were encrypted again, and how many remain,
 * because no key that is set opens them.
 * @throws Problem 503 `not_ready` without `LATCHKEY_SECRET`, 503 `unavailable`
 */
export async function resealSecrets({ env, settings }: DatabaseCall): Promise<{ resealed: number; unopened: number }> {
  const current = await currentKeyName(settings)
  let [after, resealed, unopened] = [0, 0, 0]
  for (;;) {
    const rows = await all<Sealed>(
      env.DB,
      sql`SELECT user_id, id, secret, key_name FROM totp
        WHERE key_name <> ${current} AND user_id > ${after} ORDER BY user_id LIMIT ${AT_ONCE}`,
    )
    const last = rows.at(-1)
    if (!last) return { resealed, unopened }
    after = last.user_id
    const opened = await Promise.all(rows.map(async (row) => ({ row, secret: await openedOf(settings, row) })))
    const updates = opened.flatMap(({ row, secret }) => (secret === undefined ? [] : [again(settings, row, secret)]))
    if (updates.length > 0) await batch(env.DB, await Promise.all(updates))
    resealed += updates.length
    unopened += rows.length - updates.length
  }
}

const openedOf = (settings: DatabaseCall['settings'], row: Sealed): Promise<string | undefined> =>
  openSecret(settings, row).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'not_ready') return undefined
    throw error
  })

/** Only if the row still holds what was read. */
async function again(settings: DatabaseCall['settings'], { user_id, id, secret: old }: Sealed, secret: string) {
  const { secret: sealed, key_name } = await sealSecret(settings, secret, { user_id, id })
  return sql`UPDATE totp SET secret = ${sealed}, key_name = ${key_name} WHERE user_id = ${user_id} AND secret = ${old}`
}
