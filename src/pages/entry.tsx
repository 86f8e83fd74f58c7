import { Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import * as v from 'valibot'
import { config } from '../config.ts'
import { credentials, emailAddress, newPassword } from '../core/credentials.ts'
import { Problem } from '../core/problem.ts'
import { findUser } from '../core/users.ts'
import { forgot } from '../features/password/forgot.ts'
import { register } from '../features/register/register.ts'
import { endSession } from '../features/session/end.ts'
import { deliverAfter } from '../http/after.ts'
import type { AppEnv } from '../http/app-env.ts'
import { check } from '../http/body.ts'
import { clientOf } from '../http/client.ts'
import { COOKIE_ATTRIBUTES, COOKIE_MAX_SECONDS, cookieValues, DEVICE_COOKIE, SESSION_COOKIE } from '../http/cookie.ts'
import { evenly } from '../http/even.ts'
import { sessionOfRequest } from '../http/guard.ts'
import { prefilter } from '../http/prefilter.ts'
import { signInWithPassword } from '../http/sign-in.ts'
import { sql } from '../lib/sql.ts'
import { now } from '../lib/time.ts'
import { opened, submitted } from './answer.tsx'
import { ForgotPage, LoginPage, RegisterPage, SentPage, SignedInPage } from './entry-views.tsx'
import { ProblemPage } from './forms.tsx'
import { page, type PageContext, type View, viewOf } from './view.tsx'
import type { Done } from './words.ts'

/** A cookie that is none of ours must not keep anybody from signing in. */
const isToken = (text: string): boolean => /^lkd_[\w-]{70}$/.test(text)

const registration = v.object({ email: emailAddress, password: newPassword })
const forgotten = v.object({ email: credentials.entries.email })

/** Coming in and going out. */
export const entry = new Hono<AppEnv>()
  .get('/login', (c) =>
    opened(
      c,
      async () => {
        const view = viewOf(c)
        const session = await sessionOfRequest(c)
        const user = session && (await findUser(c.env.DB, sql`id = ${session.user_id}`))
        return page(c, view, user ? <SignedInPage view={view} email={user.email} /> : loginPage(c, view))
      },
      (view) => loginPage(c, view),
    ),
  )

  .post('/login', prefilter('login'), (c) =>
    submitted(
      c,
      async (fields) => {
        const [device_token] = cookieValues(c.req.header('Cookie') ?? '', DEVICE_COOKIE).filter(isToken)
        const typed = { email: fields.get('email') ?? '', password: fields.get('password') ?? '', device_token }
        const signedIn = await signInWithPassword(c, check(credentials, typed))
        setCookie(c, SESSION_COOKIE, signedIn.access_token, { ...COOKIE_ATTRIBUTES, maxAge: signedIn.expires_in })
        if (signedIn.device_token !== undefined) {
          setCookie(c, DEVICE_COOKIE, signedIn.device_token, { ...COOKIE_ATTRIBUTES, maxAge: COOKIE_MAX_SECONDS })
        }
        return c.redirect(viewOf(c, fields).returnTo ?? '/login', 303)
      },
      (view, fields) => loginPage(c, view, fields?.get('email')),
    ),
  )

  .post('/logout', (c) =>
    submitted(c, async () => {
      const session = await sessionOfRequest(c)
      if (session) await endSession(c.env.DB, session, clientOf(c), now())
      deleteCookie(c, SESSION_COOKIE, COOKIE_ATTRIBUTES)
      return c.redirect('/login', 303)
    }),
  )

  .get('/register', (c) => {
    const view = viewOf(c)
    return page(c, view, view.done ? <SentPage view={view} /> : registerPage(c, view))
  })

  .post('/register', prefilter('register'), (c) =>
    submitted(
      c,
      async (fields) => {
        const [email, password] = [fields.get('email') ?? '', fields.get('password') ?? '']
        await register(c.env, check(registration, { email, password }), clientOf(c), now())
        return sent(c, fields, 'registered')
      },
      (view, fields) => registerPage(c, view, fields?.get('email')),
    ),
  )

  .get('/forgot', (c) => {
    const view = viewOf(c)
    return page(c, view, view.done ? <SentPage view={view} /> : <ForgotPage view={view} />)
  })

  .post('/forgot', prefilter('mail'), (c) =>
    submitted(
      c,
      async (fields) => {
        const { email } = check(forgotten, { email: fields.get('email') ?? '' })
        await evenly(forgot(c.env, email, clientOf(c), now()))
        return sent(c, fields, 'forgotten')
      },
      (view, fields) => <ForgotPage view={view} email={fields?.get('email') ?? undefined} />,
    ),
  )

const isOpen = (c: PageContext): boolean => config(c.env).REGISTRATION === 'open'

const loginPage = (c: PageContext, view: View, email?: string | null) => (
  <LoginPage view={view} email={email ?? undefined} registers={isOpen(c)} />
)

/** Where registration is closed, the page says so before anybody fills it in. */
const registerPage = (c: PageContext, view: View, email?: string | null) =>
  isOpen(c) ? (
    <RegisterPage view={view} email={email ?? undefined} />
  ) : (
    <ProblemPage view={{ ...view, problem: new Problem('registration_closed') }} />
  )

/** To the page that says what to expect: the same for every address. */
function sent(c: PageContext, fields: URLSearchParams, done: Done): Response {
  deliverAfter(c)
  const { path, returnTo } = viewOf(c, fields)
  const query = new URLSearchParams({ done, ...(returnTo !== undefined && { return_to: returnTo }) })
  return c.redirect(`${path}?${query.toString()}`, 303)
}
