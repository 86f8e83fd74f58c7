import { sql } from '../../src/lib/sql.ts'
import type { User } from './candidate.ts'
import { EXPORTED } from './columns.ts'
import { csvCell } from './csv-file.ts'

/** A row of `users` as the database has it. */
export type StoredUser = User & { id: number }

/** Every user by id, a page at a time: what is added meanwhile comes too, and nobody comes twice. */
export async function* storedUsers(db: D1Database, pageSize: number): AsyncGenerator<StoredUser[]> {
  for (let last = 0; ;) {
    const { text, params } = sql`
      SELECT id, email, hashed_password, password_set_at, email_verified, disabled_at, roles, language, created_at
      FROM users WHERE id > ${last} ORDER BY id LIMIT ${pageSize}`
    const { results } = await db
      .prepare(text)
      .bind(...params)
      .all<StoredUser>()
    yield results
    if (results.length < pageSize) return
    last = results.at(-1)!.id
  }
}

/** Lines that the importer reads back into the same row. */
export const exportFormats = {
  jsonl: {
    header: '',
    line: (user: StoredUser): string =>
      JSON.stringify({ ...user, email_verified: user.email_verified === 1, roles: JSON.parse(user.roles) as unknown }),
  },
  csv: {
    header: `${EXPORTED}\n`,
    line: (user: StoredUser): string => Object.values(user).map(csvCell).join(','),
  },
}
