import { call } from '../support.ts'

export const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' }

export const cookieOf = (token: string): string => `__Host-latchkey=${token}`

/** A form of this site, sent by a browser that has signed in with this token. */
export const submit = (
  path: string,
  form: Record<string, string>,
  token?: string,
  headers: Record<string, string> = {},
) =>
  call('POST', path, {
    body: new URLSearchParams(form),
    headers: { ...SAME_ORIGIN, ...(token !== undefined && { Cookie: cookieOf(token) }), ...headers },
  })

/** A page as somebody sees it who has signed in with this token. */
export const open = (path: string, token?: string, headers: Record<string, string> = {}) =>
  call('GET', path, { headers: { ...(token !== undefined && { Cookie: cookieOf(token) }), ...headers } })

/** Where an answer leads. */
export const leadsTo = ({ status, headers }: Response) => [status, headers.get('Location')]
