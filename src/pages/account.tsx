import { type Context, Hono } from 'hono'
import { deleteCookie } from 'hono/cookie'
import * as v from 'valibot'
import { config } from '../config.ts'
import { confirmation, emailAddress, newPassword } from '../core/credentials.ts'
import { Problem } from '../core/problem.ts'
import { type User, findUser } from '../core/users.ts'
import { forgetDevice, knownTo } from '../doorkeeper/ask.ts'
import { deleteAccount } from '../features/account/delete.ts'
import { everythingAbout } from '../features/account/queries.ts'
import { requestEmailChange } from '../features/email/change.ts'
import { changePassword } from '../features/password/change.ts'
import { endAllSessions, endOtherSession, endOtherSessions } from '../features/session/end.ts'
import { sessionsOf } from '../core/sessions.ts'
import { deliverAfter } from '../http/after.ts'
import type { AppEnv } from '../http/app-env.ts'
import { check } from '../http/body.ts'
import { clientOf } from '../http/client.ts'
import { COOKIE_ATTRIBUTES, DEVICE_COOKIE, SESSION_COOKIE } from '../http/cookie.ts'
import { isFresh } from '../http/guard.ts'
import { sql } from '../lib/sql.ts'
import { now } from '../lib/time.ts'
import { AccountPage, ConfirmPage, DeletePage, EmailPage, PasswordPage } from './account-views.tsx'
import { openedBy, submittedBy } from './answer.tsx'
import { confirmPassword } from './confirm.ts'
import { page, type PageContext, viewOf } from './view.tsx'
import type { Done } from './words.ts'

const newEmail = v.object({ email: emailAddress, password: confirmation.entries.password })
const passwords = v.object({ current_password: confirmation.entries.password, new_password: newPassword })

/** What a person does with their own account. Each form is for who is signed in; the rest are sent to the login. */
export const account = new Hono<AppEnv>()
  .get('/account', (c) =>
    openedBy(c, async (session) => {
      const user = await userOf(c, session.user_id)
      const sessions = await sessionsOf(c.env.DB, config(c.env), user.id, now())
      const { devices } = await knownTo(c.env, user.email)
      const view = viewOf(c)
      return page(c, view, <AccountPage view={view} {...{ user, sessions, devices, current: session.id }} />)
    }),
  )

  .get('/account/email', (c) => openedBy(c, async () => page(c, viewOf(c), <EmailPage view={viewOf(c)} />)))

  .post('/account/email', (c) =>
    submittedBy(
      c,
      async (session, fields) => {
        const typed = check(newEmail, typedIn(fields, 'email', 'password'))
        await requestEmailChange(c.env, session, typed, clientOf(c), now())
        deliverAfter(c)
        return back(c, 'email')
      },
      (view, fields) => <EmailPage view={view} email={fields?.get('email') ?? undefined} />,
    ),
  )

  .get('/account/password', (c) => openedBy(c, async () => page(c, viewOf(c), <PasswordPage view={viewOf(c)} />)))

  .post('/account/password', (c) =>
    submittedBy(
      c,
      async (session, fields) => {
        const typed = check(passwords, typedIn(fields, 'current_password', 'new_password'))
        await changePassword(c.env, session, typed, clientOf(c), now())
        deliverAfter(c)
        return back(c, 'password')
      },
      (view) => <PasswordPage view={view} />,
    ),
  )

  .post('/account/sessions', (c) =>
    submittedBy(c, async (session, fields) => {
      const [db, client, chosen] = [c.env.DB, clientOf(c), fields.get('end') ?? '']
      if (chosen === 'others') await endOtherSessions(db, session, client, now())
      else if (chosen === 'all') await endAllSessions(db, session, client, now())
      else await endOtherSession(db, session, chosen, client, now())
      deliverAfter(c)
      if (chosen !== 'all' && chosen !== session.id) return back(c, 'sessions')
      deleteCookie(c, SESSION_COOKIE, COOKIE_ATTRIBUTES)
      return c.redirect('/login?done=sessions', 303)
    }),
  )

  .post('/account/devices', (c) =>
    submittedBy(c, async (session, fields) => {
      const { email } = await userOf(c, session.user_id)
      const known = await forgetDevice(c.env, email, fields.get('forget') ?? '')
      if (!known) throw new Problem('not_found')
      return back(c, 'device')
    }),
  )

  .get('/account/export', (c) =>
    openedBy(c, async (session) => {
      if (!isFresh(session, now())) return page(c, viewOf(c), <ConfirmPage view={viewOf(c)} />)
      c.header('Content-Disposition', 'attachment; filename="account.json"')
      return c.body(JSON.stringify(await everythingAbout(c.env, session.user_id), null, 2), 200, {
        'Content-Type': 'application/json',
      })
    }),
  )

  .post('/account/export', (c) =>
    submittedBy(
      c,
      async (session, fields) => {
        await confirmPassword(c, session, fields)
        return back(c, 'confirmed')
      },
      (view) => <ConfirmPage view={view} />,
    ),
  )

  .get('/account/delete', (c) => openedBy(c, async () => page(c, viewOf(c), <DeletePage view={viewOf(c)} />)))

  .post('/account/delete', (c) =>
    submittedBy(
      c,
      async (session, fields) => {
        const { password } = check(confirmation, typedIn(fields, 'password'))
        await deleteAccount(c.env, session, password, clientOf(c), now())
        deliverAfter(c)
        for (const name of [SESSION_COOKIE, DEVICE_COOKIE]) deleteCookie(c, name, COOKIE_ATTRIBUTES)
        return c.redirect('/login?done=deleted', 303)
      },
      (view) => <DeletePage view={view} />,
    ),
  )

const typedIn = (fields: URLSearchParams, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, fields.get(name) ?? '']))

const back = (c: Pick<Context, 'redirect'>, done: Done): Response => c.redirect(`/account?done=${done}`, 303)

async function userOf(c: PageContext, id: number): Promise<User> {
  const user = await findUser(c.env.DB, sql`id = ${id}`)
  if (!user) throw new Problem('not_found')
  return user
}
