/** An email and a password: the usual first step of a sign-in. */
export type Login = { email: string; password: string; turnstile_token?: string }

/**
 * The next step, with the ticket of the step before: a code of an authenticator app, a recovery code, a mailed code, or
 * what `askPasskey` returns. A mailed code and a passkey may also be the first step, and an email and a password the next.
 */
export type NextStep = { ticket: string } & (
  { totp: string } | { recovery: string } | { code: string } | { credential: unknown } | Login
)

/** What `POST /user/reauth` takes: any method that the account has. */
export type Confirmation =
  { password: string } | { totp: string } | { ticket: string; code: string } | { ticket: string; credential: unknown }

/** The route of a step of a sign-in, and the body that it takes. */
export function routeOf(step: Login | NextStep): { path: string; body: object } {
  if (!('ticket' in step) || 'password' in step) return { path: '/user/login', body: step }
  const { ticket } = step
  if ('totp' in step) return { path: '/user/login/totp', body: { ticket, code: step.totp } }
  if ('recovery' in step) return { path: '/user/login/recovery', body: { ticket, code: step.recovery } }
  if ('code' in step) return { path: '/user/login/code/verify', body: { ticket, code: step.code } }
  return { path: '/user/login/passkey', body: { ticket, credential: step.credential } }
}
