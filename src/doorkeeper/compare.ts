import type { Config } from '../config.ts'
import type { Way } from '../core/users/ways.ts'
import { checkPassword, type PasswordCheck, upgradedHash } from '../core/passwords/passwords.ts'
import { type CountedUser, findUser, hasEmail } from '../core/users/users.ts'
import { sql } from '../lib/sql.ts'
import { accountName } from './names.ts'
import { type BucketName, handedOver, returnAttempt, type State, succeed } from './state.ts'

/** Whose password is checked: an account found by a typed address, or the user of a session. */
export type Who = { email: string } | { user_id: number; session_id: string }

/** A password to compare, and the methods to count when the account is read. */
export type Shown = { who: Who; password: string; ways: readonly Way[] }

/**
 * `challenge_after`: seconds until a caller with a solved challenge is admitted; undefined for a known device, which is
 * never asked for one. `new_device`: the sign-in is to be reported to the user.
 */
export type Verdict =
  | { ok: true; user: CountedUser; hash: string | undefined; device_token: string | undefined; new_device?: boolean }
  | { ok: false; reason: 'too_many_attempts'; retry_after: number; challenge_after: number | undefined }
  | { ok: false; reason: 'refused'; user: CountedUser | undefined; result: PasswordCheck }
  | { ok: false; reason: 'unavailable' }

/** The result of a comparison, and the change to apply to the state, which may have changed meanwhile. */
export type Compared = {
  verdict: Exclude<Verdict, { ok: true }> | { ok: true; user: CountedUser; hash: string | undefined }
  change: (state: State) => State
}

/** What the object knows of itself: its name, its database, its settings. */
export type Desk = { db: D1Database; settings: Config; name: string }

/** Whether the name of this object belongs to the address of this user. @throws Problem `unavailable` */
export async function isNameOf({ db, settings, name }: Desk, owner: number | undefined): Promise<boolean> {
  const user = owner === undefined ? undefined : await findUser(db, sql`id = ${owner}`)
  return user !== undefined && (await accountName(user.email, settings)) === name
}

/** The verdict on an attempt that was already counted in a bucket. `owner` is the owner of the name at that time. */
export async function compare(
  desk: Desk,
  { who, password, ways }: Shown,
  bucket: BucketName,
  owner: number | undefined,
  now: () => number,
): Promise<Compared> {
  // A session may belong to a row that does not sign in by this name, so it does not tell who owns the name.
  const isTyped = 'email' in who
  let user: CountedUser | undefined
  let isGone = false
  try {
    user = await findUser(desk.db, isTyped ? hasEmail(who.email) : sql`id = ${who.user_id}`, ways)
    if (isTyped && owner !== undefined && owner !== user?.id) isGone = !(await isNameOf(desk, owner))
  } catch {
    return { verdict: { ok: false, reason: 'unavailable' }, change: (state) => returnAttempt(state, bucket) }
  }
  // Another row may have the same name with another spelling of its domain. An attempt with that spelling must not
  // change the owner's state.
  const isForeign = isTyped && owner !== undefined && owner !== user?.id
  const handed = (state: State): State => handedOver(state, user?.id, bucket, now())
  const failed = (state: State): State => {
    if (isForeign) return isGone ? handed(state) : state
    return isTyped ? { ...state, owner: state.owner ?? user?.id } : state
  }
  const succeeded = (state: State): State =>
    isForeign ? succeed(handed(state), 'stranger') : succeed(failed(state), bucket)

  const cost = desk.settings.BCRYPT_COST
  const checked = await checkPassword(password, user, cost)
  const refused = { ok: false, reason: 'refused', user, result: checked.result } as const
  if (!user || checked.result !== 'match') return { verdict: refused, change: failed }
  if (user.disabled_at !== null || !user.email_verified) {
    return { verdict: refused, change: isForeign ? failed : succeeded }
  }
  return { verdict: { ok: true, user, hash: await upgradedHash(checked.spelling, user, cost) }, change: succeeded }
}
