import { Hono } from 'hono'
import { describe, expectTypeOf, it } from 'vitest'
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
})
