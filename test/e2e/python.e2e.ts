/** The promises to a Flask application: its users move over as they are, and it reads our tokens with the line it has. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { python, withoutPython } from './python.ts'
import { accessToken, execute, literal, logIn, query, type Service, startService } from './service.ts'

type Decoded = { claims: Record<string, unknown> & { exp: number; iat: number }; user_id_is_int: boolean }
type Tokens = { good: Record<string, string>; forged: Record<string, string> }

const SYLLABLES = '비밀번호를잊지마세요'.repeat(3).slice(0, 24) // of three bytes each: the 72 that bcrypt reads

/** `wrong` fails; `alsoRight` is what the old application took too, because bcrypt dropped the rest. */
const PEOPLE = [
  { id: 7, email: 'ascii@example.com', password: "correct horse; battery 'staple'", wrong: ['correct horse', ' '] },
  { id: 42, email: 'korean@example.com', password: '안녕하세요-로그인', wrong: ['안녕하세요-로그아웃', '?????-???'] },
  {
    id: 43,
    email: '72bytes@example.com',
    password: SYLLABLES,
    wrong: [`${SYLLABLES.slice(0, -1)}나`, SYLLABLES.slice(1)],
  },
  {
    id: 65_536,
    email: 'Cut.In.A.Syllable@Example.com',
    password: `k${SYLLABLES}`,
    alsoRight: `k${SYLLABLES} and more`,
    wrong: [`k${SYLLABLES.slice(0, -1)}`],
  },
  {
    id: 2_147_483_648,
    email: 'long@example.com',
    password: `${'0123456789'.repeat(7)}ab-the rest is not read`,
    alsoRight: `${'0123456789'.repeat(7)}ab`,
    wrong: [`${'0123456789'.repeat(7)}aX-the rest is not read`],
  },
]

const KEY = randomBytes(32).toString('base64url')

describe.skipIf(withoutPython('bcrypt', 'jwt'))('a Flask application that moves here', () => {
  let service: Service
  let hashes: string[]

  beforeAll(async () => {
    service = await startService({ vars: { JWT_SECRET_KEY: KEY } })
    hashes = python(
      'hash.py',
      PEOPLE.map(({ password }) => password),
    ) as string[]
    const rows = PEOPLE.map(({ id, email }, i) => {
      expect(hashes[i]).toMatch(/^\$2b\$12\$/)
      return `INSERT INTO users (id, email, hashed_password) VALUES (${id}, ${literal(email)}, ${literal(hashes[i]!)});`
    })
    await execute(service.persistTo, rows.join('\n'))
  })
  afterAll(() => service?.stop())

  const decode = (token: string) => python('decode.py', { token, key: KEY }) as Decoded

  describe.each(PEOPLE)('$email', ({ id, email, password, wrong }) => {
    it('signs in with the old password, and PyJWT reads the old id from the token', async () => {
      const response = await logIn(service.url, { email, password })
      expect(response.status).toBe(200)
      const answer = (await response.json()) as { access_token: string; expires_in: number }
      const { claims, user_id_is_int } = decode(answer.access_token)
      expect(claims).toMatchObject({ user_id: id, sub: String(id) })
      expect(user_id_is_int).toBe(true)
      expect(claims).not.toHaveProperty('aud')
      expect(claims.exp - claims.iat).toBe(86_410)
      expect(answer.expires_in).toBe(86_400)
    })

    it('is refused with a wrong password', async () => {
      for (const guess of wrong) {
        const response = await logIn(service.url, { email, password: guess })
        expect(response.status).toBe(401)
        expect(await response.json()).toMatchObject({ code: 'invalid_credentials' })
      }
    })
  })

  it.each([
    ['as the tutorial has it', {}],
    ['with a byte order mark', { mark: true }],
    ['with charset=utf8', { type: 'application/json; charset=utf8' }],
    ['with a semicolon at the end', { type: 'application/json;' }],
    ['with both', { mark: true, type: 'application/json; charset=utf8' }],
  ])('lets a client of requests log in and act, %s', (_name, how) => {
    const { id, email, password } = PEOPLE[1]!
    const { token, ...acted } = python('client.py', { url: service.url, email, password, ...how }) as { token: string }
    expect(acted).toEqual({ status: 200, user_id: id })
    expect(decode(token).claims).toMatchObject({ user_id: id })
  })

  it('gives tokens that PyJWT takes at once where its clock is seconds behind', async () => {
    const { id, email, password } = PEOPLE[0]!
    for (const behind of [3, 8]) {
      const token = await accessToken(service.url, { email, password })
      expect(python('decode.py', { token, key: KEY }, behind)).toMatchObject({ claims: { user_id: id } })
    }
    const token = await accessToken(service.url, { email, password })
    expect(() => python('decode.py', { token, key: KEY }, 60)).toThrow('ImmatureSignatureError') // the clock is behind
  })

  it('takes whatever the old application took for a password that bcrypt had cut', async () => {
    const cut = PEOPLE.filter(({ alsoRight }) => alsoRight !== undefined)
    expect(cut).toHaveLength(2)
    for (const { email, alsoRight } of cut) {
      expect((await logIn(service.url, { email, password: alsoRight! })).status).toBe(200)
    }
  })

  it('leaves the rows as they came, so that the table can move back', async () => {
    const columns = 'id, email, hashed_password, password_set_at'
    const rows = await query(
      service.persistTo,
      `SELECT ${columns} FROM users WHERE email <> ${literal(service.demo.email)} ORDER BY id`,
    )
    expect(rows).toEqual(
      PEOPLE.map(({ id, email }, i) => ({ id, email, hashed_password: hashes[i], password_set_at: null })),
    )
  })

  describe('a protected route', () => {
    const action = (headers: Record<string, string>) => fetch(`${service.url}/action`, { method: 'POST', headers })
    const { id, email, password } = PEOPLE[0]!

    it('opens for the bare header, the Bearer header and the scheme in any case', async () => {
      const token = await accessToken(service.url, { email, password })
      for (const Authorization of [token, `Bearer ${token}`, `bearer ${token}`]) {
        const response = await action({ Authorization })
        expect([response.status, await response.json()]).toMatchObject([200, { user_id: id }])
      }
    })

    it('opens for the cookie of the login page, with a proof that the page sent it', async () => {
      const form = await fetch(`${service.url}/login`, {
        method: 'POST',
        body: new URLSearchParams({ email, password }),
        headers: { 'Sec-Fetch-Site': 'same-origin' },
        redirect: 'manual',
      })
      expect(form.status).toBe(303)
      const [pair = '', ...attributes] = form.headers
        .getSetCookie()
        .find((cookie) => cookie.startsWith('latchkey='))!
        .split('; ')
      expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=86400', 'Path=/', 'SameSite=Lax'])
      expect(decode(pair.slice(pair.indexOf('=') + 1)).claims).toMatchObject({ user_id: id })

      expect((await action({ Cookie: pair, 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200)
      expect((await action({ Cookie: pair, Origin: service.url })).status).toBe(200)
      const unproven = [
        {},
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
        { 'Sec-Fetch-Site': 'cross-site', Origin: service.url },
        { Origin: 'null' },
        { Origin: 'http://localhost:1' },
      ]
      for (const proof of unproven) {
        const response = await action({ Cookie: pair, ...proof })
        expect([response.status, await response.json()]).toMatchObject([403, { code: 'cross_site_request' }])
      }
    })

    it('asks for a token where there is none, without an error code', async () => {
      const response = await action({})
      expect(response.status).toBe(401)
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey"')
      expect(await response.json()).toMatchObject({ code: 'login_required' })
    })

    it('stays closed for every forged token, sent in any way', async () => {
      const genuine = await accessToken(service.url, { email, password })
      const { good, forged } = python('forge.py', { token: genuine, key: KEY, ...attackersKey() }) as Tokens
      const ways: ((token: string) => Record<string, string>)[] = [
        (token) => ({ Authorization: token }),
        (token) => ({ Authorization: `Bearer ${token}` }),
        (token) => ({ Cookie: `latchkey=${token}`, 'Sec-Fetch-Site': 'same-origin' }),
      ]
      const answers = async (tokens: Record<string, string>) => {
        const table: Record<string, string[]> = {}
        for (const [name, token] of Object.entries(tokens)) {
          table[name] = await Promise.all(ways.map(async (way) => summary(await action(way(token)))))
        }
        return table
      }
      const all = (tokens: Record<string, string>, answer: string) =>
        Object.fromEntries(Object.keys(tokens).map((name) => [name, ways.map(() => answer)]))

      // Without these the rest would prove nothing: a forger's tools make tokens that are taken, when nothing is wrong.
      expect(await answers(good)).toEqual(all(good, '200'))
      expect(Object.keys(forged).length).toBeGreaterThan(40)
      expect(await answers(forged)).toEqual(
        all(forged, '401 invalid_token Bearer realm="latchkey", error="invalid_token"'),
      )
      expect(service.output()).not.toContain(genuine)
    })
  })
})

/** The status alone when it is good; otherwise the code and the challenge too. */
async function summary(response: Response): Promise<string> {
  if (response.ok) return String(response.status)
  const { code } = (await response.json()) as { code: string }
  return `${response.status} ${code} ${response.headers.get('WWW-Authenticate')}`
}

/** Made here, because PyJWT can do RSA only with a package that Debian's does not bring along. */
function attackersKey(): { rsa: JsonWebKey; public_pem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const public_pem = publicKey.export({ type: 'spki', format: 'pem' })
  return { rsa: privateKey.export({ format: 'jwk' }), public_pem: String(public_pem) }
}
