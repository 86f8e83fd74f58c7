import * as v from 'valibot'
import { config } from '../../src/config.ts'
import { ROLE_FORM, MAX_ROLES } from '../../src/core/administration.ts'
import { auditRow, type Client } from '../../src/core/audit.ts'
import { emailAddress, newPassword, refuseCommon } from '../../src/core/credentials.ts'
import { batch } from '../../src/core/d1.ts'
import { hashPassword } from '../../src/core/passwords.ts'
import { Problem } from '../../src/core/problem.ts'
import { randomId } from '../../src/lib/bytes.ts'
import { sql } from '../../src/lib/sql.ts'
import { UsageError } from './command.ts'

/** The defaults: what is deployed is not known here. The secret is used for nothing. */
const settings = config({ JWT_SECRET_KEY: randomId(256) })

type Person = { email: string; password: string; roles: string[]; verified: boolean }

/**
 * Adds a user by the rules that hold over HTTP. Gives the id.
 * @throws Problem 409 `email_taken`, 422 `invalid_body`, 503 `unavailable`
 */
export async function createUser(db: D1Database, person: Person, by: Client, now: number): Promise<number> {
  const { email, roles, verified } = person
  const password = checked('password', newPassword, person.password)
  await refuseCommon(password, email, settings)
  const hash = await hashPassword(password, settings.BCRYPT_COST)
  const fresh = sql`canonical_email = ${email} AND hashed_password = ${hash}` // its salt is of this call alone
  const user_id = sql`(SELECT id FROM users WHERE ${fresh})`
  const [rows] = await batch<{ id: number }>(db, [
    sql`INSERT INTO users (email, hashed_password, password_set_at, email_verified, roles, created_at)
      VALUES (${email}, ${hash}, ${now}, ${verified ? 1 : 0}, ${JSON.stringify([...roles].sort())}, ${now})
      ON CONFLICT DO NOTHING RETURNING id`,
    auditRow({ event: 'user_created', user_id }, by, now, sql`${user_id} IS NOT NULL`),
  ])
  const [user] = rows ?? []
  if (!user) throw new Problem('email_taken')
  return user.id
}

/** An address in its canonical form. @throws Problem 422 `invalid_body` */
export const addressOf = (text: string): string => checked('email', emailAddress, text)

/** Roles as `admin,editor` names them; none for an empty text. @throws UsageError */
export function rolesOf(text: string): string[] {
  const roles = [...new Set(text.split(',').filter((role) => role !== ''))]
  const wrong = roles.find((role) => !ROLE_FORM.test(role))
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is no role: small letters, digits, _ and -, at most 32.`)
  if (roles.length > MAX_ROLES) throw new UsageError(`A user has at most ${MAX_ROLES} roles.`)
  return roles
}

function checked(field: string, schema: v.GenericSchema<unknown, string>, value: string): string {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  throw new Problem('invalid_body', { errors: [{ field, code: result.issues[0].message }] })
}
