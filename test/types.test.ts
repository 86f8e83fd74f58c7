import { Hono } from 'hono'
import { hc, type InferRequestType, type InferResponseType } from 'hono/client'
import { describe, expectTypeOf, it } from 'vitest'
import type { AppType, Ours } from '../src/app.ts'
import type { Call, SignedInCall } from '../src/core/call.ts'
import { auditRow, type EventName } from '../src/core/events/audit.ts'
import type { rooms } from '../src/core/rooms.ts'
import type { Session } from '../src/core/sessions/session.ts'
import type { AppEnv } from '../src/http/app-env.ts'
import { callOf } from '../src/http/call.ts'
import { loginRequired } from '../src/http/guard.ts'
import {
  type AppEnv as OwnEnv,
  type MailKind,
  pageLoginRequired,
  roleRequired,
  showPage,
  type Yours,
} from '../src/latchkey.ts'
import { callBy } from './support.ts'

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

  it('give a call whose session is known behind a guard alone', () => {
    new Hono<AppEnv>()
      .get('/guarded', loginRequired, (c) => {
        expectTypeOf(callOf(c)).toEqualTypeOf<SignedInCall>()
        return c.body(null)
      })
      .get('/open', (c) => {
        expectTypeOf(callOf(c)).toEqualTypeOf<Call>()
        // @ts-expect-error without the guard a call has no session
        void callOf(c).session
        // @ts-expect-error nor is it one of somebody who is signed in
        const call: SignedInCall = callOf(c)
        return c.json(call.now)
      })
  })

  it('hold for what somebody writes in `src/yours`, too', () => {
    new Hono<OwnEnv>()
      .get('/page', pageLoginRequired, (c) => showPage(c, 'A page', c.var.session.user_id))
      .delete('/line', roleRequired('editor'), (c) => c.json(c.get('session').roles))
      .get('/open', (c) => {
        // @ts-expect-error without the guard a page has no session
        void c.get('session')
        return showPage(c, 'A page', '')
      })
  })

  it('know exactly the audit events that the features and rooms declare', () => {
    type Declared<Part> = Part extends { events: infer Own } ? keyof Own : never
    type Part = Ours | (typeof rooms)[number]
    expectTypeOf<Declared<Part>>().toEqualTypeOf<EventName>()
    // @ts-expect-error a misspelt event
    void (() => auditRow(callBy(), { event: 'pasword_changed' }))
    // @ts-expect-error a misspelt reason
    void (() => auditRow(callBy(), { event: 'login_failed', reason: 'wrong_pasword' }))
  })

  it('know exactly the mails that the features declare, so that words for any other are refused', () => {
    type KindIn<Mails> = Mails[keyof Mails] extends { kind: infer Kind } ? Kind : never
    type Declared<Part> = Part extends { mails: infer Own } ? KindIn<Own> : never
    expectTypeOf<Declared<Ours>>().toEqualTypeOf<MailKind>()
    const words = { en: { subject: 'Hello', lines: [] } }
    void ({ mailWords: { password_changed: words } } satisfies Partial<Yours>)
    // @ts-expect-error a misspelt kind
    void ({ mailWords: { pasword_changed: words } } satisfies Partial<Yours>)
    // @ts-expect-error a language that there is not
    void ({ mailWords: { password_changed: { fr: words.en } } } satisfies Partial<Yours>)
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
