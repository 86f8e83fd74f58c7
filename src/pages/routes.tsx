import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { deleteCookie, setCookie } from 'hono/cookie'
import type { Child } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { credentials, newPassword } from '../core/credentials.ts'
import { Problem } from '../core/problem.ts'
import { findUser } from '../core/users.ts'
import { verify } from '../features/email/verify.ts'
import { resetPassword } from '../features/password/reset.ts'
import { endSession } from '../features/session/end.ts'
import { deliverAfter } from '../http/after.ts'
import type { AppEnv } from '../http/app-env.ts'
import { check, form } from '../http/body.ts'
import { clientOf, languageOf } from '../http/client.ts'
import { COOKIE_ATTRIBUTES, cookieValues, DEVICE_COOKIE, isSameOrigin, SESSION_COOKIE } from '../http/cookie.ts'
import { sessionOfRequest } from '../http/guard.ts'
import { prefilter } from '../http/prefilter.ts'
import { signInWithPassword } from '../http/sign-in.ts'
import { sql } from '../lib/sql.ts'
import { now } from '../lib/time.ts'
import { DonePage, LoginPage, ResetPage, SignedInPage, VerifyPage } from './forms.tsx'
import { style } from './style.ts'

/** Browsers keep no cookie for longer (RFC 6265bis section 5.5). */
const DEVICE_COOKIE_SECONDS = 400 * 86_400

/** A cookie that is none of ours must not keep anybody from signing in. */
const isToken = (text: string): boolean => /^lkd_[\w-]{70}$/.test(text)

type PageContext = Context<AppEnv>

/**
 * The hosted pages. They work without script: a form, an answer, a redirect. A mailed link opens a page that changes
 * nothing until its form is sent, so that a scanner of links uses no link up.
 */
export const pages = new Hono<AppEnv>()
  .get('/style.css', (c) => c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' }))

  .get('/login', (c) => {
    const language = languageOf(c)
    return orReason(
      c,
      async () => {
        const session = await sessionOfRequest(c)
        const user = session && (await findUser(c.env.DB, sql`id = ${session.user_id}`))
        return page(
          c,
          user ? <SignedInPage language={language} email={user.email} /> : <LoginPage language={language} />,
        )
      },
      (problem) => <LoginPage language={language} problem={problem} />,
    )
  })

  .post('/login', prefilter('login'), (c) =>
    submitted(
      c,
      async (fields) => {
        const [device_token] = cookieValues(c.req.header('Cookie') ?? '', DEVICE_COOKIE).filter(isToken)
        const typed = { email: fields.get('email') ?? '', password: fields.get('password') ?? '', device_token }
        const signedIn = await signInWithPassword(c, check(credentials, typed))
        setCookie(c, SESSION_COOKIE, signedIn.access_token, { ...COOKIE_ATTRIBUTES, maxAge: signedIn.expires_in })
        if (signedIn.device_token !== undefined) {
          setCookie(c, DEVICE_COOKIE, signedIn.device_token, { ...COOKIE_ATTRIBUTES, maxAge: DEVICE_COOKIE_SECONDS })
        }
        return c.redirect('/login', 303)
      },
      (problem, fields) => (
        <LoginPage language={languageOf(c)} problem={problem} email={fields?.get('email') ?? undefined} />
      ),
    ),
  )

  .post('/logout', (c) => {
    if (!isSameOrigin(c)) throw new Problem('cross_site_request')
    return orReason(
      c,
      async () => {
        const session = await sessionOfRequest(c)
        if (session) await endSession(c.env.DB, session, clientOf(c), now())
        deleteCookie(c, SESSION_COOKIE, COOKIE_ATTRIBUTES)
        return c.redirect('/login', 303)
      },
      (problem) => <SignedInPage language={languageOf(c)} problem={problem} />,
    )
  })

  .get('/verify', (c) => page(c, <VerifyPage language={languageOf(c)} token={c.req.query('token') ?? ''} />))

  .post('/verify', prefilter('link'), (c) =>
    submitted(
      c,
      async (fields) => {
        await verify(c.env, fields.get('token') ?? '', clientOf(c), now())
        deliverAfter(c)
        return page(c, <DonePage language={languageOf(c)} done="verified" />)
      },
      (problem, fields) => <VerifyPage language={languageOf(c)} problem={problem} token={fields?.get('token') ?? ''} />,
    ),
  )

  .get('/reset', (c) => page(c, <ResetPage language={languageOf(c)} token={c.req.query('token') ?? ''} />))

  .post('/reset', prefilter('link'), (c) =>
    submitted(
      c,
      async (fields) => {
        const password = check(newPassword, fields.get('password') ?? '')
        const change = { token: fields.get('token') ?? '', password }
        await resetPassword(c.env, change, clientOf(c), now())
        deliverAfter(c)
        return page(c, <DonePage language={languageOf(c)} done="passwordSet" />)
      },
      (problem, fields) => <ResetPage language={languageOf(c)} problem={problem} token={fields?.get('token') ?? ''} />,
    ),
  )

/** Runs what a form of this site asks for; where that is refused, shows the form again with the reason. */
function submitted(
  c: PageContext,
  run: (fields: URLSearchParams) => Promise<Response>,
  again: (problem: Problem, fields: URLSearchParams | undefined) => Child,
): Promise<Response> {
  let fields: URLSearchParams | undefined
  return orReason(
    c,
    async () => {
      if (!isSameOrigin(c)) throw new Problem('cross_site_request')
      fields = await form(c)
      return run(fields)
    },
    (problem) => again(problem, fields),
  )
}

/** What a page is asked for; where that is refused, a page that says why, because a person reads it. */
async function orReason(
  c: PageContext,
  run: () => Promise<Response>,
  refused: (problem: Problem) => Child,
): Promise<Response> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    c.set('problem', error)
    for (const [name, value] of Object.entries(error.headers)) c.header(name, value)
    return page(c, refused(error), error.status)
  }
}

const page = (c: PageContext, content: Child, status: ContentfulStatusCode = 200) =>
  c.html(html`<!doctype html>${content}`, status)
