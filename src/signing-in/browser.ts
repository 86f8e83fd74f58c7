import type { Context } from 'hono'
import type { AppEnv } from '../http/app-env.ts'
import { config } from '../config.ts'
import { readRefreshToken } from '../core/sessions/refresh-tokens.ts'
import { keepSession } from '../http/browser-session.ts'
import { COOKIE_MAX_SECONDS, DEVICE_COOKIE, keepCookie, ownCookies } from '../http/cookie.ts'
import { type PageContext, viewOf } from '../pages/view.tsx'
import type { SignedIn } from './finish.ts'
import type { TokenAnswer } from './tokens.ts'

/** A foreign cookie of the same name must not prevent a login. */
const isToken = (text: string): boolean => /^lkd_[\w-]{70}$/.test(text)

/** The device token that the browser keeps from an earlier sign-in. */
export const shownDevice = (c: PageContext): string | undefined => ownCookies(c, DEVICE_COOKIE).find(isToken)

/** Ends a sign-in by a form: sets the cookies, and goes on to where the user wanted to go. */
export async function completeSignIn(
  c: Context<AppEnv>,
  fields: URLSearchParams,
  signedIn: SignedIn,
): Promise<Response> {
  await keepSignedIn(c, fields, signedIn)
  return c.redirect(viewOf(c, fields).returnTo ?? '/login', 303)
}

/** Sets the cookies of a new sign-in. */
export async function keepSignedIn(
  c: Context<AppEnv>,
  fields: URLSearchParams,
  { device_token, ...tokens }: SignedIn,
): Promise<void> {
  await keepTokens(c, tokens, viewOf(c, fields).keeps)
  if (device_token !== undefined) keepCookie(c, DEVICE_COOKIE, device_token, COOKIE_MAX_SECONDS)
}

/** Gives the browser a session that no other client has. `kept`: beyond the end of the browser. */
export async function keepTokens(
  c: Context<AppEnv>,
  { access_token, expires_in, refresh_token }: TokenAnswer,
  kept: boolean,
): Promise<void> {
  const name = (await readRefreshToken(refresh_token, config(c.env)))!
  keepSession(c, { access_token, expires_in, renewal: { ...name, kept } })
}
