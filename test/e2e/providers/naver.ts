/**
 * Naver as its documentation describes it, by both of its ways: OAuth 2 (`/oauth2.0/*`), and OpenID Connect (`/oauth2/*`), whose
 * id token has no address. `expires_in` is a text, and errors come with status 200.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { signJwt } from './jwt.ts'
import { CLIENT } from './openid.ts'
import { formOf, json, redirect, type Played, signInPage } from './server.ts'

/** `email` is missing if the person did not agree to give it. */
export type NaverUser = { id: string; email?: string; name?: string; nickname?: string }

export type Naver = Played & {
  people: Map<string, NaverUser>
  wrong: { token?: Record<string, unknown>; profile?: unknown }
}

const DENIED = { error: 'access_denied', error_description: 'Canceled By User' }
const BAD_CLIENT = { error: 'unauthorized_client', error_description: 'wrong client id / client secret pair' }
const BAD_CODE = { error: 'invalid_request', error_description: 'no valid data in session' }
const NO_HEADER = {
  resultcode: '028',
  message: 'Authentication header not exists (OAuth 인증 헤더(authorization header)가 없습니다.)',
}
const BAD_TOKEN = { resultcode: '024', message: 'Authentication failed (인증 실패하였습니다.)' }

type Code = { user: NaverUser; state: string; challenge: string | null; nonce: string | null; isOpenId: boolean }

/** A trailing `A` of a nonce in base64 gets lost on the way through Naver. */
const withoutTrailingA = (nonce: string) => (/^[\da-f]+$/.test(nonce) ? nonce : nonce.replace(/A$/, ''))

export function playNaver(url: string): Naver {
  const people = new Map<string, NaverUser>()
  const codes = new Map<string, Code>()
  const tokens = new Map<string, NaverUser>()
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let callback = ''

  async function authorize(request: IncomingMessage, response: ServerResponse, query: URLSearchParams, path: string) {
    const isOurs = query.get('client_id') === CLIENT.id && query.get('redirect_uri') === callback
    const state = query.get('state')
    // Naver shows a page of its own, and sends nobody back.
    if (!isOurs || query.get('response_type') !== 'code' || state === null)
      return void response.writeHead(400, { 'Content-Type': 'text/html' }).end('<title>네이버</title>')
    if (request.method !== 'POST') return signInPage(response, '네이버')
    const fields = await formOf(request)
    if (fields.get('do') === 'cancel') return redirect(response, callback, { ...DENIED, state })
    const user = people.get(fields.get('login') ?? '')
    if (!user) return signInPage(response, '네이버', 401)
    const code = randomBytes(9).toString('base64url')
    const isOpenId = path.startsWith('/oauth2/') && (query.get('scope') ?? '').split(' ').includes('openid')
    codes.set(code, { user, state, challenge: query.get('code_challenge'), nonce: query.get('nonce'), isOpenId })
    redirect(response, callback, { code, state })
  }

  function answerOf(fields: URLSearchParams): Record<string, unknown> {
    if (fields.get('client_id') !== CLIENT.id || fields.get('client_secret') !== CLIENT.secret) return BAD_CLIENT
    const code = codes.get(fields.get('code') ?? '')
    codes.delete(fields.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(fields.get('code_verifier') ?? '')
      .digest('base64url')
    if (fields.get('grant_type') !== 'authorization_code' || !code || fields.get('state') !== code.state)
      return BAD_CODE
    if (code.challenge !== null && code.challenge !== challenge) return BAD_CODE
    const access_token = randomBytes(24).toString('base64url')
    tokens.set(access_token, code.user)
    const both = {
      access_token,
      refresh_token: randomBytes(24).toString('base64url'),
      token_type: 'bearer',
      expires_in: '3600',
    }
    return code.isOpenId ? { ...both, id_token: idToken(code) } : both
  }

  function idToken({ user, nonce }: Code): string {
    const now = Math.floor(Date.now() / 1000)
    const said = nonce === null ? {} : { nonce: withoutTrailingA(nonce) }
    const claims = { iss: url, sub: user.id, aud: CLIENT.id, iat: now, exp: now + 3600, ...said }
    return signJwt({ alg: 'RS256', kid: 'of-today' }, claims, privateKey)
  }

  function profile(request: IncomingMessage, response: ServerResponse) {
    const { authorization } = request.headers
    if (!authorization) return json(response, NO_HEADER, 401)
    const user = tokens.get(authorization.replace(/^Bearer /i, ''))
    if (!user) return json(response, BAD_TOKEN, 401)
    json(response, played.wrong.profile ?? { resultcode: '00', message: 'success', response: user })
  }

  const jwks = () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'of-today' }] })

  const handle: Played['handle'] = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    if (/^\/oauth2(?:\.0)?\/authorize$/.test(pathname)) return void authorize(request, response, searchParams, pathname)
    if (/^\/oauth2(?:\.0)?\/token$/.test(pathname))
      return void formOf(request).then((fields) =>
        json(response, played.wrong.token ?? answerOf(fields.size > 0 ? fields : searchParams)),
      )
    if (pathname === '/oauth2/jwks') return json(response, jwks())
    if (pathname === '/v1/nid/me') return profile(request, response)
    response.writeHead(404).end()
  }
  const played: Naver = { url, handle, people, wrong: {}, register: (address) => (callback = address) }
  return played
}
