import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import type { SignedInCall } from '../call.ts'
import { type CountedUser, findUser, type User } from './users.ts'

/** The user who is signed in. @throws Problem 404 `not_found` if the account is gone, 503 `unavailable` */
export async function signedInUser({ env, session }: SignedInCall): Promise<User> {
  const user = await findUser(env.DB, sql`id = ${session.user_id}`)
  if (!user) throw new Problem('not_found')
  return user
}

/** The same with what they have. @throws Problem 401 `invalid_token` if the account is gone, 503 `unavailable` */
export async function countedUser({ env, session, registry }: SignedInCall): Promise<CountedUser> {
  const user = await findUser(env.DB, sql`id = ${session.user_id}`, registry.methods)
  if (!user) throw new Problem('invalid_token')
  return user
}
