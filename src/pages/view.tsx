import type { Context, MiddlewareHandler } from 'hono'
import type { Html } from '../lib/jsx-runtime.ts'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { config } from '../config.ts'
import type { Call, Registry } from '../core/call.ts'
import { batch } from '../core/d1.ts'
import { keepLanguage } from '../core/users/language.ts'
import { sql } from '../lib/sql.ts'
import { type Language, languages, phrases, type Translated } from '../lib/language.ts'
import { now } from '../lib/time.ts'
import type { Problem } from '../problem.ts'
import type { AppEnv, BrowserSession } from '../http/app-env.ts'
import { sessionOfRequest } from '../http/guard.ts'
import { languageOf } from '../http/origin.ts'
import { COOKIE_MAX_SECONDS, isSameOrigin, keepCookie, LANGUAGE_COOKIE } from '../http/cookie.ts'
import { credentialOf } from '../http/credential.ts'
import { CHALLENGES, contentPolicy, sourceOf } from '../http/headers.ts'
import { allowedReturn } from './return-to.ts'
import { labels, shared, type Words } from './words.ts'

/** The part of a context that pages need. The context of every handler fits, guarded or not. */
export type PageContext = Pick<
  Context<AppEnv>,
  'env' | 'req' | 'var' | 'executionCtx' | 'header' | 'html' | 'redirect'
> & {
  set: {
    (key: 'call', value: Call): void
    (key: 'viewer', value: readonly string[]): void
    (key: 'problem', value: Problem): void
    (key: 'browser', value: BrowserSession | null): void
  }
}

/** What every page is rendered from. */
export type View = {
  language: Language
  /** The words of all pages. A feature's own words are in its `words.ts`. */
  say: Words
  /** Labels of fields, by their names in forms. */
  labels: Record<string, string>
  brand: { name: string; logo: string | undefined; color: string | undefined }
  /** The minimum length of a new password, in characters. */
  passwordMin: number
  /** The page's path as it was requested, still encoded, without its query. */
  path: string
  /** The parameters to keep when the language is changed. */
  kept: Record<string, string>
  returnTo: string | undefined
  /** Whether a sign-in outlives the browser: as chosen in the form, or as the settings propose. */
  keeps: boolean
  registry: Registry
  /** The roles of whoever looks at it. Only pages of the console ask. */
  viewer: readonly string[]
  /** What the user has just done: the name, as a feature declares it, and its text. */
  done: { name: string; text: string } | undefined
  /** Why the request was refused. */
  problem: Problem | undefined
  /** The text for it, if the usual one for its code does not fit this form. */
  refusal?: string
  /** Whether a field may have the focus. By default it may. */
  focuses?: boolean
  /** Where somebody who is lost goes on. */
  home: Home
  /** The site key of the challenge that the page shows, if it shows one. */
  challenge: string | undefined
}

type Home = '/account' | '/login'

/** The account if this browser keeps a session, else the login. Whether the session still stands is not asked. */
export const homeOf = (c: PageContext): Home => (credentialOf(c)?.sent === 'cookie' ? '/account' : '/login')

declare module '../core/call.ts' {
  interface PageView extends View {}
}

/** Middleware for a form whose page has another address. */
export const formOf =
  (path: string): MiddlewareHandler<AppEnv> =>
  (c, next) => {
    c.set('page', path)
    return next()
  }

/** Parameters that describe the state of a page. */
const STATES = ['token', 'return_to', 'done', 'sent']

/** A query parameter. A repeated one is ignored, because two readers may each take a different value. */
export function asked(c: PageContext, name: string): string | undefined {
  const [given, ...others] = c.req.queries(name) ?? []
  return others.length > 0 ? undefined : given
}

/** The view of a request, from its address or its form. */
export function viewOf(c: PageContext, fields?: URLSearchParams, problem?: Problem): View {
  const settings = config(c.env)
  const { registry } = c.var
  const shown = (name: string): string | undefined => fields?.get(name) ?? asked(c, name)
  const path = c.var.page ?? new URL(c.req.url).pathname
  const language = languages.find((own) => own === asked(c, 'lang')) ?? languageOf(c)
  return {
    language,
    say: shared[language],
    labels: phrases({
      ...labels,
      ...declared(registry, 'labels'),
      ...(path.startsWith('/account/') && { password: labels.current_password }), // of who is signed in already
    })[language],
    brand: { name: settings.APP_NAME, logo: settings.APP_LOGO_URL, color: settings.APP_COLOR },
    passwordMin: settings.PASSWORD_MIN_LENGTH,
    path,
    home: homeOf(c),
    kept: Object.fromEntries(STATES.flatMap((name) => (shown(name) === undefined ? [] : [[name, shown(name)!]]))),
    returnTo: allowedReturn(shown('return_to'), settings, registry),
    keeps: (shown('keep') ?? (fields?.get('asked') === 'keep' ? 'off' : settings.KEEP_SIGNED_IN)) === 'on',
    registry,
    viewer: c.var.viewer ?? [],
    done: doneAs(shown('done'), registry, language),
    problem,
    challenge: problem?.code === 'challenge_required' ? settings.TURNSTILE_SITE_KEY : undefined,
  }
}

/** The declarations of all features, by name. */
const declared = ({ features }: Registry, what: 'done' | 'labels'): Record<string, Translated> =>
  Object.assign({}, ...features.map((feature) => feature[what]))

function doneAs(name: string | undefined, registry: Registry, language: Language): View['done'] {
  const all = declared(registry, 'done')
  return name !== undefined && Object.hasOwn(all, name) ? { name, text: all[name]![language] } : undefined
}

/** Responds with a page. If the address names a language, the choice is remembered. @throws Problem 503 `unavailable` */
export async function page(
  c: PageContext,
  view: View,
  content: Html,
  status: ContentfulStatusCode = 200,
): Promise<Response> {
  const { language, brand } = view
  if (asked(c, 'lang') === language) {
    if (view.problem === undefined) await keepInAccount(c, language)
    keepCookie(c, LANGUAGE_COOKIE, language, COOKIE_MAX_SECONDS)
  }
  const image = brand.logo?.startsWith('/') ? " 'self'" : originOf(brand.logo)
  const form = await onwardOf(c, view)
  const challenge = view.challenge === undefined ? '' : ` ${CHALLENGES}`
  if (image + form + challenge) c.header('Content-Security-Policy', contentPolicy({ image, form, challenge }))
  return c.html(`<!doctype html>${content.text}`, status)
}

/** Of a signed-in user, who must have followed a link on a page of ours: one on another site changes no account. */
async function keepInAccount(c: PageContext, language: Language): Promise<void> {
  const session = isSameOrigin(c) ? await sessionOfRequest(c, { anyLevel: true }) : undefined
  if (session) await batch(c.env.DB, keepLanguage({ language, chosen: true }, sql`id = ${session.user_id}`))
}

/** Where the forms of a page finally lead: browsers apply `form-action` to the redirects after a form, too. */
async function onwardOf(c: PageContext, { path, returnTo = path }: View): Promise<string> {
  if (!returnTo.startsWith('/')) return originOf(returnTo)
  for (const { onward } of c.var.registry.features) {
    const target = await onward?.({ settings: config(c.env), now: now() }, returnTo)
    if (target !== undefined) return ` ${target}`
  }
  return ''
}

/** Responds with a page that needs nothing but the view of its request. */
export function pageOf(c: PageContext, render: (view: View) => Html): Promise<Response> {
  const view = viewOf(c)
  return page(c, view, render(view))
}

/** The origin of an address on another site, as a source in a policy. */
const originOf = (address = '/'): string => (address.startsWith('/') ? '' : ` ${sourceOf(address)}`)
