import { randomText, sha256 } from '../../lib/bytes.ts'
import type { Call } from '../call.ts'
import { type Sql, sql } from '../../lib/sql.ts'

export const CODES = 10
/** Characters of 5 bits each: 80 bits. NIST SP 800-63B-4 section 3.1.2.2 wants at least 20, or 64 without a salt. */
const LENGTH = 16
/** Crockford's base32: no I, L, O, U, so that nothing is mistaken when it is copied by hand. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * Ten new recovery codes, and the statements that store their hashes in place of the old ones, for the users that a
 * condition selects. Show the codes only once the statements are written.
 */
export async function newRecoveryCodes({ now }: Pick<Call, 'now'>): Promise<New> {
  const codes = Array.from({ length: CODES }, newCode)
  const hashes = JSON.stringify(await Promise.all(codes.map(recoveryHash)))
  const statements = (users: Sql): Sql[] => [
    sql`DELETE FROM recovery_codes WHERE user_id IN (SELECT id FROM users WHERE ${users})`,
    // json_each has a column `id` too, which the condition must not mean.
    sql`INSERT INTO recovery_codes (user_id, hash, created_at)
      SELECT owner, value, ${now} FROM json_each(${hashes}), (SELECT id AS owner FROM users WHERE ${users})`,
  ]
  return { codes, statements }
}

type New = { codes: string[]; statements: (users: Sql) => Sql[] }

/**
 * The hash under which a recovery code is stored, however it is typed. SHA-256 is enough for 80 random bits, and does not
 * depend on a secret that may be replaced.
 */
export async function recoveryHash(typed: string): Promise<string> {
  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  return sha256(`recovery code\0${code}`)
}

const newCode = (): string => randomText(ALPHABET, LENGTH).match(/.{4}/g)!.join('-')
