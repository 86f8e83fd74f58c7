/** GitHub as its documentation describes it: OAuth 2 with PKCE, errors with status 200, and an API that wants a User-Agent. */
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CLIENT } from './openid.ts'
import { formOf, json, redirect, type Played, signInPage } from './server.ts'

type Email = { email: string; primary: boolean; verified: boolean; visibility: 'public' | 'private' | null }
export type GitHubUser = { id: number; login: string; name: string | null; emails: Email[] }

export type GitHub = Played & {
  /** By what they type as login. */
  people: Map<string, GitHubUser>
  wrong: { token?: Record<string, unknown>; emails?: unknown }
}

const DOCS = 'https://docs.github.com/apps/managing-oauth-apps'
const DENIED = {
  error: 'access_denied',
  error_description: 'The user has denied your application access.',
  error_uri: `${DOCS}/troubleshooting-authorization-request-errors/#access-denied`,
}
const BAD_CLIENT = {
  error: 'incorrect_client_credentials',
  error_description: 'The client_id and/or client_secret passed are incorrect.',
  error_uri: `${DOCS}/troubleshooting-oauth-app-access-token-request-errors/#incorrect-client-credentials`,
}
const BAD_CODE = {
  error: 'bad_verification_code',
  error_description: 'The code passed is incorrect or expired.',
  error_uri: `${DOCS}/troubleshooting-oauth-app-access-token-request-errors/#bad-verification-code`,
}
const MISMATCH = {
  error: 'redirect_uri_mismatch',
  error_description: 'The redirect_uri MUST match the registered callback URL for this application.',
  error_uri: `${DOCS}/troubleshooting-authorization-request-errors/#redirect-uri-mismatch2`,
}

type Code = { user: GitHubUser; scope: string; challenge: string | null; redirectUri: string }

export function playGitHub(url: string): GitHub {
  const people = new Map<string, GitHubUser>()
  const codes = new Map<string, Code>()
  const tokens = new Map<string, Code>()
  let callback = ''

  async function authorize(request: IncomingMessage, response: ServerResponse, query: URLSearchParams) {
    if (query.get('client_id') !== CLIENT.id) return void response.writeHead(404).end('Not Found')
    const redirectUri = query.get('redirect_uri') ?? callback
    const state = query.get('state') ?? ''
    if (redirectUri !== callback) return redirect(response, callback, { ...MISMATCH, state })
    if (request.method !== 'POST') return signInPage(response, 'GitHub')
    const fields = await formOf(request)
    if (fields.get('do') === 'cancel') return redirect(response, redirectUri, { ...DENIED, state })
    const user = people.get(fields.get('login') ?? '')
    if (!user) return signInPage(response, 'GitHub', 401)
    const code = randomBytes(10).toString('hex')
    const challenge = query.get('code_challenge')
    codes.set(code, { user, scope: query.get('scope') ?? '', challenge, redirectUri })
    redirect(response, redirectUri, { code, state })
  }

  async function exchange(request: IncomingMessage, response: ServerResponse) {
    const fields = await formOf(request)
    const answer = played.wrong.token ?? answerOf(fields)
    if (request.headers.accept?.includes('application/json')) return json(response, answer)
    response.writeHead(200, { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' })
    response.end(new URLSearchParams(answer as Record<string, string>).toString())
  }

  function answerOf(fields: URLSearchParams): Record<string, unknown> {
    if (fields.get('client_id') !== CLIENT.id || fields.get('client_secret') !== CLIENT.secret) return BAD_CLIENT
    const code = codes.get(fields.get('code') ?? '')
    codes.delete(fields.get('code') ?? '')
    if (!code) return BAD_CODE
    if ((fields.get('redirect_uri') ?? code.redirectUri) !== code.redirectUri) return MISMATCH
    const challenge = createHash('sha256')
      .update(fields.get('code_verifier') ?? '')
      .digest('base64url')
    if (code.challenge !== null && code.challenge !== challenge) return BAD_CODE
    const access_token = `gho_${randomBytes(18).toString('hex')}`
    tokens.set(access_token, code)
    return { access_token, scope: code.scope, token_type: 'bearer' }
  }

  function api(request: IncomingMessage, response: ServerResponse, path: string) {
    if (!request.headers['user-agent'])
      return void response.writeHead(403).end('Request forbidden by administrative rules.')
    const token = tokens.get(request.headers.authorization?.replace(/^(?:Bearer|token) /i, '') ?? '')
    if (!token) return json(response, { message: 'Bad credentials', documentation_url: DOCS, status: '401' }, 401)
    const { emails, ...user } = token.user
    if (path === '/user') return json(response, { ...user, node_id: 'MDQ6VXNlcjE=', type: 'User', email: null })
    const scopes = token.scope.split(/[ ,]/)
    if (path === '/user/emails' && (scopes.includes('user:email') || scopes.includes('user')))
      return json(response, played.wrong.emails ?? emails)
    json(response, { message: 'Not Found', documentation_url: DOCS, status: '404' }, 404)
  }

  const handle: Played['handle'] = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    if (pathname === '/login/oauth/authorize') return void authorize(request, response, searchParams)
    if (pathname === '/login/oauth/access_token' && request.method === 'POST') return void exchange(request, response)
    api(request, response, pathname)
  }
  const played: GitHub = { url, handle, people, wrong: {}, register: (address) => (callback = address) }
  return played
}
