import type { Asked } from './app-env.ts'

/** `__Host-`: set by this host alone, over TLS, for the whole of it (RFC 6265bis section 4.1.3.2). */
export const SESSION_COOKIE = '__Host-latchkey'

/** What a device shows at its next login; it outlives the session. */
export const DEVICE_COOKIE = '__Host-latchkey-device'

/** `en` or `ko`, as the reader chose it. Whoever else sets it changes words, and nothing more. */
export const LANGUAGE_COOKIE = 'lang'

/** Browsers keep no cookie for longer (RFC 6265bis section 5.5). */
export const COOKIE_MAX_SECONDS = 400 * 86_400

/** Lax: a link from elsewhere arrives signed in, a form or a script from elsewhere does not. */
export const COOKIE_ATTRIBUTES = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const

/**
 * Every value of a cookie by exactly this name. Only space and tab are trimmed (RFC 6265 section 5.2): other white
 * space in front is part of another name, which is how a prefix was once imitated (CVE-2026-39410).
 */
export function cookieValues(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}

/**
 * Whether this site's own page sent the request, as the browser tells it. Older browsers, and plain http, send no
 * `Sec-Fetch-Site`; there `Origin` decides. Neither: not proven.
 */
export function isSameOrigin(c: Asked): boolean {
  const site = c.req.header('Sec-Fetch-Site')
  if (site !== undefined) return site === 'same-origin'
  return c.req.header('Origin') === new URL(c.req.url).origin
}
