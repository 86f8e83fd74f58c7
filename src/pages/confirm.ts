import { setCookie } from 'hono/cookie'
import { config } from '../config.ts'
import { confirmation } from '../core/credentials.ts'
import type { Session } from '../core/sessions.ts'
import { reauthenticate } from '../features/session/reauth.ts'
import { check } from '../http/body.ts'
import { clientOf } from '../http/client.ts'
import { COOKIE_ATTRIBUTES, SESSION_COOKIE } from '../http/cookie.ts'
import { tokenAnswer } from '../http/sign-in.ts'
import { now } from '../lib/time.ts'
import type { PageContext } from './view.tsx'

/**
 * Makes the session fresh with the password in a form, and gives the browser its new token.
 * @throws Problem 422 `invalid_body`, 401 `invalid_credentials`, 429, 503
 */
export async function confirmPassword(c: PageContext, session: Session, fields: URLSearchParams): Promise<void> {
  const at = now()
  const { password } = check(confirmation, { password: fields.get('password') ?? '' })
  const grant = await reauthenticate(c.env, session, password, clientOf(c), at)
  const { access_token, expires_in } = await tokenAnswer(grant, config(c.env), at)
  setCookie(c, SESSION_COOKIE, access_token, { ...COOKIE_ATTRIBUTES, maxAge: expires_in })
}
