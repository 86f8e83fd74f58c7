import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { describe, expect, it, vi } from 'vitest'
import { bcryptSha256 } from '../../src/core/passwords/hashes/django.ts'
import fixture from '../core/passwords/hashes.fixture.json'
import {
  CALM,
  eventsOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  login,
  loginFrom,
  MANY,
  times,
  userAt,
} from '../support.ts'

freshDatabase()

const hashOf = (format: string, which = (_password: string) => true): { hash: string; password: string } =>
  fixture.find((entry) => entry.format === format && which(entry.password))!

const isLong = (password: string) => password.length > 72

const formats = [...new Set(fixture.map(({ format }) => format))]

/** What is kept after the first login of a password that bcrypt reads whole. At the cost of the tests' settings. */
const PLAIN = /^\$2b\$10\$[./A-Za-z0-9]{53}$/
const REDUCED = /^bcrypt_sha256\$\$2b\$10\$[./A-Za-z0-9]{53}$/

/** Makers that read passwords by a rule of their own, which stands before the hash from then on. */
const ruleOf = (format: string): string =>
  /^(better-auth|flask-security) /.test(format) ? 'nfkc:' : /^(phpass$|wordpress )/.test(format) ? 'trim:' : ''

const withoutRule = (format: string, hash: string | null | undefined): string => {
  expect(hash?.startsWith(ruleOf(format))).toBe(true)
  return hash!.slice(ruleOf(format).length)
}

describe.each(formats)('somebody who comes with a hash of %s', (format) => {
  it('signs in with the old password, and has a bcrypt hash from then on', async () => {
    const { hash, password } = hashOf(format)
    const { id, email } = await insertUser({ hashed_password: hash })
    await expectProblem(await login(email, `${password}.`), 401, 'invalid_credentials')
    expect(await userAt(email)).toMatchObject({ hashed_password: hash, password_set_at: null })
    expect((await login(email, password)).status).toBe(200)

    const { hashed_password: kept, password_set_at } = (await userAt(email))!
    expect(withoutRule(format, kept)).toMatch(PLAIN)
    expect(password_set_at).toBeNull()
    // Any other bcrypt takes it: the table can move on.
    expect(await bcrypt.compare(password, withoutRule(format, kept))).toBe(true)
    expect((await login(email, password)).status).toBe(200)
    expect((await userAt(email))!.hashed_password).toBe(kept)
    await expectProblem(await login(email, `${password}.`), 401, 'invalid_credentials')
    expect(await eventsOf(id)).toEqual([
      'login_failed: wrong_password',
      'login_succeeded',
      'login_succeeded',
      'login_failed: wrong_password',
    ])
  })

  it('keeps the spelling of the password', async () => {
    const { hash, password } = hashOf(format, (text) => text.includes('😀'))
    const { email } = await insertUser({ hashed_password: hash })
    expect((await login(email, password)).status).toBe(200)
    expect((await login(email, password)).status).toBe(200)
    if (ruleOf(format) === 'nfkc:') expect((await login(email, password.normalize('NFC'))).status).toBe(200)
    else await expectProblem(await login(email, password.normalize('NFC')), 401, 'invalid_credentials')
  })

  it('does not count white space around a password as part of it where its maker did not', async () => {
    const { hash, password } = hashOf(format)
    const { email } = await insertUser({ hashed_password: hash })
    for (const typed of [`${password} `, password, `${password} `]) {
      const answer = await login(email, typed)
      if (typed === password || ruleOf(format) === 'trim:') expect(answer.status).toBe(200)
      else await expectProblem(answer, 401, 'invalid_credentials')
    }
  })

  it('keeps the whole of a password that is too long for bcrypt, in one form that stays', async () => {
    const { hash, password } = hashOf(format, isLong)
    const { email } = await insertUser({ hashed_password: hash })
    expect((await login(email, password)).status).toBe(200)
    const kept = (await userAt(email))!.hashed_password!
    expect(withoutRule(format, kept)).toMatch(REDUCED)
    expect((await login(email, password)).status).toBe(200)
    expect((await userAt(email))!.hashed_password).toBe(kept)
    for (const cut of [password.slice(0, 72), `${password.slice(0, -1)}X`]) {
      await expectProblem(await login(email, cut), 401, 'invalid_credentials')
    }
  })
})

describe('a password that two keyboards spell differently', () => {
  const [composed, decomposed] = ['비밀번호 café'.normalize('NFC'), '비밀번호 café'.normalize('NFD')]

  it.each([
    ['bcrypt', composed, decomposed],
    ['bcrypt', decomposed, composed],
    ['bcrypt_sha256', composed, decomposed],
    ['bcrypt_sha256', decomposed, composed],
  ])(
    'opens an account of an imported %s in both, before and after the hash is replaced',
    async (form, hashed, typed) => {
      const hash = form === 'bcrypt' ? await bcrypt.hash(hashed, 4) : await bcryptSha256(hashed, 4)
      const { email } = await insertUser({ hashed_password: hash })
      for (const password of [typed, hashed, typed]) expect((await login(email, password)).status).toBe(200)
      expect((await userAt(email))!.hashed_password).toMatch(PLAIN)
      await expectProblem(await login(email, `${typed}.`), 401, 'invalid_credentials')
    },
  )

  it.each(['better-auth scrypt', 'flask-security bcrypt'])(
    'opens an account of %s in every spelling that did before',
    async (format) => {
      const { hash, password } = hashOf(format, (text) => text.includes('😀'))
      const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => password.normalize(form))
      for (const first of [password, ...forms]) {
        const { email } = await insertUser({ hashed_password: hash })
        for (const typed of [first, ...forms]) expect((await login(email, typed)).status).toBe(200)
      }
    },
  )
})

describe('many logins at once', MANY, () => {
  // Strangers have five attempts at a time, and so has each of the ten devices that an account may have.
  const DEVICES = times(10, 3)

  it.each(['werkzeug scrypt', 'django pbkdf2_sha256'])(
    'all succeed with the right password for %s, and leave one hash',
    async (format) => {
      const { hash, password } = hashOf(format)
      const { id, email } = await insertUser({ hashed_password: await bcrypt.hash(password, 4) })
      const signIn = (device_token?: string) => loginFrom(freshAddress(), { email, password, device_token }, CALM)
      const devices: string[] = []
      while (devices.length < DEVICES)
        devices.push((await (await signIn()).json<{ device_token: string }>()).device_token)
      await env.DB.prepare('UPDATE users SET hashed_password = ? WHERE id = ?').bind(hash, id).run()

      const race = await Promise.all(devices.flatMap((device) => Array.from({ length: 5 }, () => signIn(device))))
      expect(race.map(({ status }) => status)).toEqual(race.map(() => 200))
      expect((await userAt(email))!.hashed_password).toMatch(PLAIN)
      const { results } = await env.DB.prepare('SELECT id FROM sessions WHERE user_id = ?').bind(id).all()
      expect(results).toHaveLength(6 * DEVICES)
      expect((await signIn(devices[0])).status).toBe(200)
    },
  )
})

describe('bcrypt_sha256', () => {
  it('is as good as bcrypt: it stays where it is dear enough', async () => {
    const { hash, password } = hashOf('django bcrypt_sha256')
    const dear = `bcrypt_sha256$${await bcrypt.hash(await sha256(password), 11)}`
    const kept = await insertUser({ hashed_password: dear })
    expect((await login(kept.email, password)).status).toBe(200)
    expect((await userAt(kept.email))!.hashed_password).toBe(dear)

    const replaced = await insertUser({ hashed_password: hash }) // of cost 4
    expect((await login(replaced.email, password)).status).toBe(200)
    expect((await userAt(replaced.email))!.hashed_password).toMatch(PLAIN)
  })
})

describe('a foreign hash beside a time when a password was set here', () => {
  it('is replaced by one that this service compares by its own rule', async () => {
    const { hash, password } = hashOf('werkzeug scrypt', isLong)
    const { email } = await insertUser({ hashed_password: hash, password_set_at: 1 })
    expect((await login(email, password)).status).toBe(200)
    expect((await userAt(email))!.hashed_password).toMatch(PLAIN)
    expect((await login(email, password)).status).toBe(200)
    await expectProblem(await login(email, password.slice(0, 72)), 401, 'invalid_credentials')
  })
})

describe('a hash that is refused', () => {
  it.each([
    '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG',
    `scrypt:131072:8:1$salt$${'0'.repeat(128)}`,
    `pbkdf2:sha256:2000001$salt$${'0'.repeat(64)}`,
    '5f4dcc3b5aa765d61d8327deb882cf99', // MD5 of the password
    'password',
    `!${'a'.repeat(40)}`,
  ])('answers as a wrong password does, and stays: %s', async (hashed_password) => {
    const { id, email } = await insertUser({ hashed_password })
    for (const guess of ['password', hashed_password]) {
      await expectProblem(await login(email, guess), 401, 'invalid_credentials')
    }
    expect((await userAt(email))!.hashed_password).toBe(hashed_password)
    expect(await eventsOf(id)).toEqual(Array.from({ length: 2 }, () => 'login_failed: unreadable_hash'))
  })
})

describe('the work of a wrong password', () => {
  const LIVE = 2 ** 10

  it.each(formats)('is that of one bcrypt hash for %s', async (format) => {
    const { email } = await insertUser({ hashed_password: hashOf(format).hash })
    const padding = vi.spyOn(bcrypt, 'compareSync')
    try {
      await expectProblem(await login(email, 'wrong'), 401, 'invalid_credentials')
      const rounds = padding.mock.calls.reduce((sum, [, hash]) => sum + 2 ** Number(hash.split('$')[2]), 0)
      const { readHash } = await import('../../src/core/passwords/hashes/index.ts')
      const own = readHash(hashOf(format).hash) as { rounds: number }
      expect(own.rounds + rounds).toBeGreaterThan(LIVE - 16) // bcrypt has no fewer rounds than these
      expect(own.rounds + rounds).toBeLessThanOrEqual(LIVE)
    } finally {
      padding.mockRestore()
    }
  })
})

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
