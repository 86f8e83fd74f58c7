import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { jwt } from 'hono/jwt'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Guarded, loginRequired } from '../../src/http/guard.ts'
import { base64url, utf8 } from '../../src/lib/bytes.ts'
import {
  anotherIsolate,
  bearer,
  call,
  callWith,
  type Claims,
  claimsOf,
  clock,
  ENV,
  expectProblem,
  forge,
  freshDatabase,
  now,
  ORIGIN,
  signedIn,
} from '../support.ts'

freshDatabase()

const COOKIE = '__Host-latchkey'
const TOKEN_REFUSED = 'Bearer realm="latchkey", error="invalid_token"'
const action = (init: RequestInit = {}) => call('POST', '/action', init)
const withCookie = (value: string, more: Record<string, string> = {}) => ({
  headers: { Cookie: `${COOKIE}=${value}`, ...more },
})
const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' }

/** What a browser sends along to a site that stands behind a proxy's password, and its like. */
const OTHER_SCHEMES = [
  'Basic c3RhZ2luZzpzZWNyZXQ=',
  'basic c3RhZ2luZzpzZWNyZXQ=',
  'Digest username="staging", realm="proxy", nonce="x", uri="/", response="y"',
  'Negotiate YII=',
  'Bearer2 x.y.z',
]

let user: Awaited<ReturnType<typeof signedIn>>
let good: Claims
beforeAll(async () => {
  user = await signedIn()
  good = claimsOf(user.token)
})

async function refused(answer: Response) {
  await expectProblem(answer, 401, 'invalid_token')
  expect(answer.headers.get('WWW-Authenticate')).toBe(TOKEN_REFUSED)
}

describe('what opens a protected route', () => {
  it.each([
    ['Bearer', (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })],
    ['bearer in lower case', (token: string) => ({ headers: { Authorization: `bearer ${token}` } })],
    ['BEARER and several spaces', (token: string) => ({ headers: { Authorization: `BEARER   ${token}` } })],
    ['the bare token of the Flask tutorial', (token: string) => ({ headers: { Authorization: token } })],
    ['the cookie, from this site', (token: string) => withCookie(token, SAME_ORIGIN)],
    ['the cookie, from this origin', (token: string) => withCookie(token, { Origin: ORIGIN })],
    [
      'the cookie among others',
      (token: string) => ({ headers: { Cookie: `a=1; ${COOKIE}=${token}; b=2`, ...SAME_ORIGIN } }),
    ],
  ])('%s', async (_name, init) => {
    const answer = await action(init(user.token))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ message: 'You are signed in.', user_id: user.id })
  })

  it.each(OTHER_SCHEMES)('the cookie, beside credentials of another scheme: %s', async (header) => {
    const init = withCookie(user.token, { Authorization: header, ...SAME_ORIGIN })
    expect((await action(init)).status).toBe(200)
    expect((await call('GET', '/user/me', withCookie(user.token, { Authorization: header }))).status).toBe(200)
  })

  it('the cookie in POST /user/logout, beside credentials of another scheme', async () => {
    const { token } = await signedIn()
    const init = withCookie(token, { Authorization: OTHER_SCHEMES[0]!, ...SAME_ORIGIN })
    expect((await call('POST', '/user/logout', init)).status).toBe(204)
    expect((await call('GET', '/user/me', withCookie(token))).status).toBe(401)
  })

  it('a token signed elsewhere with the same key and the same claims, with white space and without kid', async () => {
    const spaced = JSON.stringify(good, null, 2)
    expect((await action(bearer(await forge({ payload: spaced })))).status).toBe(200)
  })

  it.each([
    ['bearer', (token: string) => bearer(token)],
    ['bare', (token: string) => ({ headers: { Authorization: token } })],
    ['in the cookie', (token: string) => withCookie(token, SAME_ORIGIN)],
  ])(
    'a token at first sight and again, %s, with or without kid, however its claims are written',
    async (_way, init) => {
      const claims = () => ({ ...good, jti: crypto.randomUUID() })
      const { kid } = JSON.parse(atob(user.token.split('.')[0]!)) as { kid: string }
      for (const header of [undefined, { alg: 'HS256' }, { kid, typ: 'JWT', alg: 'HS256' }]) {
        for (const payload of [
          JSON.stringify(claims()),
          JSON.stringify(claims(), null, 2),
          JSON.stringify({ ...claims(), name: '\u00e9\ud55c' }),
          JSON.stringify(claims()).replace('"iss"', '"\\u0069ss"'),
        ]) {
          const token = await forge({ payload, ...(header && { header }) })
          expect([(await action(init(token))).status, (await action(init(token))).status]).toEqual([200, 200])
        }
      }
    },
  )

  it('a handler finds its session and nothing else of the token, whether it was seen before or not', async () => {
    const app = new Hono<Guarded>().use(loginRequired).get('/', (c) => c.json([c.get('jwtPayload'), c.get('session')]))
    const token = await forge({ payload: { ...good, jti: crypto.randomUUID() } })
    const seen = async () => {
      const context = createExecutionContext()
      const answer = await app.request('/', bearer(token), ENV, context)
      return answer.text()
    }
    const first = await seen()
    expect(JSON.parse(first)).toEqual([null, expect.objectContaining({ user_id: user.id })])
    expect(await seen()).toBe(first)
  })

  it('a clock up to a minute ahead', async () => {
    expect((await action(bearer(await forge({ payload: { ...good, iat: now() + 55 } })))).status).toBe(200)
    await refused(await action(bearer(await forge({ payload: { ...good, iat: now() + 65 } }))))
  })
})

describe('what does not', () => {
  it.each([
    ['nothing', {}],
    ['an empty header', { headers: { Authorization: '' } }],
    ['blanks', { headers: { Authorization: '   ' } }],
    ['another scheme', { headers: { Authorization: 'Basic dXNlcjpwYXNz' } }],
    ['another scheme with a token-like word', { headers: { Authorization: 'Token abc' } }],
    ['an empty cookie header', { headers: { Cookie: '' } }],
    ['a cookie of another name', { headers: { Cookie: '__Host-latchkey2=a; latchkey=b', ...SAME_ORIGIN } }],
    ['a name that only looks alike', { headers: { Cookie: `\u00a0${COOKIE}=a`, ...SAME_ORIGIN } }],
  ])('%s: 401 without an error code', async (_name, init) => {
    const answer = await action(init)
    await expectProblem(answer, 401, 'login_required')
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey"')
  })

  it('a token in the query or in the body', async () => {
    await expectProblem(
      await call('POST', `/action?access_token=${user.token}&token=${user.token}`),
      401,
      'login_required',
    )
    const json = { access_token: user.token, token: user.token }
    const answer = await call('POST', '/action', { json })
    await expectProblem(answer, 401, 'login_required')
    expect(answer.headers.get('WWW-Authenticate')).not.toContain('access_token')
  })

  it('two tokens at once', async () => {
    const headers = new Headers([
      ['Authorization', `Bearer ${user.token}`],
      ['Authorization', `Bearer ${user.token}`],
    ])
    expect((await action({ headers })).status).toBe(401)
    expect((await action({ headers: { Authorization: `Bearer ${user.token} ${user.token}` } })).status).toBe(401)
    expect((await action({ headers: { Authorization: `Bearer\t${user.token}` } })).status).toBe(401)
    await refused(
      await action({ headers: { Cookie: `${COOKIE}=${user.token}; ${COOKIE}=${user.token}`, ...SAME_ORIGIN } }),
    )
    await refused(await action({ headers: { Cookie: `${COOKIE}=planted; ${COOKIE}=${user.token}`, ...SAME_ORIGIN } }))
  })

  it.each(['Bearer x.y.z', 'bearer x.y.z', 'x.y.z'])('a token in the header decides alone: %s', async (header) => {
    const Cookie = `${COOKIE}=${user.token}`
    await refused(await action({ headers: { Authorization: header, Cookie, ...SAME_ORIGIN } }))
  })

  it.each(['Bearer', 'Bearer x.y.z x.y.z', 'bearer\tx.y.z'])('nor does a header that is broken: %s', async (header) => {
    const headers = { Authorization: header, Cookie: `${COOKIE}=${user.token}`, ...SAME_ORIGIN }
    expect((await action({ headers })).status).toBe(401)
  })

  it.each(OTHER_SCHEMES)('the cookie without a proof, beside credentials of another scheme: %s', async (header) => {
    await expectProblem(await action(withCookie(user.token, { Authorization: header })), 403, 'cross_site_request')
    const planted = { Authorization: header, ...SAME_ORIGIN }
    await refused(await action(withCookie(`planted; ${COOKIE}=${user.token}`, planted)))
  })

  it.each(OTHER_SCHEMES)('a token that another scheme bears: %s', async (header) => {
    for (const token of [user.token, `Bearer ${user.token}`]) {
      const answer = await action({ headers: { Authorization: `${header.split(' ')[0]} ${token}` } })
      await expectProblem(answer, 401, 'login_required')
    }
  })

  it('a cookie without a proof that this site sent it', async () => {
    const proofs: Record<string, string>[] = [
      {},
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: `${ORIGIN}.evil.example` },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'cross-site', Origin: ORIGIN },
    ]
    for (const proof of proofs) {
      await expectProblem(await action(withCookie(user.token, proof)), 403, 'cross_site_request')
    }
    expect((await call('GET', '/user/me', withCookie(user.token))).status).toBe(200)
  })

  const forgeries: [string, () => Promise<string> | string][] = [
    ['no token at all', () => 'x'],
    ['two parts', () => user.token.split('.').slice(0, 2).join('.')],
    ['four parts', () => `${user.token}.x`],
    ['five parts, as encrypted tokens have', () => 'a.b.c.d.e'],
    ['a cut signature', () => user.token.slice(0, -1)],
    ['a padded signature', () => `${user.token}=`],
    ['flipped unused bits of the signature', () => flipUnusedBits(user.token)],
    ['another signature', () => `${user.token.slice(0, -2)}AA`],
    ['no signature', () => `${user.token.split('.').slice(0, 2).join('.')}.`],
    ['dots by the thousand', () => '.'.repeat(5_000)],
    ['a megabyte', () => `${'a'.repeat(1_000_000)}.${'b'.repeat(10)}.${'c'.repeat(43)}`],
    ['another key', () => forge({ payload: good, secret: 'another key that is long enough to be one' })],
    ['an empty key', () => forge({ payload: good, secret: '\0' })],
    ['alg none', () => forge({ header: { alg: 'none' }, payload: good })],
    [
      'alg nOnE, unsigned',
      async () => `${(await forge({ header: { alg: 'nOnE' }, payload: good })).split('.').slice(0, 2).join('.')}.`,
    ],
    ['HS384', () => forge({ header: { alg: 'HS384', typ: 'JWT' }, payload: good, hash: 'SHA-384' })],
    ['HS512', () => forge({ header: { alg: 'HS512', typ: 'JWT' }, payload: good, hash: 'SHA-512' })],
    ['HS512 in the header only', () => forge({ header: { alg: 'HS512', typ: 'JWT' }, payload: good })],
    ['RS256 in the header', () => forge({ header: { alg: 'RS256', typ: 'JWT' }, payload: good })],
    ['no alg', () => forge({ header: { typ: 'JWT' }, payload: good })],
    ['another typ', () => forge({ header: { alg: 'HS256', typ: 'at+jwt' }, payload: good })],
    ['a repeated alg', () => forge({ header: '{"alg":"none","alg":"HS256"}', payload: good })],
    ['an unknown kid', () => forge({ header: { alg: 'HS256', kid: 'unknown' }, payload: good })],
    ['a kid that is a path', () => forge({ header: { alg: 'HS256', kid: '../../etc/passwd' }, payload: good })],
    ['a kid that is a number', () => forge({ header: { alg: 'HS256', kid: 1 }, payload: good })],
    ['an empty kid', () => forge({ header: { alg: 'HS256', kid: '' }, payload: good })],
    ['crit', () => forge({ header: { alg: 'HS256', crit: ['exp'] }, payload: good })],
    ['an empty crit', () => forge({ header: { alg: 'HS256', crit: [] }, payload: good })],
    ['b64', () => forge({ header: { alg: 'HS256', b64: false }, payload: good })],
    ['jku', () => forge({ header: { alg: 'HS256', jku: 'http://127.0.0.1:9/' }, payload: good })],
    ['jwk', () => forge({ header: { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }, payload: good })],
    ['a header that is an array', () => forge({ header: [], payload: good })],
    ['a payload that is an array', () => forge({ payload: [good] })],
    ['a payload that is a number', () => forge({ payload: 5 })],
    ['a payload that is text', () => forge({ payload: '"text"' })],
    ['a payload that is null', () => forge({ payload: null })],
    ['a payload that is not JSON', () => forge({ payload: 'nonsense' })],
    ['a repeated claim', () => forge({ payload: `{"user_id":999,${JSON.stringify(good).slice(1)}` })],
    ['a repeated claim, escaped', () => forge({ payload: `{"user_i\\u0064":999,${JSON.stringify(good).slice(1)}` })],
    ['ill-formed UTF-8', () => forgeBytes([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    [
      'ill-formed UTF-8 beside good claims',
      () => forgeBytes([...utf8(JSON.stringify(good).slice(0, -1)), 0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    ],
    ['an expired token', () => forge({ payload: { ...good, exp: now() } })],
    ['nbf ahead', () => forge({ payload: { ...good, nbf: now() + 100 } })],
    ['another issuer', () => forge({ payload: { ...good, iss: 'someone else' } })],
    ['an audience that is not ours', () => forge({ payload: { ...good, aud: 'someone else' } })],
    ['sub and user_id that differ', () => forge({ payload: { ...good, user_id: (good.user_id as number) + 1 } })],
    ...['exp', 'iat', 'sub', 'sid', 'jti', 'user_id', 'iss', 'auth_time'].flatMap(
      (claim): [string, () => Promise<string>][] => [
        [`no ${claim}`, () => forge({ payload: { ...good, [claim]: undefined } })],
        ...[null, '', [], {}, true, -1, 1.5].map((wrong): [string, () => Promise<string>] => [
          `${claim} = ${JSON.stringify(wrong)}`,
          () => forge({ payload: { ...good, [claim]: wrong } }),
        ]),
      ],
    ),
    ['exp as text', () => forge({ payload: { ...good, exp: String(good.exp) } })],
    ['exp = 1e309', () => forge({ payload: JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e309') })],
    ['user_id as text', () => forge({ payload: { ...good, user_id: good.sub } })],
  ]
  it.each(forgeries)('%s', async (_name, make) => {
    const token = await make()
    await refused(await action({ headers: { Authorization: `Bearer ${token}` } }))
    await refused(await action({ headers: { Authorization: token } }))
    await refused(await action(withCookie(token, SAME_ORIGIN)))
  })

  it.each(['\u00a0', '\u3000', '\ufeff', '\x0b', '\x0c'])(
    'a good token beside %j, no white space to HTTP',
    async (odd) => {
      for (const value of [user.token + odd, odd + user.token, `Bearer ${user.token}${odd}`]) {
        await refused(await action({ headers: { Authorization: value } }))
      }
    },
  )

  it('would partly pass plain hono/jwt: these tests hold our checks, not only its own', async () => {
    const plain = new Hono().use(jwt({ secret: env.JWT_SECRET_KEY, alg: 'HS256' })).post('/action', (c) => c.text('in'))
    const passes = async (token: string) =>
      (await plain.request('/action', { method: 'POST', ...bearer(token) })).status
    expect(await passes(await forge({ payload: { ...good, exp: undefined } }))).toBe(200)
    expect(await passes(flipUnusedBits(user.token))).toBe(200)
  })
})

/** Milliseconds by which the clock of the last test was ahead: the isolate remembers it. */
let later = 0

describe('a session that has ended', () => {
  it('takes its token with it, at once and for ever; leaving twice is the same as once', async () => {
    const { token } = await signedIn()
    const answer = await call('POST', '/user/logout', bearer(token))
    expect({ status: answer.status, body: await answer.text() }).toEqual({ status: 204, body: '' })
    await refused(await action(bearer(token)))
    expect((await call('POST', '/user/logout', bearer(token))).status).toBe(204)
    expect((await action(bearer(user.token))).status).toBe(200)
    const { sid } = claimsOf(token)
    const events = await env.DB.prepare('SELECT event FROM audit_events WHERE session_id = ? ORDER BY id')
      .bind(sid)
      .all()
    expect(events.results).toEqual([{ event: 'login_succeeded' }, { event: 'logged_out' }])
  })

  it('is not taken for one by a guard that asks the database, even where the signature is good', async () => {
    const strict = (payload: Claims) =>
      forge({ payload }).then((token) => call('DELETE', '/user/sessions/x', bearer(token)))
    await refused(await strict({ ...good, sid: 'no-such-session' }))
    await refused(await strict({ ...good, user_id: 999, sub: '999' }))
    await expectProblem(await strict(good), 404, 'not_found')
  })

  it.each([
    ['the account is disabled', 'UPDATE users SET disabled_at = 1 WHERE id = ?'],
    ['the account is deleted', 'DELETE FROM users WHERE id = ?'],
    ['the session is revoked', 'UPDATE sessions SET revoked_at = 1 WHERE user_id = ?'],
    ['the session is deleted', 'DELETE FROM sessions WHERE user_id = ?'],
  ])(
    'also when %s by an operator with SQL: within seconds, and at once where the database is asked',
    async (_name, sql) => {
      const { id, token } = await signedIn()
      await env.DB.prepare(sql).bind(id).run()
      await refused(await call('DELETE', '/user/sessions/x', bearer(token)))
      await refused(await callWith(anotherIsolate(), `${ORIGIN}/action`, { method: 'POST', ...bearer(token) }))
      clock.forward((later += 5.001))
      await refused(await action(bearer(token)))
    },
  )

  it('never gives the id of a deleted user to the next one', async () => {
    const gone = await signedIn()
    await env.DB.prepare('DELETE FROM users WHERE id = ?').bind(gone.id).run()
    expect((await signedIn()).id).toBeGreaterThan(gone.id)
  })
})

describe('a guarded group', () => {
  it('answers 404 and 405 as every other path does, to strangers and to those who are signed in', async () => {
    for (const init of [{}, bearer(user.token)]) {
      const wrongMethod = await call('GET', '/action', init)
      await expectProblem(wrongMethod, 405, 'method_not_allowed')
      expect(wrongMethod.headers.get('Allow')).toBe('POST')
      await expectProblem(await call('GET', '/action/nothing', init), 404, 'not_found')
    }
  })
})

/** Base64url of 32 bytes ends in a character whose last two bits say nothing: `A` and `B` decode alike. */
function flipUnusedBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1)!) ^ 1]!
}

async function forgeBytes(payload: number[]): Promise<string> {
  const text = `${base64url(utf8('{"alg":"HS256"}'))}.${base64url(new Uint8Array(payload))}`
  const key = await crypto.subtle.importKey('raw', utf8(env.JWT_SECRET_KEY), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ])
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text))))}`
}
