/** Users of other systems move over with their hashes as those wrote them, with the work that they write by default. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { foreignHashes, type Made, withoutPhp } from './foreign-hashes.ts'
import { withoutPython } from './python.ts'
import { execute, literal, logIn, query, type Service, startService } from './service.ts'

const PASSWORD = '안녕하세요 — an old password'

const addressOf = ({ format }: Made) => `${format.replaceAll(/\W/g, '.')}@example.com`

const withoutMakers = withoutPython('bcrypt', 'django', 'passlib', 'werkzeug') || withoutPhp()

describe.skipIf(withoutMakers)('an imported user signs in', () => {
  let service: Service
  let made: Made[]

  beforeAll(async () => {
    service = await startService()
    made = foreignHashes([PASSWORD], true)
    const rows = made.map((one) => `(${literal(addressOf(one))}, ${literal(one.hash)})`)
    await execute(service.persistTo, `INSERT INTO users (email, hashed_password) VALUES ${rows.join(', ')};`)
  })
  afterAll(() => service?.stop())

  it(
    'with the old password and no other, whatever made the hash, which bcrypt replaces',
    { timeout: 300_000 },
    async () => {
      expect(made.length).toBe(20)
      const statuses: Record<string, number[]> = {}
      for (const one of made) {
        const answers = []
        for (const password of [`${PASSWORD}.`, PASSWORD, PASSWORD, one.hash]) {
          answers.push((await logIn(service.url, { email: addressOf(one), password })).status)
        }
        statuses[one.format] = answers
      }
      expect(statuses).toEqual(Object.fromEntries(made.map(({ format }) => [format, [401, 200, 200, 401]])))

      const rows = await query<{ email: string; hashed_password: string; password_set_at: number | null }>(
        service.persistTo,
        `SELECT email, hashed_password, password_set_at FROM users WHERE email <> ${literal(service.demo.email)}`,
      )
      expect(rows).toHaveLength(made.length)
      for (const { email, hashed_password, password_set_at } of rows) {
        const form = expect.stringMatching(/^(nfkc:|trim:)?(bcrypt_sha256\$)?\$2b\$12\$.{53}$/)
        expect([email, hashed_password]).toEqual([email, form])
        expect(hashed_password.startsWith('bcrypt_sha256')).toBe(email === 'django.bcrypt_sha256@example.com')
        expect(password_set_at).toBeNull()
      }
      for (const { hash } of made) expect(service.output()).not.toContain(hash)
    },
  )
})
