import type { Context } from 'hono'
import type { AppEnv } from '../http/app-env.ts'
import { COOKIE_MAX_SECONDS, DEVICE_COOKIE, keepCookie, ownCookies, SESSION_COOKIE } from '../http/cookie.ts'
import { type PageContext, viewOf } from '../pages/view.tsx'
import type { SignedIn } from './finish.ts'

/** A foreign cookie of the same name must not prevent a login. */
const isToken = (text: string): boolean => /^lkd_[\w-]{70}$/.test(text)

/** The device token that the browser keeps from an earlier sign-in. */
export const shownDevice = (c: PageContext): string | undefined => ownCookies(c, DEVICE_COOKIE).find(isToken)

/** Ends a sign-in by a form: sets the cookies, and goes on to where the user wanted to go. */
export function completeSignIn(c: Context<AppEnv>, fields: URLSearchParams, signedIn: SignedIn): Response {
  keepSignedIn(c, signedIn)
  return c.redirect(viewOf(c, fields).returnTo ?? '/login', 303)
}

/** Sets the cookies of a new sign-in. */
export function keepSignedIn(c: Context<AppEnv>, { access_token, expires_in, device_token }: SignedIn): void {
  keepCookie(c, SESSION_COOKIE, access_token, expires_in)
  if (device_token !== undefined) keepCookie(c, DEVICE_COOKIE, device_token, COOKIE_MAX_SECONDS)
}
