import { expect } from 'vitest'
import type { Client } from '../../src/core/clients/client.ts'
import { base64url, randomId, utf8 } from '../../src/lib/bytes.ts'
import { ENV } from './bindings.ts'
import { CALLBACK, insertClient } from './clients.ts'
import { cookieOf } from './pages.ts'
import { type Member, member } from './people.ts'
import { callIn } from './requests.ts'

/* An application that signs people in here, as its library would, from one address to the next. */

export type App = { client: Client; secret: string }

/** Overrides a parameter; undefined leaves it out. */
export type Given = Record<string, string | string[] | undefined>

export const formOf = (given: Given): URLSearchParams =>
  new URLSearchParams(Object.entries(given).flatMap(([name, value]) => [value ?? []].flat().map((one) => [name, one])))

export const newVerifier = (): string => randomId(256)
export const challengeOf = async (verifier: string): Promise<string> =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(verifier))))

export const VERIFIER = newVerifier()
const CHALLENGE = await challengeOf(VERIFIER)

/** The request of an application, as oauth4webapi makes it. */
export const authorizationRequest = ({ client }: App, given: Given = {}): string =>
  `/oauth/authorize?${formOf({
    client_id: client.id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid profile email',
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...given,
  }).toString()}`

/** A page as the browser of a user opens it. */
export const browse = (path: string, token?: string, own: Env = ENV): Promise<Response> =>
  callIn(own, 'GET', path, token === undefined ? {} : { headers: { Cookie: cookieOf(token) } })

/** The path at which a request goes on once it is checked. */
export async function handleOf(app: App, given: Given = {}): Promise<string> {
  const answer = await browse(authorizationRequest(app, given))
  const to = answer.headers.get('Location') ?? ''
  expect({ status: answer.status, to }).toEqual({
    status: 303,
    to: expect.stringMatching(/^\/oauth\/continue\/lkt_[\w-]+$/),
  })
  return to
}

/** Where a signed-in user is sent in the end, or on the way. */
export async function sentTo(app: App, token: string | undefined, given: Given = {}): Promise<URL> {
  const first = await browse(authorizationRequest(app, given), token)
  expect(first.status).toBe(303)
  const to = first.headers.get('Location')!
  const last = to.startsWith('/oauth/continue/') ? await browse(to, token) : first
  expect({ status: last.status, text: last.status === 303 ? '' : await last.text() }).toEqual({ status: 303, text: '' })
  return new URL(last.headers.get('Location')!, 'http://latchkey.test')
}

/** A code for a signed-in user. */
export async function grantedCode(app: App, token: string, given: Given = {}): Promise<string> {
  const to = await sentTo(app, token, given)
  expect(to.searchParams.get('error')).toBeNull()
  return to.searchParams.get('code')!
}

/** A request to an endpoint that clients call. The client authenticates by `client_secret_post`, or not if it is public. */
export const ask = (path: string, app: App, given: Given, own: Env = ENV): Promise<Response> =>
  callIn(own, 'POST', path, {
    body: formOf({ client_id: app.client.id, ...(app.secret !== '' && { client_secret: app.secret }), ...given }),
  })

export const exchange = (app: App, code: string, given: Given = {}, own: Env = ENV): Promise<Response> =>
  ask(
    '/oauth/token',
    app,
    {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...given,
    },
    own,
  )

export const refreshWith = (app: App, refresh_token: string, given: Given = {}, own: Env = ENV): Promise<Response> =>
  ask('/oauth/token', app, { grant_type: 'refresh_token', refresh_token, ...given }, own)

export type AppTokens = {
  access_token: string
  id_token: string
  refresh_token: string
  expires_in: number
  scope: string
  token_type: string
}

/** The tokens in an answer. */
export async function tokensIn(answer: Response): Promise<AppTokens> {
  const text = await answer.text()
  expect({ status: answer.status, text }).toMatchObject({ status: 200 })
  return JSON.parse(text) as AppTokens
}

/** A user who signed in to a new application, and what both have of it. */
export async function signedInTo(
  given: Given = {},
  registered: Parameters<typeof insertClient>[0] = {},
): Promise<{ app: App; user: Member; tokens: AppTokens }> {
  const [app, user] = [await insertClient(registered), await member()]
  return { app, user, tokens: await tokensIn(await exchange(app, await grantedCode(app, user.token, given))) }
}

/** What the protocol answers to a request that it refuses. */
export async function expectRefusal(answer: Response, status: number, error: string): Promise<void> {
  const text = await answer.text()
  expect({ status: answer.status, text }).toEqual({ status, text: expect.stringContaining(`"error":"${error}"`) })
  const body = JSON.parse(text) as object
  expect(Object.keys(body)).toEqual(['error', 'error_description'])
  expect(answer.headers.get('Content-Type')).toBe('application/json')
  expect(answer.headers.get('Cache-Control')).toBe('no-store')
  expect(answer.headers.has('WWW-Authenticate')).toBe(status === 401 || status === 403)
}
