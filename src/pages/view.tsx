import type { Context } from 'hono'
import { setCookie } from 'hono/cookie'
import type { Html } from '../lib/jsx-runtime.ts'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { config } from '../config.ts'
import { type Language, languages } from '../core/audit.ts'
import type { Problem } from '../core/problem.ts'
import type { AppEnv } from '../http/app-env.ts'
import { languageOf } from '../http/client.ts'
import { COOKIE_ATTRIBUTES, COOKIE_MAX_SECONDS, LANGUAGE_COOKIE } from '../http/cookie.ts'
import { contentPolicy } from '../http/headers.ts'
import { allowedReturn } from './return-to.ts'
import { type Done, type Words, words } from './words.ts'

export type PageContext = Context<AppEnv>

/** What a page is made from, whichever it is. */
export type View = {
  language: Language
  say: Words
  brand: { name: string; logo: string | undefined; color: string | undefined }
  /** This page's address, without its query. */
  path: string
  /** What its query must keep when the language is changed. */
  kept: Record<string, string>
  returnTo: string | undefined
  /** What somebody has just done. */
  done: Done | undefined
  /** Why what they asked for was not done. */
  problem: Problem | undefined
}

/** Forms whose page has another address. */
const PAGES_OF_FORMS: Record<string, string> = {
  '/logout': '/account',
  '/account/sessions': '/account',
  '/account/devices': '/account',
}

/** Parameters that say which state of a page is shown. */
const STATES = ['token', 'return_to', 'done']

/** What a request shows, in its address or in a form. */
export function viewOf(c: PageContext, fields?: URLSearchParams, problem?: Problem): View {
  const settings = config(c.env)
  const shown = (name: string): string | undefined => fields?.get(name) ?? c.req.query(name)
  const language = languages.find((own) => own === c.req.query('lang')) ?? languageOf(c)
  const [say, done, returnTo] = [words[language], shown('done'), allowedReturn(shown('return_to'), settings)]
  return {
    language,
    say,
    brand: { name: settings.APP_NAME, logo: settings.APP_LOGO_URL, color: settings.APP_COLOR },
    path: PAGES_OF_FORMS[c.req.path] ?? c.req.path,
    kept: Object.fromEntries(STATES.flatMap((name) => (shown(name) === undefined ? [] : [[name, shown(name)!]]))),
    returnTo,
    done: done !== undefined && Object.hasOwn(say.done, done) ? (done as Done) : undefined,
    problem,
  }
}

/** Answers with a page. Where its address asks for a language, that is remembered. */
export function page(c: PageContext, view: View, content: Html, status: ContentfulStatusCode = 200): Response {
  const { language, brand, returnTo } = view
  if (c.req.query('lang') === language) {
    setCookie(c, LANGUAGE_COOKIE, language, { ...COOKIE_ATTRIBUTES, maxAge: COOKIE_MAX_SECONDS })
  }
  // Browsers hold a form to `form-action` on its redirects, too.
  const [image, form] = [brand.logo?.startsWith('/') ? " 'self'" : originOf(brand.logo), originOf(returnTo)]
  if (image !== '' || form !== '') c.header('Content-Security-Policy', contentPolicy({ image, form }))
  return c.html(`<!doctype html>${content.text}`, status)
}

/** An address elsewhere as a source in a policy. */
const originOf = (address = '/'): string => (address.startsWith('/') ? '' : ` ${new URL(address).origin}`)
