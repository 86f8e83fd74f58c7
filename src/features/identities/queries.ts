import type { Call } from '../../core/call.ts'
import { all } from '../../core/d1.ts'
import { type CountedUser, findUser } from '../../core/users/users.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { Profile, ProviderName } from './providers/provider.ts'

/** The name of the method: an identity at a provider. */
export const IDENTITY = 'identity'

export type Identity = {
  id: string
  provider: ProviderName
  email: string | null
  name: string | null
  created_at: number
  last_used_at: number | null
}

const LISTED = sql`id, provider, email, name, created_at, last_used_at`

/** The identities of a user, the oldest first. @throws Problem 503 `unavailable` */
export const identitiesOf = ({ env }: Pick<Call, 'env'>, user_id: number): Promise<Identity[]> =>
  all(env.DB, sql`SELECT ${LISTED} FROM identities WHERE user_id = ${user_id} ORDER BY created_at, id`)

/** The condition that finds the row of an identity. */
export const isIdentity = ({ issuer, subject }: Profile): Sql => sql`issuer = ${issuer} AND subject = ${subject}`

/** The user of an identity, NULL if nobody has it. */
export const userOf = (profile: Profile): Sql => sql`(SELECT user_id FROM identities WHERE ${isIdentity(profile)})`

/** The user of an identity, with what they have. @throws Problem 503 `unavailable` */
export const findByIdentity = ({ env, registry }: Call, profile: Profile): Promise<CountedUser | undefined> =>
  findUser(env.DB, sql`id = ${userOf(profile)}`, registry.methods)

/** The condition on a user who can get this identity: nobody has it, and the user has none of this provider. */
export const isFree = (profile: Profile, provider: ProviderName): Sql =>
  sql`NOT EXISTS (SELECT 1 FROM identities WHERE (${isIdentity(profile)})
    OR (user_id = users.id AND provider = ${provider}))`

type New = { id: string; provider: ProviderName; profile: Profile }

/** The statement that gives an identity to the user whom a condition selects, and returns its id. It raises the epoch. */
export const addIdentity = ({ now }: Call, { id, provider, profile }: New, users: Sql): Sql =>
  sql`INSERT INTO identities (id, issuer, subject, user_id, provider, email, name, created_at)
    SELECT ${id}, ${profile.issuer}, ${profile.subject}, id, ${provider}, ${profile.email ?? null}, ${profile.name ?? null}, ${now}
    FROM users WHERE ${users} LIMIT 1 ON CONFLICT DO NOTHING RETURNING id`

/** Notes that an identity was used, and what the provider calls it now. */
export const noteUse = ({ now }: Call, profile: Profile, mine: Sql): Sql =>
  sql`UPDATE identities SET last_used_at = ${now}, email = ${profile.email ?? null}, name = ${profile.name ?? null}
    WHERE ${isIdentity(profile)} AND user_id = (SELECT id FROM users WHERE ${mine})`
