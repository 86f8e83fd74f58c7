import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { appOf, features } from '../../../src/app.ts'
import type { CustomClaims } from '../../../src/core/call.ts'
import {
  type App,
  CALLBACK,
  claimsOf,
  ENV,
  formOf,
  freshDatabase,
  type Given,
  grantedCode,
  insertClient,
  member,
  ORIGIN,
  signedInTo,
  tokensIn,
  VERIFIER,
} from '../../support.ts'

freshDatabase()

afterEach(() => void vi.restoreAllMocks())

/** The token endpoint of a service with a function of somebody's own. */
async function ask(claims: CustomClaims, { client, secret }: App, given: Given): Promise<Response> {
  const { app } = appOf([...features, { name: 'mine', claims }])
  const body = formOf({ client_id: client.id, client_secret: secret, ...given })
  const ctx = createExecutionContext()
  const headers = { 'CF-Connecting-IP': '127.0.0.1' }
  const answer = await app.fetch(new Request(`${ORIGIN}/oauth/token`, { method: 'POST', body, headers }), ENV, ctx)
  await waitOnExecutionContext(ctx)
  return answer
}

const exchange = (claims: CustomClaims, app: App, code: string) =>
  ask(claims, app, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER })

describe('a function of the operator', () => {
  it('adds to the access token and the id token, and knows whose they are', async () => {
    const [app, user] = [await insertClient(), await member()]
    const seen: unknown[] = []
    const claims: CustomClaims = async (own, about) => {
      seen.push(about)
      const row = await own.DB.prepare('SELECT email FROM users WHERE id = ?').bind(about.user_id).first('email')
      return { team: { of: row }, none: undefined }
    }
    const tokens = await tokensIn(await exchange(claims, app, await grantedCode(app, user.token, { scope: 'openid' })))
    for (const token of [tokens.access_token, tokens.id_token]) {
      expect(claimsOf(token)).toMatchObject({ team: { of: user.email }, sub: String(user.id) })
      expect(claimsOf(token)).not.toHaveProperty('none')
    }
    const refreshing = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
    const again = await tokensIn(await ask(claims, app, refreshing))
    expect(claimsOf(again.access_token)).toMatchObject({ team: { of: user.email } })
    const about = { user_id: user.id, client_id: app.client.id, scope: 'openid', resource: undefined }
    expect(seen).toEqual([about, about])
  })

  it('adds to the token of a client that acts for itself', async () => {
    const app = await insertClient({ credentials: true, scope: 'read' })
    const seen: unknown[] = []
    const claims: CustomClaims = (_env, about) => ({ seen: seen.push(about) })
    const { access_token } = await tokensIn(await ask(claims, app, { grant_type: 'client_credentials' }))
    expect(claimsOf(access_token)).toMatchObject({ seen: 1, scope: 'read' })
    expect(seen).toEqual([{ user_id: null, client_id: app.client.id, scope: 'read', resource: undefined }])
  })

  const RESERVED =
    'iss sub aud exp nbf iat jti client_id scope auth_time acr amr roles groups entitlements nonce azp at_hash c_hash ' +
    'name given_name picture email email_verified phone_number address updated_at sid events cnf act may_act user_id'
  const wrong: [string, CustomClaims][] = [
    ...RESERVED.split(' ').map((name): [string, CustomClaims] => [`names ${name}`, () => ({ [name]: 'x' })]),
    ['throws', () => Promise.reject(new Error('a secret of theirs'))],
    [
      'throws at once',
      () => {
        throw new Error('a secret of theirs')
      },
    ],
    ['gives more than a kilobyte', () => ({ long: 'x'.repeat(1_024) })],
    ['gives more than a kilobyte of Hangul', () => ({ long: '가'.repeat(400) })],
    ['gives a list', () => ['x'] as never],
    ['gives nothing', () => undefined as never],
    ['gives a text', () => 'x' as never],
    ['gives what is no JSON', () => ({ big: 1n })],
    [
      'gives what holds itself',
      () => {
        const it: Record<string, unknown> = {}
        it.it = it
        return it
      },
    ],
  ]

  it.each(wrong)('that %s is a 503 and a line in the log, and uses nothing up', async (_what, claims) => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const [app, user] = [await insertClient({ credentials: true, scope: 'openid read' }), await member()]
    const code = await grantedCode(app, user.token, { scope: 'openid' })
    const refused = await exchange(claims, app, code)
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '2'])
    expect(await refused.text()).not.toMatch(/eyJ|lkr_|theirs/)
    expect(errors.mock.calls.map(([line]) => (JSON.parse(String(line)) as { code: string }).code)).toContain(
      'claims_refused',
    )
    const sessions = env.DB.prepare('SELECT count(*) AS n FROM sessions WHERE client_id = ?').bind(app.client.id)
    expect(await sessions.first('n')).toBe(0)
    const tokens = await tokensIn(await exchange(() => ({}), app, code))
    const refreshing = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
    expect((await ask(claims, app, refreshing)).status).toBe(503)
    const generation = env.DB.prepare('SELECT generation FROM sessions WHERE client_id = ?').bind(app.client.id)
    expect(await generation.first('generation')).toBe(0)
    expect((await ask(claims, app, { grant_type: 'client_credentials' })).status).toBe(503)
    expect((await ask(() => ({}), app, refreshing)).status).toBe(200)
  })

  it('is not asked for whoever may not have a token', async () => {
    const { app, tokens } = await signedInTo()
    const other = await insertClient()
    const claims = vi.fn<CustomClaims>(() => ({}))
    const refreshing = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
    expect((await ask(claims, other, refreshing)).status).toBe(400)
    expect((await ask(claims, { ...app, secret: 'wrong' }, refreshing)).status).toBe(401)
    expect((await exchange(claims, app, 'lkt_none')).status).toBe(400)
    expect(claims).not.toHaveBeenCalled()
  })
})
