import { features } from '../../src/app.ts'
import { call } from './requests.ts'

/**
 * The pages as their features define them. In the app, each one is wrapped by an error handler and is a different
 * function.
 */
export const pageRoutes = features.flatMap(({ pages }) => pages?.routes ?? [])

export const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' }

export const cookieOf = (token: string): string => `__Host-latchkey=${token}`

/** The cookie with the access token that an answer sets, with its attributes; empty if it sets none. */
export const sessionCookieIn = (answer: Response): string =>
  answer.headers.getSetCookie().find((cookie) => /^(?:__Host-)?latchkey=/.test(cookie)) ?? ''

/** A form of this site, as a browser sends it. */
export const postForm = (path: string, form: Record<string, string>, headers: HeadersInit = SAME_ORIGIN) =>
  call('POST', path, { body: new URLSearchParams(form), headers })

/** The same, from a user who signed in with this token. */
export const submit = (
  path: string,
  form: Record<string, string>,
  token?: string,
  headers: Record<string, string> = {},
) => postForm(path, form, { ...SAME_ORIGIN, ...(token !== undefined && { Cookie: cookieOf(token) }), ...headers })

/** A page as seen by a user who signed in with this token. */
export const open = (path: string, token?: string, headers: Record<string, string> = {}) =>
  call('GET', path, { headers: { ...(token !== undefined && { Cookie: cookieOf(token) }), ...headers } })

/** The status and the target of a redirect. */
export const leadsTo = ({ status, headers }: Response) => [status, headers.get('Location')]
