import type { MiddlewareHandler } from 'hono'
import type { Html } from '../lib/jsx-runtime.ts'
import { Problem } from '../problem.ts'
import type { SignedInCall } from '../core/call.ts'
import type { AppEnv } from '../http/app-env.ts'
import { form } from '../http/body.ts'
import { callOf } from '../http/call.ts'
import { isSameOrigin } from '../http/cookie.ts'
import { sessionOfRequest } from '../http/guard.ts'
import { toConfirm } from './confirm.tsx'
import { ProblemPage } from './forms.tsx'
import { isOwnPage } from './return-to.ts'
import { nextStepOf, secondStepPage } from './second-step.tsx'
import { page, type PageContext, type View, viewOf } from './view.tsx'

/** Renders the page that shows why a request was refused. */
export type Refused = (view: View, fields?: URLSearchParams) => Html | Promise<Html>

const asProblemPage: Refused = (view) => <ProblemPage view={view} />

/**
 * Handles a page. If the request is refused, it shows the reason on a page, because a person reads it. `fields`: what is kept
 * as if a form had sent it, if not the address says it.
 */
export const opened = (
  c: PageContext,
  run: () => Promise<Response>,
  refused?: Refused,
  fields?: () => URLSearchParams | undefined,
): Promise<Response> => orReason(c, run, refused, fields)

/** Handles a form of this site. If it is refused, the form is shown again with the reason. */
export function submitted(
  c: PageContext,
  run: (fields: URLSearchParams) => Promise<Response>,
  refused?: Refused,
): Promise<Response> {
  let fields: URLSearchParams | undefined
  const reading = async () => {
    if (!isSameOrigin(c)) throw new Problem('cross_site_request')
    fields = await form(c)
    return run(fields)
  }
  return orReason(c, reading, refused, () => fields)
}

/** Like `submitted`, for signed-in users. */
export const submittedBy = (
  c: PageContext,
  run: (call: SignedInCall, fields: URLSearchParams) => Promise<Response>,
  refused?: Refused,
): Promise<Response> => submitted(c, (fields) => withSession(c, (call) => run(call, fields)), refused)

/** The rate limit of a form, which says on the form's own page when it can be sent again. */
export const limitedForm = (
  limit: MiddlewareHandler<AppEnv>,
  refused: (c: PageContext) => Refused,
): MiddlewareHandler<AppEnv> =>
  Object.assign<MiddlewareHandler<AppEnv>, object>(
    (c, next) => limit(c, next).catch((error: unknown) => submitted(c, () => Promise.reject(error), refused(c))),
    limit, // what it is marked with
  )

/** Shows an error on a page if it was thrown before the handler ran or was unexpected. */
export const answerWithPage = (error: unknown, c: PageContext): Promise<Response> =>
  refuse(c, error instanceof Problem ? error : new Problem('internal_error', { cause: error }))

async function withSession(c: PageContext, run: (call: SignedInCall) => Promise<Response>): Promise<Response> {
  const session = await sessionOfRequest(c)
  return session ? run({ ...callOf(c), session }) : toLogin(c)
}

async function orReason(
  c: PageContext,
  run: () => Promise<Response>,
  refused?: Refused,
  fields: () => URLSearchParams | undefined = () => undefined,
): Promise<Response> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return refuse(c, error, refused, fields())
  }
}

async function refuse(
  c: PageContext,
  problem: Problem,
  refused: Refused = asProblemPage,
  fields?: URLSearchParams,
): Promise<Response> {
  if (problem.code === 'invalid_token') return toLogin(c) // the session ended meanwhile
  if (problem.code === 'step_up_required' && viewOf(c).path !== '/login') return toLogin(c)
  if (problem.code === 'fresh_login_required') return toConfirm(c, viewOf(c).path)
  const next = nextStepOf(problem)
  if (next) return page(c, viewOf(c, fields), secondStepPage(c, viewOf(c, fields), next))
  c.set('problem', problem)
  for (const [name, value] of Object.entries(problem.headers)) c.header(name, value)
  const view = viewOf(c, fields, problem)
  return page(c, view, await refused(view, fields), problem.status)
}

/**
 * Redirects to the login, which returns here afterwards. Only known paths are passed on, because a path could contain
 * text that an address reads as the next parameter.
 */
export function toLogin(c: PageContext): Response {
  const { path } = viewOf(c)
  return c.redirect(isOwnPage(path, c.var.registry) ? `/login?return_to=${path.replaceAll('%', '%25')}` : '/login', 303)
}
