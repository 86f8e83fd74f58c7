import { Hono } from 'hono'
import { hc, type InferRequestType, type InferResponseType } from 'hono/client'
import { describe, expectTypeOf, it } from 'vitest'
import type { AppType } from '../src/app.ts'
import type { Session } from '../src/core/sessions.ts'
import type { AppEnv } from '../src/http/app-env.ts'
import { loginRequired } from '../src/http/guard.ts'

describe('types', () => {
  it('give a session to a guarded handler', () => {
    new Hono<AppEnv>().get('/line', loginRequired, (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<Session>()
      return c.body(null)
    })
    new Hono<AppEnv>().use(loginRequired).get('/group', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<Session>()
      return c.body(null)
    })
  })

  it('give none to a handler that names no guard', () => {
    new Hono<AppEnv>().get('/open', (c) => {
      // @ts-expect-error without the guard a route has no session
      void c.var.session
      // @ts-expect-error nor by name
      void c.get('session')
      return c.body(null)
    })
  })
  it('carry every route to the client of Hono', () => {
    const client = hc<AppType>('http://latchkey.test')
    const { $post: login } = client.user.login
    expectTypeOf<InferRequestType<typeof login>['json']['email']>().toEqualTypeOf<string>()
    expectTypeOf<InferResponseType<typeof login>['expires_in']>().toEqualTypeOf<number>()
    expectTypeOf<InferResponseType<typeof client.user.me.$get>['roles']>().toEqualTypeOf<string[]>()
    expectTypeOf<InferRequestType<(typeof client.user.sessions)[':id']['$delete']>>().toEqualTypeOf<{
      param: { id: string }
    }>()
    // @ts-expect-error a login needs a password
    void (() => login({ json: { email: 'ann@example.com' } }))
    // @ts-expect-error there is no such route
    void client.user.nothing
  })
})
