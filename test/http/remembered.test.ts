import { beforeAll, describe, expect, it } from 'vitest'
import { config } from '../../src/config.ts'
import { rememberedOf } from '../../src/core/tokens/remembered-tokens.ts'
import {
  action,
  bearer,
  call,
  callWith,
  claimsOf,
  clock,
  ENV,
  expectProblem,
  forge,
  freshDatabase,
  ORIGIN,
  signedIn,
} from '../support.ts'

freshDatabase()

const memory = () => rememberedOf(config(ENV))

let user: Awaited<ReturnType<typeof signedIn>>
beforeAll(async () => {
  user = await signedIn()
})

/** A token of a session, used once. */
async function used(): Promise<string> {
  const token = await forge({ payload: { ...claimsOf(user.token), jti: crypto.randomUUID() } })
  const before = memory().size()
  expect((await action(token)).status).toBe(200)
  expect(memory().size()).toBe(before + 1)
  return token
}

describe('a token that was verified before', () => {
  it('opens again, and tampered with it does not', async () => {
    const token = await used()
    expect((await action(token)).status).toBe(200)
    const [header, payload, signature] = token.split('.')
    const other = await forge({
      payload: { ...claimsOf(token), user_id: user.id + 1, sub: String(user.id + 1) },
      secret: 'x'.repeat(40),
    })
    await expectProblem(await action(`${header}.${payload}.${other.split('.')[2]}`), 401, 'invalid_token')
    await expectProblem(await action(`${header}.${other.split('.')[1]}.${signature}`), 401, 'invalid_token')
  })

  it('ends with its exp, to the second, and does not begin before its iat', async () => {
    const token = await used()
    const { iat, exp } = claimsOf(token) as { iat: number; exp: number }
    clock.stop(exp)
    await expectProblem(await action(token), 401, 'invalid_token')
    clock.run()
    expect((await action(token)).status).toBe(200)
    clock.stop(iat - 61)
    await expectProblem(await action(token), 401, 'invalid_token')
  })

  it('ends with its session', async () => {
    const other = await signedIn()
    expect((await action(other.token)).status).toBe(200)
    expect((await call('POST', '/user/logout', bearer(other.token))).status).toBe(204)
    await expectProblem(await action(other.token), 401, 'invalid_token')
  })

  it('is worth nothing under another key, issuer or audience', async () => {
    const token = await used()
    for (const change of [
      { JWT_SECRET_KEY: 'another key, which is long enough to be one' },
      { JWT_ISSUER: 'another' },
      { JWT_AUDIENCE: 'another' },
    ]) {
      const answer = await callWith({ ...ENV, ...change } as Env, `${ORIGIN}/action`, {
        method: 'POST',
        ...bearer(token),
      })
      await expectProblem(answer, 401, 'invalid_token')
    }
  })

  it('is the only kind that is kept: forged tokens are not, however many', async () => {
    const before = memory().size()
    for (let i = 0; i < 50; i++) {
      const token = await forge({ payload: { ...claimsOf(user.token), jti: String(i) }, secret: 'y'.repeat(40) })
      await expectProblem(await action(token), 401, 'invalid_token')
      const expired = await forge({ payload: { ...claimsOf(user.token), jti: String(i), exp: 1 } })
      await expectProblem(await action(expired), 401, 'invalid_token')
    }
    expect(memory().size()).toBe(before)
  })
})
