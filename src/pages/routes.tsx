import { type Context, Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import { type LanguageVariables, languageDetector } from 'hono/language'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { credentials } from '../core/credentials.ts'
import { Problem } from '../core/problem.ts'
import { endSession } from '../core/sessions.ts'
import { userById } from '../core/users.ts'
import type { AppEnv } from '../http/app-env.ts'
import { check, form } from '../http/body.ts'
import { clientOf } from '../http/client.ts'
import { COOKIE_ATTRIBUTES, isSameOrigin, SESSION_COOKIE } from '../http/cookie.ts'
import { sessionOfRequest } from '../http/guard.ts'
import { signInWithPassword } from '../http/sign-in.ts'
import { now } from '../lib/time.ts'
import { LoginPage, SignedInPage } from './login.tsx'
import { style } from './style.ts'
import { type Language, languages } from './words.ts'

type PageEnv = AppEnv & { Variables: LanguageVariables }

const chooseLanguage = languageDetector({
  supportedLanguages: [...languages],
  fallbackLanguage: 'en',
  order: ['header'],
  caches: false,
})

/** The hosted pages. They work without script: a form, an answer, a redirect. */
export const pages = new Hono<PageEnv>()
  .get('/style.css', (c) => c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' }))

  .get('/login', chooseLanguage, async (c) => {
    const session = await sessionOfRequest(c)
    const user = session && (await userById(c.env.DB, session.user_id))
    const language = c.var.language as Language
    return page(c, user ? <SignedInPage language={language} email={user.email} /> : <LoginPage language={language} />)
  })

  .post('/login', chooseLanguage, async (c) => {
    let email = ''
    try {
      if (!isSameOrigin(c)) throw new Problem('cross_site_request')
      const fields = await form(c)
      email = fields.get('email') ?? ''
      const typed = check(credentials, { email, password: fields.get('password') ?? '' })
      const { access_token, expires_in } = await signInWithPassword(c, typed)
      setCookie(c, SESSION_COOKIE, access_token, { ...COOKIE_ATTRIBUTES, maxAge: expires_in })
      return c.redirect('/login', 303)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const retry = <LoginPage language={c.var.language as Language} problem={error.code} email={email} />
      for (const [name, value] of Object.entries(error.headers)) c.header(name, value)
      return page(c, retry, error.status)
    }
  })

  .post('/logout', async (c) => {
    if (!isSameOrigin(c)) throw new Problem('cross_site_request')
    const session = await sessionOfRequest(c)
    if (session) await endSession(c.env.DB, session, clientOf(c), now())
    deleteCookie(c, SESSION_COOKIE, COOKIE_ATTRIBUTES)
    return c.redirect('/login', 303)
  })

const page = (c: Context<PageEnv>, content: unknown, status: ContentfulStatusCode = 200) =>
  c.html(`<!doctype html>${String(content)}`, status)
