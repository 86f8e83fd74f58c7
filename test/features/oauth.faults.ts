import type { AuthorizationRequest } from '../../src/features/oauth/request.ts'
import { newCode } from '../../src/features/oauth/code.ts'
import { continueAt } from '../../src/features/oauth/handle.ts'
import { tokensFor } from '../../src/features/oauth/tokens.ts'
import { clientIn } from '../../src/core/clients/client.ts'
import { refreshToken } from '../../src/core/sessions/refresh-tokens.ts'
import { readTicket } from '../../src/core/ticket.ts'
import { sql } from '../../src/lib/sql.ts'
import { callBy } from '../support.ts'
import { AT, type Ask, grant, HERE, OWN, OWNER, type Scenario, settings, THEN } from '../faults/world.ts'

const [OURS, THEIRS] = ['ours', 'theirs'].map((name) => name.padEnd(24, 'A')) as [string, string]
const CALLBACK = 'https://app.example/callback'
const SECRET = 'the-secret-of-the-application'.padEnd(43, 'x')
const HASH = await hashOf(SECRET)
const VERIFIER = 'the-verifier-of-the-application'.padEnd(43, 'x')
const SCOPE = 'openid email read'

const call = callBy({ own: OWN, at: AT })

const requestOf = async (client_id: string): Promise<AuthorizationRequest> => ({
  client_id,
  redirect_uri: CALLBACK,
  scope: SCOPE,
  prompt: [],
  acr_values: [],
  state: 'state',
  challenge: await hashOf(VERIFIER),
})

const registered = (id: string, third_party = 0) =>
  sql`INSERT INTO clients (id, name, secret_hash, redirect_uris, scope, third_party, credentials, created_at)
    VALUES (${id}, 'App', ${HASH}, json_array(${CALLBACK}), ${SCOPE}, ${third_party}, 1, ${THEN})`
const allowed = sql`INSERT INTO consents (user_id, client_id, scope, granted_at) VALUES (1, ${THEIRS}, ${SCOPE}, ${THEN})`

const authorize = (await requestOf(OURS)) as Record<string, unknown>
const asked = `/oauth/authorize?${new URLSearchParams({
  client_id: OURS,
  redirect_uri: CALLBACK,
  scope: SCOPE,
  response_type: 'code',
  code_challenge: authorize['challenge'] as string,
  code_challenge_method: 'S256',
}).toString()}`
const handle = await continueAt(call, await requestOf(THEIRS))
const code = await newCode(call, await requestOf(THEIRS), { ...grant, user_id: 1 })
const { id: CODE, until } = await readTicket(call, 'authorization code', code)

/** The session of the application, as the code starts it. */
const session = [
  sql`INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, client_id,
      parent_id, scope, shown)
    VALUES (${CODE}, 1, ${THEN}, ${THEN}, ${THEN}, ${THEN + 86_400}, ${THEN + 86_400}, ${THEIRS}, ${HERE}, ${SCOPE},
      json_object('password', ${THEN}))`,
]
const spent = sql`INSERT INTO spent (id, by, until) VALUES (${CODE}, 'somebody', ${until})`
const refresh_token = await refreshToken({ session_id: CODE, generation: 0 }, settings)
const { access_token } = await tokensFor(
  call,
  clientIn({
    id: THEIRS,
    name: 'App',
    secret_hash: HASH,
    redirect_uris: '[]',
    post_logout_redirect_uris: '[]',
    backchannel_logout_uri: null,
    third_party: 1,
    scope: SCOPE,
    resources: '[]',
    id_token_alg: 'RS256',
    pkce: 1,
    credentials: 0,
    created_at: THEN,
    fetched_at: null,
    fresh_until: null,
  }),
  {
    id: CODE,
    user_id: 1,
    auth_time: THEN,
    expires_at: THEN + 86_400,
    roles: [],
    generation: 0,
    shown: {},
    scope: SCOPE,
    resource: null,
    email: OWNER,
    email_verified: 1,
    name: null,
  },
)

const client = { client_id: THEIRS, client_secret: SECRET }
const redeeming: Ask = {
  form: { ...client, grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER },
}
const refreshing = { ...client, grant_type: 'refresh_token', refresh_token }
const known = [registered(THEIRS, 1), allowed]
const standing = (generation: number) =>
  `session new of owner: standing, generation ${generation}, password typed at -60`
const ENDED = [
  `- ${standing(0)}`,
  '+ session new of owner: revoked, generation 0, password typed at -60',
  '+ published: new',
]
const ROTATED = [`- ${standing(0)}`, `+ ${standing(1)}`]

export const scenarios: Scenario[] = [
  {
    route: 'GET /oauth/authorize',
    when: 'of a known application',
    given: [registered(OURS)],
    ask: { path: asked },
    answers: 303,
  },
  {
    route: 'POST /oauth/authorize',
    when: 'of a known application',
    given: [registered(OURS)],
    ask: { form: Object.fromEntries(new URLSearchParams(asked.slice(asked.indexOf('?')))) },
    answers: 303,
  },
  {
    route: 'GET /oauth/continue/:handle',
    when: 'signed in, and allowed',
    given: known,
    ask: { as: 'cookie', path: handle },
    answers: 303,
  },
  {
    route: 'GET /oauth/continue/:handle',
    when: 'signed in, and not allowed yet',
    given: [registered(THEIRS, 1)],
    ask: { as: 'cookie', path: handle },
    answers: 200,
  },
  {
    route: 'POST /oauth/continue/:handle',
    when: 'with the consent',
    given: [registered(THEIRS, 1)],
    ask: { as: 'cookie', path: handle, form: { decision: 'allow', user_id: '1' } },
    answers: 303,
    changes: ['+ consents of owner', '+ audit: consent_granted of owner in nothing'],
  },
  {
    route: 'POST /oauth/token',
    when: 'with a code',
    given: known,
    ask: redeeming,
    answers: 200,
    changes: [`+ ${standing(0)}`, '+ audit: client_signed_in of owner in new'],
    again: 400,
  },
  {
    route: 'POST /oauth/token',
    when: 'with a code that was used',
    given: [...known, ...session, spent],
    ask: redeeming,
    answers: 400,
    changes: [...ENDED, '+ audit: code_replayed of owner in new'],
  },
  {
    route: 'POST /oauth/token',
    when: 'with a refresh token',
    given: [...known, ...session],
    ask: { form: refreshing },
    answers: 200,
    changes: ROTATED,
  },
  {
    route: 'POST /oauth/token',
    when: 'with a refresh token, for less',
    given: [...known, ...session],
    ask: { form: { ...refreshing, scope: 'openid' } },
    answers: 200,
    changes: ROTATED,
  },
  {
    route: 'POST /oauth/token',
    when: 'with credentials',
    given: known,
    ask: { form: { ...client, grant_type: 'client_credentials' } },
    answers: 200,
  },
  ...['GET /oauth/userinfo', 'POST /oauth/userinfo'].map((route): Scenario => ({
    route,
    when: 'with a token of an application',
    given: [...known, ...session],
    ask: { token: access_token },
    answers: 200,
  })),
  {
    route: 'POST /oauth/revoke',
    when: 'with a refresh token',
    given: [...known, ...session],
    ask: { form: { ...client, token: refresh_token } },
    answers: 200,
    changes: [...ENDED, '+ audit: client_session_ended of owner in new'],
  },
]

/** Routes that never ask the database, with a request to each. */
export const withoutD1 = {
  'GET /.well-known/oauth-authorization-server': '/.well-known/oauth-authorization-server',
  'GET /.well-known/oauth-protected-resource': '/.well-known/oauth-protected-resource',
  'GET /.well-known/oauth-protected-resource/:path{.+}': '/.well-known/oauth-protected-resource/tools',
  'GET /.well-known/openid-configuration': '/.well-known/openid-configuration',
}

async function hashOf(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return btoa(String.fromCharCode(...hash))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
