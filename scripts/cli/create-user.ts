import * as v from 'valibot'
import type { DatabaseCall } from '../../src/core/call.ts'
import { emailAddress, newPassword, refuseCommon } from '../../src/core/passwords/credentials.ts'
import { hashPassword } from '../../src/core/passwords/passwords.ts'
import { roleNames } from '../../src/core/users/roles.ts'
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
  const { issues: [wrong] = [] } = v.safeParse(roleNames, roles)
  if (!wrong) return roles
  const rule = wrong.message.split(': ')[1]!
  throw new UsageError(typeof wrong.input === 'string' ? `"${wrong.input}" is no role. ${rule}` : rule)
}

function checked(field: string, schema: v.GenericSchema<unknown, string>, value: string): string {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  throw new Problem('invalid_body', { errors: [{ field, code: result.issues[0].message }] })
}
