/** The testing kit against what it stands for. Passkeys, the mailbox and the clock are used all over our other tests. */
import { env } from 'cloudflare:workers'
import { TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { accessToken, bearer, codeAt, jwksOf, Mailbox } from '../src/testing/index.ts'
import { fromBase64url } from '../src/lib/bytes.ts'
import { call, callIn, claimsOf, EC, ENV, freshDatabase, member, PASSWORD, SIGNING_KEYS } from './support.ts'

/** PUBLIC_URL of the tests. */
const SITE = 'https://login.example'

freshDatabase()

const headerOf = (token: string) =>
  JSON.parse(new TextDecoder().decode(fromBase64url(token.split('.')[0]!))) as Record<string, unknown>

describe('the code of an authenticator app', () => {
  it('is the one of RFC 6238', async () => {
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' // 12345678901234567890, as in its appendix B
    const times = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000]
    const codes = await Promise.all(times.map((at) => codeAt(secret, at)))
    expect(codes).toEqual(['287082', '081804', '050471', '005924', '279037', '353130'])
  })

  it.each(['JBSWY3DPEHPK3PXP', 'jbswy3dpehpk3pxpjbswy3dpehpk3pxp', 'MFRGG==='])(
    'is the one of a library: %s',
    async (secret) => {
      for (const at of [0, 29, 30, 1_800_000_000, 1_800_000_031])
        expect(await codeAt(secret, at)).toBe(new TOTP({ secret }).generate({ timestamp: at * 1_000 }))
    },
  )
})

describe('an access token', () => {
  it.each([
    ['HS256', env.JWT_SECRET_KEY, {}],
    ['ES256', EC, { iss: SITE, aud: SITE }],
  ] as const)('has the form of those that the service issues: %s', async (ACCESS_TOKEN_ALG, key, claims) => {
    const own = { ...ENV, ACCESS_TOKEN_ALG }
    const { id, email } = await member()
    const answer = await callIn(own, 'POST', '/user/login', { json: { email, password: PASSWORD } })
    const { access_token: theirs } = await answer.json<{ access_token: string }>()
    const ours = await accessToken(key, { user_id: id, ...claims })
    const fixed = ({ sid, jti, ...rest }: Record<string, unknown>) => [typeof sid, typeof jti, rest]
    expect(fixed(claimsOf(ours))).toEqual(fixed(claimsOf(theirs)))
    expect(headerOf(theirs)).toMatchObject(headerOf(ours)) // which also names its key
    expect((await callIn(own, 'POST', '/action', bearer(ours))).status).toBe(200)
  })

  it('says what a test wants it to say', async () => {
    const token = await accessToken(env.JWT_SECRET_KEY, { user_id: 7, roles: ['editor'], acr: 'aal2', plan: 'pro' })
    expect(claimsOf(token)).toMatchObject({ user_id: 7, sub: '7', roles: ['editor'], acr: 'aal2', plan: 'pro' })
    const over = await accessToken(env.JWT_SECRET_KEY, { exp: 1 })
    expect((await call('POST', '/action', bearer(over))).status).toBe(401)
  })

  it('is verified with the keys as they are published', async () => {
    const published = await (await call('GET', '/oauth/jwks')).json()
    expect(JSON.parse(JSON.stringify(jwksOf(...SIGNING_KEYS)))).toEqual(published)
  })
})

it('a mailbox has nothing for somebody who got nothing', () => {
  const mailbox = new Mailbox()
  expect([mailbox.to('ann@example.com'), mailbox.link('ann@example.com'), mailbox.code('ann@example.com')]).toEqual([
    [],
    '',
    '',
  ])
})
