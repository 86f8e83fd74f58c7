import { env } from 'cloudflare:workers'
import { createLocalJWKSet, createRemoteJWKSet, customFetch, decodeProtectedHeader, jwtVerify } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { config } from '../../src/config.ts'
import { publicKeys } from '../../src/core/keys/signing.ts'
import type { SigningJwk } from '../../src/setting-types.ts'
import {
  bearer,
  call,
  callIn,
  callWith,
  type Claims,
  claimsOf,
  clock,
  EC,
  ENV,
  expectProblem,
  forge,
  freshDatabase,
  freshKey,
  insertUser,
  member,
  now,
  ORIGIN,
  PASSWORD,
  RSA,
  signedWith,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

const ISSUER = 'https://login.example'
const DAY = 86_400
const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

/** An isolate of its own, where access tokens are signed with ES256. */
const published = (more: Record<string, string> = {}): Env => ({ ...ENV, ACCESS_TOKEN_ALG: 'ES256', ...more }) as Env
const withKeys = (keys: readonly SigningJwk[], more: Record<string, string> = {}): Env =>
  published({ SIGNING_KEYS: JSON.stringify(keys), ...more })

const act = (own: Env, init: RequestInit) => callIn(own, 'POST', '/action', init)

/** Every way in which a token comes. */
const ways = (token: string): RequestInit[] => [
  bearer(token),
  { headers: { Authorization: token } },
  { headers: { Cookie: `__Host-latchkey=${token}`, 'Sec-Fetch-Site': 'same-origin' } },
]

async function opens(own: Env, token: string): Promise<void> {
  for (const init of ways(token)) expect((await act(own, init)).status).toBe(200)
  expect((await callIn(own, 'GET', '/user/me', bearer(token))).status).toBe(200)
}

/** Twice, because what was remembered must not be taken either. */
async function refused(own: Env, token: string): Promise<void> {
  for (const init of [...ways(token), ...ways(token)]) await expectProblem(await act(own, init), 401, 'invalid_token')
  await expectProblem(await callIn(own, 'GET', '/user/me', bearer(token)), 401, 'invalid_token')
}

async function signIn(own: Env, email: string): Promise<{ token: string; refresh_token: string }> {
  const answer = await callIn(own, 'POST', '/user/login', { json: { email, password: PASSWORD } })
  expect(answer.status).toBe(200)
  const { access_token: token, refresh_token } = await answer.json<{ access_token: string; refresh_token: string }>()
  return { token, refresh_token }
}

let user: { id: number; email: string }
let token: string
let good: Claims
beforeAll(async () => {
  user = await insertUser()
  ;({ token } = await signIn(published(), user.email))
  good = claimsOf(token)
})

const header = { alg: 'ES256', typ: 'at+jwt', kid: EC.kid }
const again = (more: Claims = {}) => signedWith(EC, header, { ...good, jti: crypto.randomUUID(), ...more })

describe('GET /oauth/jwks', () => {
  it('shows the public keys to everybody, and may be cached', async () => {
    const answer = await call('GET', '/oauth/jwks', { headers: { Origin: 'https://anywhere.example' } })
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=600',
      'content-type': 'application/json',
    })
    expect(answer.headers.get('Access-Control-Allow-Credentials')).toBeNull()
    const text = await answer.text()
    expect(JSON.parse(text)).toEqual({ keys: publicKeys(config(env)) })
    for (const jwk of [EC, RSA] as JsonWebKey[]) {
      for (const secret of [jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].filter(Boolean)) {
        expect(text).not.toContain(secret)
      }
    }
  })

  it('does not exist without keys', async () => {
    const bare = { ...ENV, SIGNING_KEYS: '' } as Env
    await expectProblem(await callIn(bare, 'GET', '/oauth/jwks'), 404, 'not_found')
  })

  it('shows next and previous keys, too', async () => {
    const [next, previous] = [await freshKey('ES256', 'next'), await freshKey('RS256', 'previous')]
    const own = withKeys([EC, RSA, { ...next, latchkey: 'next' }, { ...previous, latchkey: 'previous', since: 1 }])
    const { keys } = await (await callIn(own, 'GET', '/oauth/jwks')).json<{ keys: JsonWebKey[] }>()
    expect(keys.map((key) => Object.keys(key).sort().join())).toEqual([
      'alg,crv,kid,kty,use,x,y',
      'alg,e,kid,kty,n,use',
      'alg,crv,kid,kty,use,x,y',
      'alg,e,kid,kty,n,use',
    ])
  })
})

describe('with ACCESS_TOKEN_ALG=ES256', () => {
  it('a login gives a token that the public key verifies, and that opens everything', async () => {
    expect(decodeProtectedHeader(token)).toEqual(header)
    expect(good).toMatchObject({ iss: ISSUER, aud: ISSUER, sub: String(user.id), user_id: user.id, acr: 'aal1' })
    expect(good).not.toHaveProperty('client_id')
    const keys = createRemoteJWKSet(new URL(`${ORIGIN}/oauth/jwks`), {
      [customFetch]: (url: string) => call('GET', new URL(url).pathname),
    })
    const options = { issuer: ISSUER, audience: ISSUER, typ: 'at+jwt', algorithms: ['ES256'] }
    const { payload } = await jwtVerify(token, keys, { ...options, currentDate: new Date(now() * 1000) })
    expect(payload).toEqual(good)
    await opens(published(), token)
  })

  it('says JWT_AUDIENCE, where there is one', async () => {
    const own = published({ JWT_AUDIENCE: 'shop' })
    const other = await signIn(own, user.email)
    expect(claimsOf(other.token)).toMatchObject({ iss: ISSUER, aud: 'shop' })
    await opens(own, other.token)
    await refused(own, token)
    await refused(published(), other.token)
  })

  it('refreshes, and ends with its session, at once', async () => {
    const own = published()
    const mine = await signIn(own, user.email)
    const json = { refresh_token: mine.refresh_token }
    const answer = await callIn(own, 'POST', '/user/refresh', { json })
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(decodeProtectedHeader(access_token)).toEqual(header)
    await opens(own, access_token)
    expect((await callIn(own, 'POST', '/user/logout', bearer(mine.token))).status).toBe(204)
    await refused(own, mine.token)
    await refused(own, access_token)
  })

  it('reads no database for a request, whether the token is new or known', async () => {
    const place = watchedIsolate({ ACCESS_TOKEN_ALG: 'ES256' })
    expect((await act(place.env, bearer(await again()))).status).toBe(200)
    place.calls.length = 0
    const other = await again()
    for (let i = 0; i < 3; i++) expect((await act(place.env, bearer(other))).status).toBe(200)
    expect(place.calls).toEqual([])
  })

  it('ends on time, remembered or not', async () => {
    const own = published()
    const short = await again({ exp: now() + 60 })
    await opens(own, short)
    clock.forward(60)
    await refused(own, short)
  })
})

describe('only its own kind opens a door', () => {
  const confusions: [string, () => Promise<string> | string][] = [
    ['an id token', () => signedWith(EC, { ...header, typ: 'JWT' }, good)],
    ['an id token under RS256', () => signedWith(RSA, { alg: 'RS256', typ: 'JWT', kid: RSA.kid }, good)],
    ['an access token under RS256', () => signedWith(RSA, { alg: 'RS256', typ: 'at+jwt', kid: RSA.kid }, good)],
    ['a logout token', () => signedWith(EC, { ...header, typ: 'logout+jwt' }, good)],
    ['the token of an application', () => again({ client_id: 'application' })],
    ['the token of an application without a name', () => again({ client_id: null })],
    ['no typ', () => signedWith(EC, { alg: 'ES256', kid: EC.kid }, good)],
    ['no kid', () => signedWith(EC, { alg: 'ES256', typ: 'at+jwt' }, good)],
    ['another kid', () => signedWith(EC, { ...header, kid: 'unknown' }, good)],
    ['the kid of the other key', () => signedWith(EC, { ...header, kid: RSA.kid }, good)],
    ['another key under our kid', async () => signedWith(await freshKey('ES256', EC.kid), header, good)],
    ['another issuer', () => again({ iss: 'https://other.example' })],
    ['the issuer of the shared key', () => again({ iss: 'latchkey' })],
    ['another audience', () => again({ aud: 'https://api.example' })],
    ['the audience of userinfo', () => again({ aud: `${ISSUER}/oauth/userinfo` })],
    ['no audience', () => again({ aud: undefined })],
    ['no session', () => again({ sid: undefined })],
    ['no exp', () => again({ exp: undefined })],
    ['an exp that is over', () => again({ exp: now() })],
    ['a sub and a user_id that differ', () => again({ sub: '999999' })],
    ['nothing but what old tokens had', () => signedWith(EC, header, { user_id: 1, exp: now() + 60 })],
    ['alg none', () => signedWith(EC, { ...header, alg: 'none' }, good)],
    [
      'alg none, unsigned',
      async () => `${(await signedWith(EC, { ...header, alg: 'none' }, good)).split('.').slice(0, 2).join('.')}.`,
    ],
    ['HS256 under our header', () => forge({ header, payload: good })],
    ['HS256 with the issuer of the public keys', () => forge({ payload: good })],
    [
      'HS256 with the kid of a public key',
      () => forge({ header: { alg: 'HS256', typ: 'JWT', kid: EC.kid }, payload: good }),
    ],
    ['ES256 with the claims of HS256', () => again({ iss: 'latchkey', aud: undefined })],
    ...(publicKeys(config(env)) as JsonWebKey[])
      .flatMap((key) => [key.x, key.y, key.n, JSON.stringify(key), JSON.stringify({ keys: [key] })])
      .filter((secret) => secret !== undefined)
      .flatMap((secret): [string, () => Promise<string>][] => [
        [`HMAC under a public key: ${secret.slice(0, 12)}`, () => forge({ header, payload: good, secret })],
        [
          `HS256 under a public key: ${secret.slice(0, 12)}`,
          () => forge({ payload: { ...good, iss: 'latchkey', aud: undefined }, secret }),
        ],
      ]),
  ]
  it.each(confusions)('%s is refused, whatever signs here', async (_name, make) => {
    const made = await make()
    for (const own of [published({ HS256_TOKENS_UNTIL: iso(now() + DAY) }), { ...ENV }]) await refused(own, made)
  })

  it('takes what differs from these in nothing', async () => opens(published(), await again()))
})

describe('HS256 beside it', () => {
  it('is accepted until the date, and then refused, remembered or not', async () => {
    const own = published({ HS256_TOKENS_UNTIL: iso(now() + 100) })
    const { token: old } = await member()
    const nameless = await forge({ payload: claimsOf(old) })
    for (const one of [old, nameless]) await opens(own, one)
    clock.forward(99)
    for (const one of [old, nameless]) await opens(own, one)
    clock.forward(1)
    for (const one of [old, nameless]) await refused(own, one)
    await refused(published({ HS256_TOKENS_UNTIL: iso(now()) }), old)
  })

  it('is refused at once without a date, those of the old application included', async () => {
    const [{ token: old }, { id }] = [await member(), await insertUser()]
    const flask = await forge({ payload: { user_id: id, exp: now() + DAY } })
    const migrating = { LEGACY_TOKENS_UNTIL: iso(now() + DAY) }
    for (const one of [old, flask]) await refused(published(migrating), one)
    const both = published({ ...migrating, HS256_TOKENS_UNTIL: iso(now() + 60) })
    expect((await act(both, bearer(flask))).status).toBe(200)
    clock.forward(60)
    await expectProblem(await act(both, bearer(flask)), 401, 'invalid_token')
  })

  it('does not end while HS256 signs, whatever date is left in the settings', async () => {
    const { token: old } = await member()
    await opens({ ...ENV, HS256_TOKENS_UNTIL: iso(now() - DAY) } as Env, old)
  })

  it('is signed again after a change back, and tokens of meanwhile stay good', async () => {
    const { token: old } = await signIn({ ...ENV } as Env, user.email)
    expect(decodeProtectedHeader(old)).toMatchObject({ alg: 'HS256', typ: 'JWT' })
    await opens({ ...ENV } as Env, token)
  })
})

describe('a rotation', () => {
  it('refuses no good token in any step, by isolates of this step and of the one before', async () => {
    const [next, nextRsa] = [await freshKey('ES256', 'next'), await freshKey('RS256', 'next-rsa')]
    const half = (jwk: SigningJwk) => {
      const { d: _, p: __, q: ___, dp: ____, dq: _____, qi: ______, ...rest } = jwk as JsonWebKey
      return { ...rest, latchkey: 'previous' }
    }
    const steps = [
      [EC, RSA],
      [EC, RSA, { ...next, latchkey: 'next' }, { ...nextRsa, latchkey: 'next' }],
      [next, nextRsa, half(EC), half(RSA)],
      [next, nextRsa],
    ] as SigningJwk[][]
    const signers = [EC.kid, EC.kid, 'next', 'next']
    for (const [i, step] of steps.entries()) {
      const own = withKeys(step)
      const mine = await signIn(own, user.email)
      expect(decodeProtectedHeader(mine.token).kid).toBe(signers[i])
      for (const other of [steps[i - 1], step, steps[i + 1]]) {
        // In the last step, tokens of the old key are dead by their time.
        if (other === undefined || (i < 2 && other === steps[3])) continue
        await opens(withKeys(other), mine.token)
        const keys = createLocalJWKSet({ keys: publicKeys(config(withKeys(other))) as [] })
        await jwtVerify(mine.token, keys, { issuer: ISSUER, currentDate: new Date(now() * 1000) })
      }
    }
    await refused(withKeys(steps[3]!), token)
  })

  it('does not sign with a key that is only next or previous, nor with half a key', async () => {
    const [a, b] = [await freshKey('ES256', 'a'), await freshKey('ES256', 'b')]
    const { d: _, ...half } = await freshKey('ES256', 'c')
    const own = withKeys([{ ...a, latchkey: 'next' }, { ...b, latchkey: 'previous' }, half as SigningJwk, EC, RSA])
    const { token: mine } = await signIn(own, user.email)
    expect(decodeProtectedHeader(mine).kid).toBe(EC.kid)
    for (const key of [a, b]) await opens(own, await signedWith(key, { ...header, kid: key.kid }, good))
  })
})

describe('the settings', () => {
  const set = (keys: unknown) => (typeof keys === 'string' ? keys : JSON.stringify(keys))
  const { d: _, ...ecHalf } = EC as JsonWebKey
  const cases: [string, Record<string, unknown>, string, string][] = [
    ['no JSON', { SIGNING_KEYS: 'nonsense' }, 'SIGNING_KEYS', 'malformed'],
    ['null', { SIGNING_KEYS: 'null' }, 'SIGNING_KEYS', 'malformed'],
    ['a number', { SIGNING_KEYS: '1' }, 'SIGNING_KEYS', 'malformed'],
    ['no keys', { SIGNING_KEYS: '[]' }, 'SIGNING_KEYS', 'malformed'],
    ['one key without its array', { SIGNING_KEYS: set(EC) }, 'SIGNING_KEYS', 'malformed'],
    ['no kid', { SIGNING_KEYS: set([{ ...EC, kid: undefined }, RSA]) }, 'SIGNING_KEYS', 'malformed'],
    ['a kid that is odd', { SIGNING_KEYS: set([{ ...EC, kid: 'a b' }, RSA]) }, 'SIGNING_KEYS', 'malformed'],
    ['a kid for two', { SIGNING_KEYS: set([EC, { ...RSA, kid: EC.kid }]) }, 'SIGNING_KEYS', 'malformed'],
    ['an unknown state', { SIGNING_KEYS: set([{ ...EC, latchkey: 'new' }, RSA]) }, 'SIGNING_KEYS', 'malformed'],
    ['alg none', { SIGNING_KEYS: set([EC, RSA, { ...EC, kid: 'x', alg: 'none' }]) }, 'SIGNING_KEYS', 'malformed'],
    [
      'a shared key',
      { SIGNING_KEYS: set([EC, RSA, { kty: 'oct', alg: 'HS256', kid: 'x', k: 'AA' }]) },
      'SIGNING_KEYS',
      'malformed',
    ],
    ['an alg of another key', { SIGNING_KEYS: set([{ ...EC, alg: 'RS256' }, RSA]) }, 'SIGNING_KEYS', 'malformed'],
    ['another curve', { SIGNING_KEYS: set([{ ...EC, crv: 'P-384' }, RSA]) }, 'SIGNING_KEYS', 'malformed'],
    ['half an RSA key', { SIGNING_KEYS: set([EC, { ...RSA, p: undefined }]) }, 'SIGNING_KEYS', 'malformed'],
    ['an exponent of 3', { SIGNING_KEYS: set([EC, { ...RSA, e: 'Aw' }]) }, 'SIGNING_KEYS', 'malformed'],
    ['no key for ES256', { SIGNING_KEYS: set([RSA]) }, 'SIGNING_KEYS', 'no_key_for_es256'],
    ['only half a key', { SIGNING_KEYS: set([ecHalf, RSA]) }, 'SIGNING_KEYS', 'no_key_for_es256'],
    ['only a next key', { SIGNING_KEYS: set([EC, { ...RSA, latchkey: 'next' }]) }, 'SIGNING_KEYS', 'no_key_for_rs256'],
    ['ES256 without keys', { SIGNING_KEYS: '', ACCESS_TOKEN_ALG: 'ES256' }, 'SIGNING_KEYS', 'missing'],
    ['ES256 without an address', { PUBLIC_URL: '', ACCESS_TOKEN_ALG: 'ES256' }, 'PUBLIC_URL', 'missing'],
    ['another alg', { ACCESS_TOKEN_ALG: 'RS256' }, 'ACCESS_TOKEN_ALG', 'not_hs256_or_es256'],
    ['a date that is none', { HS256_TOKENS_UNTIL: 'soon' }, 'HS256_TOKENS_UNTIL', 'not_a_time'],
  ]
  it.each(cases)('%s: nothing works, and what is said holds no key', async (_name, settings, field, code) => {
    const problem = await expectProblem(
      await callWith({ ...ENV, ...settings } as Env, `${ORIGIN}/ready`),
      503,
      'not_ready',
    )
    expect(problem.errors).toEqual([{ field, code }])
  })

  it('refuses RSA under 2048 bits', async () => {
    const short = await freshKey('RS256', 'short', 1920)
    const answer = await callWith(withKeys([EC, short]), `${ORIGIN}/ready`)
    expect((await expectProblem(answer, 503, 'not_ready')).errors).toEqual([{ field: 'SIGNING_KEYS', code: 'invalid' }])
  })

  it('may be a JWK Set', async () => {
    const own = published({ SIGNING_KEYS: JSON.stringify({ keys: [EC, RSA] }) })
    expect((await callIn(own, 'GET', '/ready')).status).toBe(200)
    await opens(own, token)
  })

  it('are not ready with halves that do not belong together', async () => {
    const { x, y } = (await freshKey('ES256', 'other')) as JsonWebKey
    const answer = await callIn(withKeys([{ ...EC, x, y } as SigningJwk, RSA]), 'GET', '/ready')
    expect((await expectProblem(answer, 503, 'not_ready')).errors).toEqual([
      { field: 'SIGNING_KEYS', code: 'malformed' },
    ])
  })
})
