import { languages } from '../../lib/language.ts'
import { LANGUAGE_COOKIE, ownCookies } from '../../http/cookie.ts'
import type { PageContext } from '../../pages/view.tsx'
import type { AuthorizationRequest } from './request.ts'

/** Redirects to the login, which returns to this path. The client may fill in the address, and choose the language. */
export function toLoginFor(
  c: PageContext,
  { login_hint, ui_locales = '' }: AuthorizationRequest,
  path: string,
): Response {
  const wanted = ui_locales.split(' ').map((tag) => tag.toLowerCase().split('-')[0])
  const asked = wanted.find((tag) => languages.some((own) => own === tag))
  const lang = ownCookies(c, LANGUAGE_COOKIE).length === 0 ? asked : undefined // what the user chose stays
  const query = new URLSearchParams({
    return_to: path,
    ...(login_hint !== undefined && { login_hint }),
    ...(lang !== undefined && { lang }),
  })
  return c.redirect(`/login?${query.toString()}`, 303)
}
