import { expect } from 'vitest'
import { bearer, call } from './requests.ts'
import { PASSWORD } from './passwords.ts'
import { now } from '../../src/lib/time.ts'
import { codeAt } from '../../src/testing/totp.ts'

export { codeAt }

/** A code that is wrong at every step that could be accepted. */
export async function wrongCode(secret: string, at = now()): Promise<string> {
  const right = await Promise.all([-60, -30, 0, 30, 60].map((offset) => codeAt(secret, at + offset)))
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.includes(code))!
}

/** Enrols an app for a user, over the routes. The step of this moment is used up. */
export async function enrolApp({ token }: { token: string }): Promise<{ secret: string; recovery_codes: string[] }> {
  const begun = await call('POST', '/user/totp', bearer(token))
  expect(begun.status).toBe(201)
  const { secret } = await begun.json<{ secret: string }>()
  const confirmed = await call('POST', '/user/totp/confirm', { ...bearer(token), json: { code: await codeAt(secret) } })
  expect(confirmed.status).toBe(200)
  return { secret, ...(await confirmed.json<{ recovery_codes: string[] }>()) }
}

/** Bindings whose database runs this statement right before the next batch: something that another request does meanwhile. */
export function meanwhile(own: Env, statement: D1PreparedStatement): Env {
  const DB = new Proxy(own.DB, {
    get: (db, name) => {
      if (name !== 'batch') return (Reflect.get(db, name) as () => unknown).bind(db)
      return async (statements: D1PreparedStatement[]) => {
        await statement.run()
        return db.batch(statements)
      }
    },
  })
  return { ...own, DB }
}

/** The ticket that a right password gets. */
export async function ticketFor(email: string, more: Record<string, unknown> = {}): Promise<string> {
  const answer = await call('POST', '/user/login', { json: { email, password: PASSWORD, ...more } })
  expect(answer.status).toBe(403)
  return (await answer.json<{ ticket: string }>()).ticket
}
