import type { Session } from '../../core/sessions/session.ts'
import type { ErrorCode } from './refusal.ts'
import type { AuthorizationRequest } from './request.ts'

/**
 * What must happen before a request is answered. `login`: sign in; `choose`: say which account; `confirm`: show again who
 * is signed in; `consent`: allow it.
 */
export type Step = 'login' | 'choose' | 'confirm' | 'consent'

type Known = {
  session: Pick<Session, 'id' | 'user_id' | 'auth_time' | 'acr' | 'live'> | undefined
  /** When the request was made. Seconds. */
  at: number
  now: number
  /** Whether the client is a third party's that the user has not allowed this scope. */
  isNew: boolean
  isThirdParty: boolean
  /** The user has just shown again who they are, on the way back from `confirm`. */
  isConfirmed: boolean
}

/**
 * The next step of a request, or an error that ends it (OpenID Connect Core section 3.1.2.3). Undefined: it can be answered.
 */
export function nextStep(request: AuthorizationRequest, known: Known): Step | ErrorCode | undefined {
  const step = stepOf(request, known)
  if (!request.prompt.includes('none') || step === undefined) return step
  return step === 'consent'
    ? 'consent_required'
    : step === 'unmet_authentication_requirements'
      ? step
      : 'login_required'
}

function stepOf(
  { prompt, max_age, acr_values, user_id, former }: AuthorizationRequest,
  { session, at, now, isNew, isThirdParty, isConfirmed }: Known,
): Step | 'unmet_authentication_requirements' | 'login_required' | undefined {
  if (!session) return 'login'
  const shownAt = shownAtOf(session)
  const hasJustSignedIn = shownAt >= at && session.id !== former // of the same second, the id tells
  if (prompt.includes('select_account') && !hasJustSignedIn) return 'choose'
  // Never an answer about somebody else (section 3.1.2.2).
  if (user_id !== undefined && session.user_id !== user_id) return 'login_required'
  // A max_age of 0 is the same as prompt=login.
  const isTooOld = prompt.includes('login') || max_age === 0 || (max_age !== undefined && now - shownAt > max_age)
  if (isTooOld && !hasJustSignedIn) return 'confirm'
  if (!isMet(acr_values, session)) return isConfirmed ? 'unmet_authentication_requirements' : 'confirm'
  if (isThirdParty && (isNew || prompt.includes('consent'))) return 'consent'
  return undefined
}

/** When the user last showed what the account asks for: a password alone is not it where that is two factors. Seconds. */
const shownAtOf = ({ auth_time, live }: Pick<Session, 'auth_time' | 'live'>): number =>
  live?.second_factor === true ? Math.min(auth_time, live.second_at) : auth_time

/** Whether the session has one of the levels that are asked for. Values that mean nothing here ask for nothing (RFC 9470). */
const isMet = (acr_values: readonly string[], { acr }: Pick<Session, 'acr'>): boolean =>
  !acr_values.includes('aal2') || acr_values.includes('aal1') || acr === 'aal2'
