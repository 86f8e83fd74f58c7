import type { Acr } from '../users/ways.ts'

/** What a verified access token says about its bearer. */
export type Session = {
  id: string
  user_id: number
  auth_time: number
  expires_at: number
  roles: string[]
  acr: Acr
  /** What a guard that reads the database also knows. */
  live?: Live
}

/** When a session's user last showed what, in seconds (0: never), and what the account asks for. */
type Live = { password_at: number; second_at: number; has_password: boolean; second_factor: boolean }

/** Seconds for which a login, or a `POST /user/reauth`, counts as recent. */
export const FRESH_SECONDS = 600

/**
 * Whether the user authenticated in this session within the last ten minutes, with a second factor if the account asks
 * for one.
 */
export const isFresh = ({ auth_time, live }: Session, now: number): boolean =>
  isRecent(auth_time, now) && (live?.second_factor !== true || isRecent(live.second_at, now))

/**
 * Whether the user may change the factors of the account: a second factor was shown within the last ten minutes or, if
 * the account does not ask for one, the password. A mailed code or an identity provider is not enough, because a factor
 * outlasts the access to a mailbox. An account without a password needs a recent sign-in.
 */
export function mayChangeFactors({ auth_time, live }: Session, now: number): boolean {
  if (live === undefined) return false
  const { second_at, second_factor, has_password, password_at } = live
  return isRecent(second_at, now) || (!second_factor && isRecent(has_password ? password_at : auth_time, now))
}

/** Whether the password was shown within the last ten minutes. */
export const isPasswordFresh = ({ live }: Session, now: number): boolean => isRecent(live?.password_at ?? 0, now)

const isRecent = (at: number, now: number): boolean => now - at <= FRESH_SECONDS

/** The session id for tokens of the old application. No row has it, so guards that read the database refuse it. */
export const LEGACY_SESSION = 'legacy'
