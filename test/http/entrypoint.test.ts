import { createExecutionContext } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { Latchkey } from '../../src/http/entrypoint.ts'
import { bearer, brokenDatabase, call, claimsOf, ENV, forge, freshDatabase, lost, member } from '../support.ts'

freshDatabase()

/** Over RPC, as another Worker with a service binding asks. */
const verify = (authorization: string | null) => exports.Latchkey.verify(authorization)

/** The same in an isolate whose bindings are others. */
const verifyIn = (own: Partial<Env>, authorization: string) =>
  new Latchkey(createExecutionContext(), { ...ENV, ...own }).verify(authorization)

describe('Latchkey.verify', () => {
  it('says whose token it is, with and without `Bearer`', async () => {
    const { id, token, sid } = await member()
    const { auth_time, exp: expires_at } = claimsOf(token)
    const verified = { ok: true, session: { id: sid, user_id: id, roles: [], auth_time, expires_at, acr: 'aal1' } }
    expect(await verify(`Bearer ${token}`)).toEqual(verified)
    expect(await verify(token)).toEqual(verified)
  })

  it.each(['', null, 'Bearer', 'Basic dXNlcjpwYXNz', 'a b'])(
    'asks for a login when there is no token: %j',
    async (header) => {
      expect(await verify(header)).toEqual({
        ok: false,
        code: header === 'Bearer' ? 'invalid_token' : 'login_required',
      })
    },
  )

  it('refuses what loginRequired refuses', async () => {
    const { token } = await member()
    const payload = claimsOf(token)
    const refused = { ok: false, code: 'invalid_token' }
    expect(await verify('not.a.token')).toEqual(refused)
    expect(await verify(await forge({ payload, secret: 'another secret that is long enough for it' }))).toEqual(refused)
    expect(await verify(await forge({ payload: { ...payload, exp: 1 } }))).toEqual(refused)
    expect(await verify(await forge({ payload }))).toMatchObject({ ok: true })
  })

  it('refuses a token whose session was ended by a logout', async () => {
    const { token } = await member()
    expect(await verify(token)).toMatchObject({ ok: true })
    expect((await call('POST', '/user/logout', bearer(token))).status).toBe(204)
    expect(await verifyIn({}, token)).toEqual({ ok: false, code: 'invalid_token' })
  })

  it('says that it cannot tell, rather than yes', async () => {
    const { token } = await member()
    expect(await verifyIn({ DB: brokenDatabase(lost) }, token)).toEqual({ ok: false, code: 'unavailable' })
    expect(await verifyIn({ JWT_SECRET_KEY: 'short' }, token)).toEqual({ ok: false, code: 'not_ready' })
  })
})
