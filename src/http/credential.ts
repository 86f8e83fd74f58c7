import type { Asked } from './app-env.ts'
import { ownCookies, RENEWAL_COOKIE, SESSION_COOKIE } from './cookie.ts'

/**
 * A token, and how it was sent: as `Authorization: Bearer <jwt>`, bare as the Flask tutorial sends it, or in the login
 * page's cookie. A browser sends the cookie automatically, so such a request must also prove that it came from our
 * page.
 */
export type Credential = { unverifiedToken: string; sent: 'bearer' | 'bare' | 'cookie' }

/**
 * The credential of a request. An `Authorization` header takes precedence over the cookie, unless it has another
 * scheme, which is for a proxy in front of the site. Two copies of the cookie give an empty token, which is never
 * valid, because one of them was planted. A browser that has only the cookie that renews the token has an empty one, too.
 */
export function credentialOf(c: Asked): Credential | undefined {
  const header = c.req.header('Authorization')
  if (header && !OTHER_SCHEME.test(header)) return credentialIn(header)
  const [token, ...others] = ownCookies(c, SESSION_COOKIE)
  if (token === undefined && ownCookies(c, RENEWAL_COOKIE).length === 0) return undefined
  // Joined again: a substring of the Cookie header would keep the whole header in memory as long as the token is
  // remembered.
  return { unverifiedToken: others.length > 0 ? '' : (token ?? '').split('.').join('.'), sent: 'cookie' }
}

/** The credential in an `Authorization` header, if it contains exactly one token. */
export function credentialIn(header: string): Credential | undefined {
  const [, scheme, unverifiedToken] = ONE_TOKEN.exec(header) ?? []
  return unverifiedToken === undefined ? undefined : { unverifiedToken, sent: scheme === undefined ? 'bare' : 'bearer' }
}

/**
 * A scheme and its credentials (RFC 9110 section 11.4). Scheme names contain no dots, so a bare token does not match.
 */
const OTHER_SCHEME = /^[ \t]*(?!bearer[ \t])[a-z][\w-]*[ \t]+[^ \t]/i

/** The token may be surrounded only by HTTP white space (RFC 9110 section 5.6.3), which is less than `trim` removes. */
const ONE_TOKEN = /^[ \t]*(Bearer +)?([^ \t,]+)[ \t]*$/i
