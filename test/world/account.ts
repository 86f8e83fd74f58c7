/** Account requests, as JSON. */
import { PASSWORD } from './passwords.ts'
import { bearer, call } from './requests.ts'

export const NEW_PASSWORD = 'another password of somebody'

export const register = (email: unknown, password: unknown = PASSWORD, headers: HeadersInit = {}) =>
  call('POST', '/user/register', { json: { email, password }, headers })

/** With the password, as a person confirms an address. */
export const verify = (token: unknown, password: unknown = PASSWORD) =>
  call('POST', '/user/email/verify', { json: { token, password } })

/** Without the password, like a link scanner that presses the buttons of mailed links. */
export const press = (token: unknown) => call('POST', '/user/email/verify', { json: { token } })

export const resend = (email: unknown) => call('POST', '/user/email/resend', { json: { email } })

export const forgot = (email: unknown, headers: HeadersInit = {}) =>
  call('POST', '/user/password/forgot', { json: { email }, headers })

export const reset = (token: unknown, password: unknown = NEW_PASSWORD) =>
  call('POST', '/user/password/reset', { json: { token, password } })

/** A request to a route that requires a login. */
export const action = (token: string) => call('POST', '/action', bearer(token))
