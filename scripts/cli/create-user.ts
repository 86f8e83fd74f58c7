import * as v from 'valibot'
import type { DatabaseCall } from '../../src/core/call.ts'
import { emailAddress, newPassword, refuseCommon } from '../../src/core/passwords/credentials.ts'
import { hashPassword } from '../../src/core/passwords/passwords.ts'
import { MAX_ROLES, ROLE_FORM } from '../../src/core/users/roles.ts'
import { createUserRow } from '../../src/features/admin/create.ts'
import { Problem } from '../../src/problem.ts'
import { UsageError } from './command.ts'

type Person = { email: string; password: string; roles: string[]; email_verified: boolean }

/**
 * Adds a user by the rules that hold over HTTP, but hashes here, where no doorkeeper can be asked, and mails nothing. Gives
 * the id. @throws Problem 409 `email_taken`, 422 `invalid_body`, 503 `unavailable`
 */
export async function createUser(call: DatabaseCall, { password: typed, ...account }: Person): Promise<number> {
  const password = checked('password', newPassword, typed)
  await refuseCommon(password, account.email, call.settings)
  const hash = await hashPassword(password, call.settings.BCRYPT_COST)
  return (await createUserRow(call, { ...account, hash })).user_id
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
